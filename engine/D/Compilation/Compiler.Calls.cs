using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal sealed partial class Compiler
{
    /// <summary>A call where an action may stand.</summary>
    private Value Call(CallExpression call)
    {
        _statement = false;
        if (ActionTable.Find(call.Function) is { } action)
        {
            if (action.Missing.Length > 0) throw Error("D_UNAVAIL", $"{call.Function}( ) {action.Missing}", call.Line);
            return action.Make!(this, call);
        }
        return Compile(call);
    }

    /// <summary>A call in an expression.</summary>
    private Value Function(CallExpression call)
    {
        if (FunctionTable.Find(call.Function) is not { } function)
        {
            if (ActionTable.Find(call.Function) is { } action)
                throw action.Missing.Length > 0 ? Error("D_UNAVAIL", $"{call.Function}( ) {action.Missing}", call.Line)
                    : Error("D_PROTO_LEN", $"{call.Function}( ) is an action and has no value: it may be used in statements only", call.Line);
            if (IsAggregating(call.Function)) throw Error("D_AGG_NULL", $"{call.Function}( ) must be assigned to an aggregation", call.Line);
            throw Error("D_FUNC_UNDEF", $"undefined function name: {call.Function}", call.Line);
        }
        Prototype(call, function.Parameters.Length, function.Parameters.Count(p => !p.EndsWith('?')));
        var arguments = new Value[call.Arguments.Count];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = Checked(call, function.Parameters[i].TrimEnd('?'), i);
        return function.Make(new Call(call, arguments));
    }

    private Value Checked(CallExpression call, string parameter, int i)
    {
        Value value = Compile(call.Arguments[i]);
        bool fits = parameter switch
        {
            "string" => IsTextual(value) || value.IsNull,
            "void *" => IsPointer(value) || value.Type.IsInteger,
            "any" => value.Type.Kind != DKind.Void,
            _ => value.Type.IsInteger,
        };
        if (fits) return value;
        throw Error("D_PROTO_ARG", $"{call.Function}( ) argument #{i + 1} is incompatible with prototype:\n\tprototype: {parameter}\n\t argument: {value.Type.Name}", call.Line);
    }

    /// <summary>Whether a call has as many arguments as it may.</summary>
    public void Prototype(CallExpression call, int most, int least)
    {
        int passed = call.Arguments.Count;
        if (passed >= least && passed <= most) return;
        string expected = passed < least ? (least < most ? "at least " : "") + least : (least < most ? "at most " : "") + most;
        throw Error("D_PROTO_LEN", $"{call.Function}( ) prototype mismatch: {passed} arg{(passed == 1 ? "" : "s")} passed, {expected} expected", call.Line);
    }

    /// <summary>A call's argument, for actions.</summary>
    public Value Argument(CallExpression call, int n) => Compile(call.Arguments[n]);

    /// <summary>An argument that must be of a number.</summary>
    public Value ScalarArgument(CallExpression call, int n)
    {
        Value value = Compile(call.Arguments[n]);
        return value.Type.IsScalar ? value : throw Error("D_PROTO_ARG", $"{call.Function}( ) argument #{n + 1} is incompatible with prototype:\n\tprototype: int64_t\n\t argument: {value.Type.Name}", call.Line);
    }

    /// <summary>An argument that must be written as a string.</summary>
    public string LiteralArgument(CallExpression call, int n, string tag)
    {
        Value value = Compile(call.Arguments[n]);
        return value.Literal ?? throw Error(tag, $"{call.Function}( ) argument #{n + 1} must be a string constant", call.Line);
    }

    /// <summary>Values as a record; what printf() and its kin are given.</summary>
    public (DType[] Types, PieceOf[] Pieces) Record(IEnumerable<Expression> expressions)
    {
        var types = new List<DType>();
        var pieces = new List<PieceOf>();
        foreach (Expression expression in expressions)
        {
            Value value = Compile(expression);
            if (value.Type.Kind == DKind.Void) throw Error("D_PROTO_ARG", "an argument may not be of type void", expression.Line);
            types.Add(value.Type);
            pieces.Add(value.Type.Kind == DKind.Struct && ProviderTypes.FieldsOf(value.Type) is { } fields ? StructPiece(value.Type, fields) : Piece(value, value.Type));
        }
        return ([.. types], [.. pieces]);
    }

    /// <summary>An argument that must be an address: a pointer, an array or a number.</summary>
    public Value ScalarOrArray(CallExpression call, int n, string tag, string message)
    {
        Value value = Compile(call.Arguments[n]);
        return IsPointer(value) || value.Type.IsInteger ? value : throw Error(tag, message, call.Line);
    }

    /// <summary>An argument that must be an aggregation there is.</summary>
    public Aggregation AggregationArgument(CallExpression call, int n)
    {
        string tag = "D_" + call.Function.ToUpperInvariant();
        if (call.Arguments[n] is not AggregationReference reference)
            throw Error(tag + "_AGGARG", $"{call.Function}( ) argument #{n + 1} is incompatible with prototype:\n\tprototype: aggregation\n\t argument: {Compile(call.Arguments[n]).Type.Name}", call.Line);
        IdOf(reference.Name);
        return Find(reference.Name) ?? throw Error(tag + "_AGGBAD", $"undefined aggregation: @{Shown(reference.Name)}", call.Line);
    }

    /// <summary>Messages of what is made say in which part of the clause it is.</summary>
    public T Placed<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (DCompileException e) when (e.Part == ClausePart.None && Part != ClausePart.None)
        {
            throw new DCompileException(e.Tag, e.Message, e.Line, Part);
        }
    }

    /// <summary>Says what is wrong with a call.</summary>
    public DCompileException Wrong(string tag, string message, CallExpression call) => Error(tag, message, call.Line);

    // print(*args[1]): a struct that lies nowhere is laid out.
    private static PieceOf StructPiece(DType type, IReadOnlyList<Field> fields)
    {
        var bytes = new byte[type.Size];
        return (m, into) =>
        {
            Array.Clear(bytes);
            for (int i = 0; i < fields.Count; i++)
            {
                Span<byte> at = bytes.AsSpan(type.Members[i].Offset, fields[i].Type.Size);
                if (fields[i].Text is { } text)
                {
                    ReadOnlySpan<byte> value = text(m);
                    value[..Math.Min(value.Length, at.Length - 1)].CopyTo(at);
                    continue;
                }
                long number = fields[i].Number!(m);
                for (int b = 0; b < at.Length; b++) at[b] = (byte)(number >> (8 * b));
            }
            into.Bytes(bytes);
        };
    }
}

/// <summary>A call whose arguments are compiled and of the right types.</summary>
internal sealed record Call(CallExpression Source, Value[] Arguments)
{
    /// <summary>An argument's string; what points to one is read.</summary>
    public TextOf Text(int n) => Compiler.AsText(Arguments[n]);

    public NumberOf Number(int n) => Arguments[n].Number!;

    /// <summary>An argument as a type has it; a constant when it was left out.</summary>
    public NumberOf Number(int n, long absent) => n < Arguments.Length ? Arguments[n].Number! : _ => absent;
}
