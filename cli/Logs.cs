using System.CommandLine;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Cli;

/// <summary>Where the logs of target and engine go.</summary>
internal static class Logs
{
    /// <summary>The option that says what is logged.</summary>
    public static Option<string> Option() => new("--log-level") { HelpName = "LEVEL", Description = "log this and worse to standard error: trace, debug, info, warn, error or none; info unless given", DefaultValueFactory = _ => "info" };

    /// <summary>What it says.</summary>
    public static LogLevel LevelOf(ParseResult result, Option<string> option) => Values.Choice("log level", result.GetValue(option)!,
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error), ("none", LogLevel.None));

    /// <summary>One line a message on standard error, which leaves standard output to the command's own words.</summary>
    public static ILoggerFactory ToStandardError(LogLevel level) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(level);
        if (level == LogLevel.None) return;
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffzzz ";
        });
        logging.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    });
}
