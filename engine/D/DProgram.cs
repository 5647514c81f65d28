namespace Iscsitop.Engine.D;

/// <summary>What a program is compiled with.</summary>
public sealed record DSource
{
    /// <summary>The program's text, after any preprocessor.</summary>
    public required string Text { get; init; }

    /// <summary>Whether it came from a script file (-s).</summary>
    public bool FromFile { get; init; }

    /// <summary>$0, $1 and so on.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = ["dtrace"];

    /// <summary>$target, $pid, $uid and so on, without the dollar.</summary>
    public IReadOnlyDictionary<string, long> MacroVariables { get; init; } = new Dictionary<string, long>();

    /// <summary>Kernel variables that -D gave: <c>`hp_avenrun</c>; an integer or a string.</summary>
    public IReadOnlyDictionary<string, string> KernelVariables { get; init; } = new Dictionary<string, string>();
}

/// <summary>
/// A compiled program: closures, no code made at run time. Several sources (-n -n -s) are one program: aggregations, variables and options
/// are shared, clauses run in order.
/// </summary>
public sealed partial class DProgram
{
    /// <summary>Compiles.</summary>
    /// <param name="sources">In the order of the command line.</param>
    /// <param name="options">From the command line; pragmas are applied to them.</param>
    /// <param name="catalog">The probes there are; timers that are named come into it.</param>
    /// <exception cref="DCompileException">It is not right, or (without zdefs) a description matches nothing.</exception>
    public static DProgram Compile(IReadOnlyList<DSource> sources, DOptions options, ProbeCatalog catalog) => throw new NotImplementedException();

    /// <summary>Mask of the engine probes that any clause matches or, with zdefs, might match later.</summary>
    public uint Events => throw new NotImplementedException();

    /// <summary>Probes that the clauses of a source match, counted once for each clause: "matched n probes".</summary>
    public int Matched(int source) => throw new NotImplementedException();

    /// <summary>Probes that have come into the catalog since are matched.</summary>
    public void MatchNew() => throw new NotImplementedException();
}
