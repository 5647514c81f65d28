using System.CommandLine;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Engine;
using Iscsitop.Target.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop demo</c>: a target in memory, a load on it, and the view of both.</summary>
internal static class Demo
{
    private const string Name = "iqn.2026-01.io.github.iscsitop:demo";

    // Without a terminal: enough to see it move, and an end for scripts.
    private const int Reports = 5;

    private static readonly string[] s_luns = ["0=ram:256MiB", "1=ram:128MiB", "2=ram:256MiB", "3=ram:64MiB,delay=4ms"];

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var batch = new Option<bool>("--batch", "-b") { Description = $"print {Reports} reports, one a second, instead of the full screen" };
        var command = new Command("demo", $"Shows iscsitop at work on a target and a load of its own, in memory and on this machine only. Without a terminal it prints {Reports} reports and ends.");
        command.Add(batch);
        var words = new TopWords();
        foreach (Option option in words.Screen) command.Add(option);
        command.SetAction(result => Run(words, result, streams.Interactive && !result.GetValue(batch), streams));
        return command;
    }

    private static int Run(TopWords words, ParseResult result, bool fullScreen, Streams streams)
    {
        // A log line would stand in the middle of the screen.
        using ILoggerFactory loggers = fullScreen ? NullLoggerFactory.Instance : Logs.ToStandardError(LogLevel.Warning);
        using TargetServer server = Target.Open(Options(), loggers);
        using var engine = new ProbeEngine(server.Provider, loggers.CreateLogger("iscsitop.engine"));
        using var load = new CancellationTokenSource();
        // A D view that was asked for subscribes where it is asked for, so the engine comes first.
        engine.Start();
        TopOptions options = Top.Options(words, result, new Origin([Environment.ProcessId]), out Asked? asked);
        using Asked? ends = asked;
        if (Top.ListsFields(words, result, options.View, streams)) return ExitCode.Success;
        server.Start();
        DemoLoad.Start(server.Portals[0], Name, load.Token);
        try
        {
            return fullScreen ? Cli.Top.App.Run(options, asked) : Batch.Run(options with { Count = Reports, SkipFirst = true }, streams, asked);
        }
        finally
        {
            load.Cancel();
            server.Stop(TimeSpan.Zero);
        }
    }

    private static TargetOptions Options() => new()
    {
        Portals = [Portals.Parse("127.0.0.1:0")],
        Name = Name,
        Luns = [.. s_luns.Select(TargetWords.Lun)],
    };
}
