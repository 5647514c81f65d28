using System.CommandLine;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Tracing;
using Iscsitop.Engine;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Commands;

/// <summary>
/// <c>iscsitop trace</c>, installed as <c>iscsitrace</c>: programs in D, as dtrace(1M) runs them. Its messages begin with dtrace's name, for
/// that is what scripts around it look for.
/// </summary>
internal static class Trace
{
    /// <summary>The word that calls it.</summary>
    public const string Name = "trace";

    private const string NoEngines = "no engine runs here, so there are no probes: start one with iscsitop target, or name an interface with -i or a file with -r";

    /// <summary>The command, for help and completion; <c>Run</c> reads its words itself.</summary>
    public static Command Create()
    {
        var command = new Command(Name, "Runs D programs, as dtrace(1M) does, over the probes of engines, an interface, a capture or a recording. Also installed as iscsitrace.");
        foreach (Option option in TraceRows.Options) command.Add(option);
        command.SetAction(int (ParseResult _) => throw new UsageException("options follow their command (see iscsitop trace --help)"));
        return command;
    }

    /// <summary>Runs it.</summary>
    /// <param name="words">The words behind its name.</param>
    /// <param name="streams">Where it writes.</param>
    /// <returns>The exit status.</returns>
    public static int Run(IReadOnlyList<string> words, Streams streams)
    {
        streams = streams with { Program = "dtrace" };
        try
        {
            return Run(TraceArguments.Parse(Scripts.WithInterpreter(words)), streams);
        }
        catch (Exception e) when (CommandLine.Explain(e, streams) is int code)
        {
            return code;
        }
    }

    private static int Run(TraceArguments arguments, Streams streams)
    {
        if (arguments.Help || arguments.Version)
        {
            streams.Print(arguments.Help ? ShowHelp.Text(Create()) : BuildFacts.Line("iscsitrace") + "\n");
            return ExitCode.Success;
        }
        Origin origin = arguments.Origin();
        if (arguments.Programs.Count == 0 && !arguments.List) throw new IOException("no probes specified");
        using TracedCommand? command = arguments.Command is { } line && !arguments.List ? TracedCommand.Start(line) : null;
        var programs = new Programs(arguments, origin, command?.Pid ?? (origin.Pids.Count > 0 ? origin.Pids[0] : 0));
        if (arguments.List) return List(programs, arguments, streams);
        if (programs.Compile(out DProgram? compiled, out DOptions options, out ProbeCatalog catalog) is { } complaint)
        {
            streams.ComplainAsIs(complaint);
            if (programs.Engines.Count > 0 || !programs.FoundNothing) return ExitCode.Failure;
            foreach (EngineListing engine in programs.Closed) streams.Complain($"engine {engine.Pid}: {engine.Problem}");
            if (programs.Closed.Count == 0) streams.Complain(NoEngines);
            return programs.Closed.Count > 0 ? ExitCode.Input : ExitCode.Failure;
        }
        if (arguments.CompileOnly)
        {
            for (int i = 0; arguments.Verbose && i < arguments.Programs.Count; i++)
                streams.Print(TraceListing.Of($"{arguments.Programs[i].Kind} {arguments.Programs[i].Name}", compiled!, i, listed: true));
            return ExitCode.Success;
        }
        return new TraceRun(arguments, origin, compiled!, options, catalog, streams).Run(command);
    }

    private static int List(Programs programs, TraceArguments arguments, Streams streams)
    {
        int code = ExitCode.Success;
        if (programs.Engines.Count == 0) streams.Complain(NoEngines);
        IEnumerable<ProbeEntry> probes = programs.List(complaint =>
        {
            streams.ComplainAsIs(complaint);
            code = ExitCode.Failure;
        });
        streams.Print(TraceListing.Of(probes, arguments.Verbose));
        return code;
    }
}
