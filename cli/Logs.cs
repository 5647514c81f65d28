using Microsoft.Extensions.Logging;

namespace Iscsitop.Cli;

/// <summary>Where the logs of target and engine go.</summary>
internal static class Logs
{
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
