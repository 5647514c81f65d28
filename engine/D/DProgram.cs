using Iscsitop.Engine.D.Compilation;
using Iscsitop.Engine.D.Syntax;
using Iscsitop.Target.Probes;

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
public sealed class DProgram
{
    private readonly ProbeCatalog _catalog;
    private readonly Compiler _compiler;
    private readonly List<(ClauseCode Code, ProbePattern Pattern, int Source)> _clauses = [];
    private readonly List<Binding> _bindings = [];
    private int _seen;

    private DProgram(DOptions options, ProbeCatalog catalog)
    {
        (Options, _catalog) = (options, catalog);
        _compiler = new Compiler(options);
    }

    /// <summary>Its options; setopt() changes them.</summary>
    public DOptions Options { get; }

    /// <summary>Mask of the engine probes that any clause matches or, with zdefs, might match later.</summary>
    public uint Events { get; private set; }

    /// <summary>Counts up when probes were bound.</summary>
    internal int Version { get; private set; }

    /// <summary>Which clause runs at which probe, by clause.</summary>
    internal IReadOnlyList<Binding> Bindings => _bindings;

    /// <summary>All aggregations, by id.</summary>
    internal IReadOnlyList<Aggregation> Aggregations => _compiler.Aggregations;

    /// <summary>What they may take.</summary>
    internal AggregationBudget Budget => _compiler.Budget;

    /// <summary>Its variables.</summary>
    internal Variables Variables => _compiler.Variables;

    /// <summary>Compiles.</summary>
    /// <param name="sources">In the order of the command line.</param>
    /// <param name="options">From the command line; pragmas are applied to them.</param>
    /// <param name="catalog">The probes there are; timers that are named come into it.</param>
    /// <exception cref="DCompileException">It is not right, or (without zdefs) a description matches nothing.</exception>
    public static DProgram Compile(IReadOnlyList<DSource> sources, DOptions options, ProbeCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(catalog);
        var scripts = new List<(DSource, Script)>();
        foreach (DSource source in sources)
        {
            Script script = Parser.Parse(source.Text, new Macros(source.Arguments, source.MacroVariables), options, source.FromFile);
            foreach (OptionPragma pragma in script.Items.OfType<OptionPragma>()) OptionTable.Apply(options, pragma);
            scripts.Add((source, script));
        }
        return Compile(scripts, options, catalog);
    }

    /// <summary>Compiles what is parsed, its pragmas applied.</summary>
    internal static DProgram Compile(IReadOnlyList<(DSource Source, Script Script)> scripts, DOptions options, ProbeCatalog catalog)
    {
        var program = new DProgram(options, catalog);
        for (int i = 0; i < scripts.Count; i++)
        {
            program._compiler.KernelVariables = scripts[i].Source.KernelVariables;
            foreach (TopLevel item in scripts[i].Script.Items) program.Add(item, i);
        }
        if (program._clauses.Count == 0 && !options.Empty) throw new DCompileException("D_EMPTY", "empty D program translation unit", 0);
        program.MatchNew();
        return program;
    }

    /// <summary>Probes that the clauses of a source match, counted once for each clause: "matched n probes".</summary>
    public int Matched(int source) => _bindings.Count(b => _clauses[b.Clause].Source == source);

    /// <summary>The probes that each clause of a source matches, by clause.</summary>
    public IReadOnlyList<IReadOnlyList<ProbeEntry>> MatchedByClause(int source) =>
        [.. Clauses(source).Select(c => (IReadOnlyList<ProbeEntry>)[.. c.Pattern.In(_catalog)])];

    /// <summary>What the descriptions and the statements of a source may rely on: the least of them.</summary>
    public (Stability Descriptions, Stability Statements) StabilityOf(int source)
    {
        (Stability descriptions, Stability statements) = (Stability.Most, Stability.Most);
        foreach ((ClauseCode code, ProbePattern pattern, _) in Clauses(source))
        {
            descriptions = descriptions.And(Stability.Of(code.Description, pattern.In(_catalog).FirstOrDefault()));
            statements = statements.And(code.Stability);
        }
        return (descriptions, statements);
    }

    /// <summary>Probes that have come into the catalog since are matched.</summary>
    public void MatchNew()
    {
        List<ProbeEntry> come = [.. _catalog.Entries.Skip(_seen)];
        _seen = _catalog.Entries.Count;
        if (come.Count == 0) return;
        for (int i = 0; i < _clauses.Count; i++)
        {
            (ClauseCode code, ProbePattern pattern, _) = _clauses[i];
            foreach (ProbeEntry probe in come)
            {
                if (!pattern.Matches(probe)) continue;
                _bindings.Add(new Binding(i, code, probe, _bindings.Count + 1));
                Events |= probe.Source == ProbeSource.Engine ? probe.Probe.Bit() : 0;
            }
        }
        Version++;
    }

    private IEnumerable<(ClauseCode Code, ProbePattern Pattern, int Source)> Clauses(int source) => _clauses.Where(c => c.Source == source);

    private void Add(TopLevel item, int source)
    {
        try
        {
            switch (item)
            {
                case VariableDeclaration variable: _compiler.Declare(variable); break;
                case TypeDeclaration type: _compiler.Declare(type); break;
                case InlineDeclaration inline: _compiler.Declare(inline); break;
                case Clause clause: Add(clause, source); break;
            }
        }
        catch (DCompileException e) when (e.File.Length == 0 && item.File.Length > 0)
        {
            throw new DCompileException(e.Tag, e.Message, e.Line, e.Part) { File = item.File, At = e.At };
        }
    }

    // Each description is a clause of its own, one after another.
    private void Add(Clause clause, int source)
    {
        foreach (ProbeDescription description in clause.Probes)
        {
            var pattern = new ProbePattern(description);
            ProbeEntry[] matched = pattern.In(_catalog);
            if (matched.Length == 0)
            {
                if (!Options.ZDefs) throw new DCompileException("D_PDESC_ZERO", $"probe description {description.Full} does not match any probes", description.Line);
                // What may come is as what an engine has, whatever its provider is called.
                var engine = new ProbeCatalog();
                engine.AddEngine(0);
                var anywhere = new ProbePattern(description with { Provider = "iscsi*" });
                matched = [.. engine.Entries.Where(anywhere.Matches)];
                if (MayBeOurs(description.Provider))
                    foreach (ProbeEntry probe in matched) Events |= probe.Probe.Bit();
            }
            _clauses.Add((_compiler.Compile(clause, description, [.. matched.Select(ProviderTypes.Arguments)]), pattern, source));
        }
    }

    // Whether engines that come may have such a name: up to its first special character it is how theirs begins.
    private static bool MayBeOurs(string provider)
    {
        const string ours = "iscsi";
        int special = provider.AsSpan().IndexOfAny("*?[\\");
        string plain = special < 0 ? provider : provider[..special];
        if (plain.Length == 0) return true;
        if (special < 0 && provider == ours) return true;
        return plain.Length <= ours.Length ? special >= 0 && ours.StartsWith(plain, StringComparison.Ordinal)
            : plain.StartsWith(ours, StringComparison.Ordinal) && !plain.AsSpan(ours.Length).ContainsAnyExceptInRange('0', '9');
    }
}

/// <summary>A clause at a probe: what dtrace(1M) calls an enabled probe.</summary>
/// <param name="Clause">Its place in the program.</param>
/// <param name="Code">What runs.</param>
/// <param name="Probe">Where.</param>
/// <param name="Epid">Its number, from 1.</param>
internal sealed record Binding(int Clause, ClauseCode Code, ProbeEntry Probe, int Epid);
