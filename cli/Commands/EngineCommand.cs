using System.CommandLine;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop engine</c>: an engine on a network interface, for viewers without privileges.</summary>
internal static class EngineCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var capture = new CaptureWords();
        var level = Logs.Option();
        var command = new Command("engine", "Observes a network interface for iscsitop and iscsisnoop of the same user, which then need no privileges. Ends on Ctrl-C.");
        capture.AddTo(command, files: false);
        command.Add(level);
        command.SetAction(result => Run(
            capture.Options(result, []) ?? throw new UsageException("engine needs -i IF, the interface to observe"), Logs.LevelOf(result, level), streams));
        return command;
    }

    private static int Run(CaptureOptions options, LogLevel level, Streams streams)
    {
        ILoggerFactory? loggers = null;
        using ProbeEngine engine = Origin.Opened(options, () => ProbeEngine.Over(options, () =>
        {
            // Signals, the log and the pipe have threads, and a thread keeps what its maker had.
            DropPrivileges(streams);
            loggers = Logs.ToStandardError(level);
            return loggers.CreateLogger("iscsitop.engine");
        }));
        using ILoggerFactory? closed = loggers;
        using Stop stop = Stop.OnSignals();
        engine.Start();
        streams.Error.WriteLine($"observing {options.Interface} at {engine.PipePath}");
        WaitHandle.WaitAny([stop.Token.WaitHandle, engine.Stopped]);
        engine.Dispose();
        string problem = engine.Problem.Length > 0 ? engine.Problem : engine.WriteProblem;
        return problem.Length == 0 ? ExitCode.Success : throw new IOException(problem);
    }

    private static void DropPrivileges(Streams streams)
    {
        foreach (string left in Privileges.Drop()) streams.Complain(left);
    }
}
