using System.Net;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Target.Server;

/// <summary>Every log message of the target. None is on the data path; what a peer supplied is escaped by the caller.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "listening on {Portal} as {Target}")]
    public static partial void Listening(ILogger logger, IPEndPoint portal, string target);

    [LoggerMessage(2, LogLevel.Information, "{Remote} logged in: {Initiator} to {Target}, ISID {Isid}, TSIH {Tsih}")]
    public static partial void LoggedIn(ILogger logger, IPEndPoint remote, string initiator, string target, string isid, ushort tsih);

    [LoggerMessage(3, LogLevel.Warning, "{Remote} refused: {Reason} (login status {Status})")]
    public static partial void LoginRefused(ILogger logger, IPEndPoint remote, string reason, string status);

    [LoggerMessage(4, LogLevel.Information, "{Remote} logged out: {Initiator}")]
    public static partial void LoggedOut(ILogger logger, IPEndPoint remote, string initiator);

    [LoggerMessage(5, LogLevel.Warning, "{Remote} dropped: {Reason}")]
    public static partial void Dropped(ILogger logger, IPEndPoint remote, string reason);

    [LoggerMessage(6, LogLevel.Information, "{Remote} ended: {Reason}")]
    public static partial void ConnectionFailed(ILogger logger, IPEndPoint remote, string reason);

    [LoggerMessage(7, LogLevel.Error, "{Remote} dropped because of a bug of ours")]
    public static partial void ConnectionBug(ILogger logger, IPEndPoint remote, Exception exception);

    [LoggerMessage(8, LogLevel.Information, "{Remote} took over the session of {Initiator}, ISID {Isid}")]
    public static partial void Reinstated(ILogger logger, IPEndPoint remote, string initiator, string isid);

    [LoggerMessage(9, LogLevel.Warning, "{Remote} not accepted: {Reason}")]
    public static partial void NotAccepted(ILogger logger, IPEndPoint remote, string reason);

    [LoggerMessage(10, LogLevel.Information, "{Initiator} asked for {Function} of LUN {Lun}: {Response}")]
    public static partial void TaskManaged(ILogger logger, string initiator, string function, string lun, string response);

    [LoggerMessage(11, LogLevel.Warning, "log messages about {Remote} suppressed: more than {Limit} a second")]
    public static partial void Suppressed(ILogger logger, IPAddress remote, int limit);

    [LoggerMessage(12, LogLevel.Error, "accepting on {Portal} failed: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, IPEndPoint portal, string reason);

    [LoggerMessage(15, LogLevel.Information, "reloaded: {Target}")]
    public static partial void Reloaded(ILogger logger, string target);

    [LoggerMessage(14, LogLevel.Error, "a command for LUN {Lun} failed because of a bug of ours, or for want of memory")]
    public static partial void TaskBug(ILogger logger, ulong lun, Exception exception);

    [LoggerMessage(13, LogLevel.Error, "LUN {Lun}: {Reason}")]
    public static partial void StoreFailed(ILogger logger, ulong lun, string reason);
}
