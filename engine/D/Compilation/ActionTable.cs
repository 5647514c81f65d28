using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>An action: what a statement may be beside an expression.</summary>
internal sealed record ActionRow(string Name, Func<Compiler, CallExpression, Value>? Make)
{
    /// <summary>Why there is no such action here; "" when there is.</summary>
    public string Missing { get; init; } = "";
}

/// <summary>The actions of D, a row each.</summary>
internal static class ActionTable
{
    private const string NoStack = "cannot be had: there are no stacks here, only connections and their PDUs";
    private const string NoSymbols = "cannot be had: there are no symbols here, only connections and their PDUs";
    private const string Destructive = "is destructive and cannot be had: what is watched here is not touched";
    private const string Speculative = "cannot be had: output is not kept on approval here";

    private static readonly ActionRow[] s_rows =
    [
        new("printf", Actions.Printf),
        new("printa", Actions.Printa),
        new("trace", Actions.Trace),
        new("tracemem", Actions.Tracemem),
        new("print", Actions.Print),
        new("exit", Actions.Exit),
        new("clear", (c, call) => Actions.OnAggregation(c, call, 1, (a, _) => a.Clear())),
        new("trunc", (c, call) => Actions.OnAggregation(c, call, 2, (a, n) => a.Truncate(n))),
        new("normalize", Actions.Normalize),
        new("denormalize", (c, call) => Actions.OnAggregation(c, call, 1, (a, _) => a.Denormalize())),
        new("setopt", Actions.Setopt),
        .. Missing(NoStack, "stack", "ustack", "jstack"),
        .. Missing(NoSymbols, "sym", "mod", "func", "usym", "umod", "ufunc", "uaddr", "ddi_pathname", "mutex_owned", "mutex_owner",
            "mutex_type_adaptive", "mutex_type_spin", "rw_read_held", "rw_write_held", "rw_iswriter", "msgsize", "msgdsize", "getmajor", "getminor", "getf"),
        .. Missing(Destructive, "system", "copyout", "copyoutstr", "stop", "raise", "panic", "breakpoint", "chill", "freopen", "ftruncate"),
        .. Missing(Speculative, "speculation", "speculate", "commit", "discard"),
    ];

    private static readonly Dictionary<string, ActionRow> s_byName = s_rows.ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ActionRow> Rows => s_rows;

    public static ActionRow? Find(string name) => s_byName.GetValueOrDefault(name);

    private static IEnumerable<ActionRow> Missing(string why, params string[] names) => names.Select(n => new ActionRow(n, null) { Missing = why });
}
