using System.Collections.Concurrent;
using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli;

/// <summary>Whose fault a failure is likely to be, as a letter.</summary>
internal enum FailureClass : byte
{
    /// <summary>Informational: part of a normal day.</summary>
    Informational,

    /// <summary>The target or its disks.</summary>
    Target,

    /// <summary>Transient: will pass, or passes when it is tried again.</summary>
    Transient,

    /// <summary>Connectivity: the way between, logins included.</summary>
    Connectivity,
}

/// <summary>Failures in words: what it was, what it means, whose fault it is likely to be. Each is made once.</summary>
internal static class FailureWords
{
    private const int MostKnown = 8192;

    private static readonly ConcurrentDictionary<(FailureKind, uint), (string Status, string Detail, string Number, string Class, string Brief)> s_known = new();

    private static readonly string[] s_letters = ["I", "T", "D", "C"];

    // By kind.
    private static readonly string[] s_others = ["SCSI status", "target failure", "residual", "no status", "Reject", "digest error", "login rejected", "async message"];

    private static readonly string[] s_noStatus = ["aborted by task management", "its session ended", "its status was not seen"];

    private static readonly (RejectReason Reason, string Text)[] s_rejects =
    [
        (RejectReason.DataDigestError, "data digest error"),
        (RejectReason.SnackReject, "SNACK refused"),
        (RejectReason.ProtocolError, "protocol error"),
        (RejectReason.CommandNotSupported, "command not supported"),
        (RejectReason.TooManyImmediateCommands, "too many immediate commands"),
        (RejectReason.TaskInProgress, "task in progress"),
        (RejectReason.InvalidDataAck, "invalid data acknowledgement"),
        (RejectReason.InvalidPduField, "invalid field in a PDU"),
        (RejectReason.OutOfResources, "out of resources"),
        (RejectReason.WaitingForLogout, "waiting for logout"),
    ];

    private static readonly (LoginStatus Status, string Text)[] s_logins =
    [
        (LoginStatus.TargetMovedTemporarily, "target moved for now"),
        (LoginStatus.TargetMovedPermanently, "target moved for good"),
        (LoginStatus.InitiatorError, "initiator error"),
        (LoginStatus.AuthenticationFailure, "authentication failed"),
        (LoginStatus.AuthorizationFailure, "initiator may not use this target"),
        (LoginStatus.NotFound, "no such target"),
        (LoginStatus.TargetRemoved, "target was removed"),
        (LoginStatus.UnsupportedVersion, "version not supported"),
        (LoginStatus.TooManyConnections, "too many connections"),
        (LoginStatus.MissingParameter, "a parameter is missing"),
        (LoginStatus.CannotIncludeInSession, "connection cannot join the session"),
        (LoginStatus.SessionTypeNotSupported, "session type not supported"),
        (LoginStatus.SessionDoesNotExist, "session does not exist"),
        (LoginStatus.InvalidDuringLogin, "invalid request during login"),
        (LoginStatus.TargetError, "target error"),
        (LoginStatus.ServiceUnavailable, "service unavailable"),
        (LoginStatus.OutOfResources, "target is out of resources"),
    ];

    private static readonly (AsyncEvent Event, string Text, FailureClass Class)[] s_events =
    [
        (AsyncEvent.ScsiEvent, "SCSI event", FailureClass.Informational),
        (AsyncEvent.LogoutRequest, "target asks for logout", FailureClass.Informational),
        (AsyncEvent.ConnectionDrop, "target drops the connection", FailureClass.Connectivity),
        (AsyncEvent.SessionDrop, "target drops the session", FailureClass.Connectivity),
        (AsyncEvent.NegotiationRequest, "target asks for negotiation", FailureClass.Informational),
        (AsyncEvent.TaskTermination, "target terminated tasks", FailureClass.Target),
    ];

    // Whose fault a status is that has no sense data.
    private static readonly (ScsiStatus Status, FailureClass Class)[] s_statuses =
    [
        (ScsiStatus.Busy, FailureClass.Transient),
        (ScsiStatus.ReservationConflict, FailureClass.Transient),
        (ScsiStatus.TaskSetFull, FailureClass.Transient),
        (ScsiStatus.AcaActive, FailureClass.Transient),
        (ScsiStatus.TaskAborted, FailureClass.Transient),
    ];

    // Whose fault a sense key is.
    private static readonly FailureClass[] s_keys =
    [
        FailureClass.Informational, FailureClass.Informational, FailureClass.Target, FailureClass.Target, FailureClass.Target,
        FailureClass.Informational, FailureClass.Informational, FailureClass.Target, FailureClass.Informational, FailureClass.Target,
        FailureClass.Target, FailureClass.Transient, FailureClass.Informational, FailureClass.Target, FailureClass.Informational, FailureClass.Informational,
    ];

    // Codes that another class suits better than that of their sense key.
    private static readonly (int Sense, FailureClass Class)[] s_exceptions =
    [
        ((int)SenseCode.BecomingReady, FailureClass.Transient),
        ((int)SenseCode.AsymmetricAccessStateTransition, FailureClass.Transient),
        ((int)SenseCode.TargetPortInStandbyState, FailureClass.Transient),
        ((int)SenseCode.SanitizeInProgress, FailureClass.Transient),
        ((int)SenseCode.ProtocolServiceCrcError, FailureClass.Connectivity),
        ((int)SenseCode.CommandsClearedByNexusLoss, FailureClass.Connectivity),
        ((int)SenseCode.NexusLoss, FailureClass.Connectivity),
    ];

    /// <summary>What it was: <c>CHECK CONDITION</c>, <c>Reject</c>.</summary>
    public static string Status(FailureKey key) => Of(key).Status;

    /// <summary>What it means, in words.</summary>
    public static string Detail(FailureKey key) => Of(key).Detail;

    /// <summary>The codes: <c>05/24/00</c>, a reason, class and detail; "" where there is none.</summary>
    public static string Number(FailureKey key) => Of(key).Number;

    /// <summary>What it was in short: <c>CHECK 05/24/00</c>, <c>BUSY</c>.</summary>
    public static string Brief(FailureKey key) => Of(key).Brief;

    /// <summary>I, T, D or C.</summary>
    public static string Class(FailureKey key) => Of(key).Class;

    /// <summary>What a letter of <see cref="Class"/> stands for.</summary>
    public static string Meaning(string letter) => letter switch
    {
        "I" => "informational",
        "T" => "the target or its disks",
        "D" => "transient",
        _ => "connectivity",
    };

    // Peers can make up codes.
    private static (string Status, string Detail, string Number, string Class, string Brief) Of(FailureKey key)
    {
        if (s_known.Count > MostKnown) s_known.Clear();
        return s_known.GetOrAdd((key.Kind, key.Code), static k =>
        {
            (string status, string detail, string number, string letter) = Words(k.Item1, k.Item2);
            return (status, detail, number, letter, number.Length == 0 ? status : status.Replace(" CONDITION", "", StringComparison.Ordinal) + " " + number);
        });
    }

    private static (string, string, string, string) Words(FailureKind kind, uint code) => kind switch
    {
        _ when code == FailureKey.Others => (s_others[Math.Min((int)kind, s_others.Length - 1)], "others: there were too many to tell apart", "", Letter(FailureClass.Informational)),
        FailureKind.Status => OfStatus(code),
        FailureKind.Response => ("target failure", code == 1 ? "the target could not execute the command" : "vendor's response", Hex(code), Letter(FailureClass.Target)),
        FailureKind.Residual => ("residual", code == 0 ? "less data than was asked for" : "more data than was asked for", "", Letter(FailureClass.Informational)),
        FailureKind.NoStatus => ("no status", code < 3 ? s_noStatus[code] : "", "", Letter(code == 0 ? FailureClass.Transient : FailureClass.Connectivity)),
        FailureKind.Reject => ("Reject", TextOf(s_rejects, (RejectReason)code), Hex(code), Letter((RejectReason)code == RejectReason.OutOfResources ? FailureClass.Target : FailureClass.Connectivity)),
        FailureKind.Digest => ("digest error", code == 0 ? "header digest did not match" : "data digest did not match", "", Letter(FailureClass.Connectivity)),
        FailureKind.Login => OfLogin(code),
        FailureKind.Async => OfEvent(code),
        _ => ("", "", Hex(code), Letter(FailureClass.Informational)),
    };

    private static (string, string, string, string) OfStatus(uint code)
    {
        var status = (ScsiStatus)(code >> 24);
        int sense = (int)(code & 0xffffff);
        if (status != ScsiStatus.CheckCondition || sense == 0)
            return (status.Name(), sense == 0 ? "" : Sense(sense), sense == 0 ? "" : Triple(sense), Letter(Find(s_statuses, status, FailureClass.Target)));
        return (status.Name(), Sense(sense), Triple(sense), Letter(Find(s_exceptions, sense, s_keys[sense >> 16 & 15])));
    }

    private static (string, string, string, string) OfLogin(uint code)
    {
        FailureClass whose = (code >> 8) switch { 1 => FailureClass.Informational, 3 => FailureClass.Target, _ => FailureClass.Connectivity };
        string number = string.Create(CultureInfo.InvariantCulture, $"{code >> 8:x2}/{code & 0xff:x2}");
        return (code >> 8 == 1 ? "login redirected" : "login rejected", TextOf(s_logins, (LoginStatus)code), number, Letter(whose));
    }

    private static (string, string, string, string) OfEvent(uint code)
    {
        // Without sense data the code is the event alone; a SCSI event, which is 0, comes with it.
        (uint number, uint sense) = code switch { <= 0xff => (code, 0u), <= 0xffff => (0u, code), _ => (code >> 16, code & 0xffff) };
        var happened = (AsyncEvent)number;
        foreach ((AsyncEvent known, string text, FailureClass whose) in s_events)
            if (known == happened)
                return ("async message", sense == 0 ? text : text + ": " + SenseTexts.Of((byte)(sense >> 8), (byte)sense), Hex(number), Letter(whose));
        return ("async message", "vendor's event", Hex(number), Letter(FailureClass.Informational));
    }

    private static string Sense(int sense)
    {
        string text = SenseTexts.Of((byte)(sense >> 8), (byte)sense);
        return text.Length == 0 ? SenseTexts.Key(sense >> 16) : SenseTexts.Key(sense >> 16) + ": " + text;
    }

    private static string Triple(int sense) => string.Create(CultureInfo.InvariantCulture, $"{sense >> 16:x2}/{sense >> 8 & 0xff:x2}/{sense & 0xff:x2}");

    private static string Hex(uint code) => string.Create(CultureInfo.InvariantCulture, $"0x{code:x2}");

    private static string Letter(FailureClass of) => s_letters[(int)of];

    private static FailureClass Find<T>((T Key, FailureClass Class)[] table, T key, FailureClass otherwise) where T : notnull
    {
        foreach ((T known, FailureClass found) in table)
            if (known.Equals(key))
                return found;
        return otherwise;
    }

    private static string TextOf<T>((T Key, string Text)[] table, T key) where T : notnull
    {
        foreach ((T known, string text) in table)
            if (known.Equals(key))
                return text;
        return "unknown";
    }
}
