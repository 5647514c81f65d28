using Iscsitop.Engine;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Tracing;

/// <summary>The programs of a command line, and the probes there are for them.</summary>
internal sealed class Programs
{
    private readonly TraceArguments _arguments;
    private readonly DSource[] _sources;

    /// <summary>Reads them.</summary>
    /// <exception cref="IOException">One cannot be read, or an option is none.</exception>
    public Programs(TraceArguments arguments, Origin origin, long target)
    {
        _arguments = arguments;
        DOptions options = Options();
        Dictionary<string, long> variables = MacroVariables.Of(target);
        _sources = [.. arguments.Programs.Select(p => Scripts.Read(p, arguments, options, variables))];
        Engines = origin.Capture is { } capture ? Origin.Opened(capture, () => Feed.EnginesOf(capture)) : origin.Pids;
        if (origin.Capture is not null || origin.Pids.Count > 0) return;
        ILookup<bool, EngineListing> found = Feed.Discover().ToLookup(e => e.Problem.Length == 0);
        Engines = [.. found[true].Select(e => e.Pid)];
        Closed = [.. found[false]];
    }

    /// <summary>What stands for engines in provider names.</summary>
    public IReadOnlyList<int> Engines { get; }

    /// <summary>Engines that may not be opened.</summary>
    public IReadOnlyList<EngineListing> Closed { get; } = [];

    /// <summary>Whether what was wrong is that a description matches nothing.</summary>
    public bool FoundNothing { get; private set; }

    /// <summary>Compiles them into one.</summary>
    /// <param name="program">The program; null when it is wrong.</param>
    /// <param name="options">Its options, with those of pragmas.</param>
    /// <param name="catalog">The probes there are.</param>
    /// <returns>What is wrong, null when nothing is.</returns>
    public string? Compile(out DProgram? program, out DOptions options, out ProbeCatalog catalog)
    {
        (program, options, catalog) = (null, Options(), Catalog());
        try
        {
            program = DProgram.Compile(_sources, options, catalog);
            return null;
        }
        catch (DCompileException e)
        {
            FoundNothing = e.Tag == "D_PDESC_ZERO";
            return Scripts.Complaint(_arguments.Programs[Culprit()], e, options.ErrTags);
        }
    }

    /// <summary>The probes that are meant, or all that there are.</summary>
    /// <param name="complain">Told which descriptions match nothing, and which are none.</param>
    public List<ProbeEntry> List(Action<string> complain)
    {
        ProbeCatalog catalog = Catalog();
        if (_sources.Length == 0) return [.. catalog.Entries];
        var probes = new List<ProbeEntry>();
        for (int i = 0; i < _sources.Length; i++)
        {
            TraceProgram program = _arguments.Programs[i];
            DOptions options = Options();
            try
            {
                IReadOnlyList<ProbeEntry> matched = ProbeListing.Match(_sources[i], options, catalog);
                if (matched.Count == 0) complain($"failed to match {program.Name}: No probe matches description");
                probes.AddRange(matched);
            }
            catch (DCompileException e)
            {
                complain(Scripts.Complaint(program, e, options.ErrTags));
            }
        }
        return probes;
    }

    private DOptions Options()
    {
        var options = new DOptions();
        foreach (string setting in _arguments.Settings)
            if (OptionTable.SetArgument(options, setting) is { } wrong) throw new IOException(wrong);
        return options;
    }

    private ProbeCatalog Catalog()
    {
        var catalog = new ProbeCatalog();
        foreach (int engine in Engines) catalog.AddEngine(engine);
        return catalog;
    }

    // Which of several is wrong: the last of the fewest that are.
    private int Culprit()
    {
        for (int count = 1; count < _sources.Length; count++)
        {
            try
            {
                DProgram.Compile(_sources[..count], Options(), Catalog());
            }
            catch (DCompileException)
            {
                return count - 1;
            }
        }
        return _sources.Length - 1;
    }
}
