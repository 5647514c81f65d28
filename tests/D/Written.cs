using System.Globalization;
using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Tests.D;

/// <summary>Programs as trees, and trees as text with all their brackets, so that tests can say what was understood.</summary>
internal static class Written
{
    public static Script Parse(string text, bool fromFile = false, string[]? arguments = null, DOptions? options = null) =>
        Parser.Parse(text, new Macros(arguments ?? ["dtrace"], new Dictionary<string, long> { ["target"] = 123, ["pid"] = 77, ["uid"] = -1 }), options ?? new DOptions(), fromFile);

    /// <summary>Tag, line and message of what is not right.</summary>
    public static string Error(string text, bool fromFile = false, string[]? arguments = null, DOptions? options = null)
    {
        try
        {
            Parse(text, fromFile, arguments, options);
        }
        catch (DCompileException e)
        {
            return $"{e.Tag} {(e.File.Length == 0 ? "" : e.File + ":")}{e.Line}: {e.Message}";
        }
        return "none";
    }

    /// <summary>An expression as it is understood in a clause.</summary>
    public static string Expression(string text, string[]? arguments = null) => Of(((Clause)Parse($"BEGIN {{ {text} }}", arguments: arguments).Items[^1]).Actions!.Single());

    public static string Of(IEnumerable<TopLevel> items) => string.Join('\n', items.Select(Of));

    public static string Of(TopLevel item) => item switch
    {
        Clause c => string.Join(", ", c.Probes.Select(Of)) + (c.Predicate is null ? "" : $" /{Of(c.Predicate)}/")
            + (c.Actions is null ? "" : " {" + string.Join("; ", c.Actions.Select(Of)) + "}"),
        VariableDeclaration v => $"{v.Scope} {Of(v.Type)} {v.Name}" + (v.Keys is null ? "" : $"[{string.Join(", ", v.Keys.Select(Of))}]"),
        InlineDeclaration i => $"inline {Of(i.Type)} {i.Name}" + (i.Parameters is null ? "" : $"[{string.Join(", ", i.Parameters.Select(p => Of(p.Type) + " " + p.Name))}]") + $" = {Of(i.Value)}",
        TypeDeclaration t => (t.Name is null ? "" : $"{t.Name} is ") + Of(t.Type),
        OptionPragma p => $"option {p.Name}" + (p.Value is null ? "" : $"={p.Value}"),
        _ => throw new NotSupportedException(item.ToString()),
    };

    public static string Of(ProbeDescription p) => p.Id is int id ? $"#{id}" : p.Full;

    public static string Of(TypeName t) =>
        t.Words
        + (t.Members is null ? "" : " {" + string.Join("; ", t.Members.Select(m => Of(m.Type) + " " + m.Name)) + "}")
        + (t.Enumerators is null ? "" : " {" + string.Join(", ", t.Enumerators.Select(e => e.Name + (e.Value is null ? "" : "=" + Of(e.Value)))) + "}")
        + new string('*', t.Pointers) + string.Concat(t.Bounds.Select(b => $"[{Of(b)}]"));

    public static string Of(Expression e) => e switch
    {
        IntegerLiteral i => i.Value.ToString(CultureInfo.InvariantCulture) + (i.Type == DType.Int ? "" : i.Type == DType.UInt ? "u" : i.Type == DType.Long ? "l" : "ul"),
        StringLiteral s => $"\"{s.Value.Replace("\n", "\\n", StringComparison.Ordinal)}\"",
        NameExpression n => n.Name,
        ScopedName s => $"{(s.Scope == VariableScope.Self ? "self" : "this")}->{s.Name}",
        KernelName k => $"{k.Module}`{k.Name}",
        AggregationReference a => $"@{a.Name}" + (a.Keys is null ? "" : $"[{List(a.Keys)}]"),
        IndexExpression i => $"{Of(i.Of)}[{List(i.Indices)}]",
        MemberExpression m => $"{Of(m.Of)}{(m.Arrow ? "->" : ".")}{m.Member}",
        CallExpression c => $"{c.Function}({List(c.Arguments)})",
        UnaryExpression u => $"({u.Operator}{Of(u.Operand)})",
        PostfixExpression p => $"({Of(p.Operand)}{p.Operator})",
        BinaryExpression b => $"({Of(b.Left)} {b.Operator} {Of(b.Right)})",
        AssignmentExpression a => $"({Of(a.Left)} {a.Operator} {Of(a.Right)})",
        ConditionalExpression c => $"({Of(c.Condition)} ? {Of(c.Then)} : {Of(c.Else)})",
        CastExpression c => $"(({Of(c.Type)}){Of(c.Operand)})",
        SizeofExpression s => $"sizeof({(s.Type is null ? Of(s.Operand!) : Of(s.Type))})",
        OffsetofExpression o => $"offsetof({Of(o.Type)}, {o.Member})",
        StringofExpression s => $"stringof({Of(s.Operand)})",
        _ => throw new NotSupportedException(e.ToString()),
    };

    private static string List(IEnumerable<Expression> all) => string.Join(", ", all.Select(Of));
}
