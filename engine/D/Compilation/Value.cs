using System.Text;
using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>A compiled expression: of a number, pointer, array or struct <see cref="Number"/> (the last two are their address), of a string <see cref="Text"/>.</summary>
internal sealed record Value(DType Type, Expression Source)
{
    public NumberOf? Number { get; init; }

    public TextOf? Text { get; init; }

    /// <summary>What an action does; it has no value.</summary>
    public ActionOf? Act { get; init; }

    /// <summary>Known when it is compiled.</summary>
    public long? Constant { get; init; }

    /// <summary>A string that was written.</summary>
    public string? Literal { get; init; }

    /// <summary>args[n] itself, so that its members need not ask where it points to; curcpu too.</summary>
    public bool IsArgument { get; init; }

    /// <summary>Whether a statement that is this records data, so that its clause has a heading.</summary>
    public bool Records { get; init; }

    public int Line => Source.Line;

    /// <summary>0 or NULL, which strings and pointers are compared with.</summary>
    public bool IsNull => Constant == 0 && (Type.IsInteger || Type.Kind == DKind.Pointer);

    public static Value Of(DType type, Expression source, NumberOf number) => new(type, source) { Number = number };

    public static Value Of(DType type, Expression source, TextOf text) => new(type, source) { Text = text };

    public static Value Known(DType type, Expression source, long value)
    {
        value = type.IsInteger ? Numbers.Fit(value, type) : value;
        return new(type, source) { Number = _ => value, Constant = value };
    }

    public static Value Known(Expression source, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return new(DType.String, source) { Text = m => m.Cut(bytes), Literal = text };
    }

    public static Value Doing(Expression source, ActionOf act, bool records = false) => new(DType.Void, source) { Act = act, Records = records };

    /// <summary>As a statement: its value is forgotten.</summary>
    public ActionOf AsStatement()
    {
        if (Act is { } act) return act;
        if (Text is { } text) return m => text(m);
        NumberOf number = Number!;
        return m => number(m);
    }

    /// <summary>As another type holds it.</summary>
    public NumberOf As(DType type) => Constant is { } known ? Value.Known(type, Source, known).Number!
        : Promotion.Changes(Type, type) ? Operators.Fitted(Number!, type) : Number!;
}
