using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Cli.Metrics;

/// <summary>The values of labels. What peers can make up without end is <c>_OTHER</c> unless it is bounded elsewhere.</summary>
internal static class MetricWords
{
    private static readonly ConcurrentDictionary<ulong, string> s_luns = new();
    private static readonly ConcurrentDictionary<uint, string> s_senses = new();
    private const int MostKnown = 20_000;

    private static readonly (ConnectionEnd End, string Word)[] s_ends =
    [
        (ConnectionEnd.Logout, "logout"), (ConnectionEnd.Reinstated, "reinstated"), (ConnectionEnd.NopUnanswered, "nop_timeout"),
        (ConnectionEnd.TargetFin, "fin"), (ConnectionEnd.InitiatorFin, "fin"), (ConnectionEnd.TargetReset, "rst"), (ConnectionEnd.InitiatorReset, "rst"),
        (ConnectionEnd.Digest, "digest"),
    ];

    /// <summary>Why sessions end.</summary>
    public static IReadOnlyList<string> EndReasons { get; } = ["logout", "reinstated", "nop_timeout", "fin", "rst", "digest", "unknown"];

    /// <summary>A target or initiator; one that is not known is <c>_OTHER</c>.</summary>
    public static string Name(string name) => name.Length == 0 ? MetricLabels.Other : name;

    /// <summary>A LUN.</summary>
    public static string Lun(ulong lun)
    {
        if (lun == LunNumber.Unknown) return MetricLabels.Other;
        if (s_luns.Count > MostKnown) s_luns.Clear();
        return s_luns.GetOrAdd(lun, static l => l.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Read, write or other.</summary>
    public static string Direction(CommandKind kind) => kind switch { CommandKind.Read => "read", CommandKind.Write => "write", _ => "other" };

    /// <summary>An operation by its name in the SCSI command table.</summary>
    public static string Operation(ushort operation) => Command.Find(operation) is null ? MetricLabels.Other : OperationNames.Of(operation);

    /// <summary>A SCSI status with its sense data: <c>06_29_00</c>, <c>task_set_full</c>.</summary>
    public static string Status(uint code)
    {
        if (code == FailureKey.Others) return MetricLabels.Other;
        if (s_senses.Count > MostKnown) s_senses.Clear();
        return s_senses.GetOrAdd(code, static c =>
            (c & 0xffffff) != 0
                ? string.Create(CultureInfo.InvariantCulture, $"{c >> 16 & 0xff:x2}_{c >> 8 & 0xff:x2}_{c & 0xff:x2}")
                : Enum.IsDefined((ScsiStatus)(c >> 24)) ? Snake(((ScsiStatus)(c >> 24)).ToString()) : MetricLabels.Other);
    }

    /// <summary>Why a login failed.</summary>
    public static string Login(uint code) => code != FailureKey.Others && Enum.IsDefined((LoginStatus)code) ? Snake(((LoginStatus)code).ToString()) : MetricLabels.Other;

    /// <summary>Why a PDU was rejected.</summary>
    public static string Reject(uint code) => code <= 0xff && Enum.IsDefined((RejectReason)code) ? Snake(((RejectReason)code).ToString()) : MetricLabels.Other;

    /// <summary>A task management function.</summary>
    public static string Function(TaskFunction function) => Enum.IsDefined(function) ? Snake(function.ToString()) : MetricLabels.Other;

    /// <summary>What it was answered; <c>none</c> for never.</summary>
    public static string Response(int response) =>
        response < 0 ? "none" : Enum.IsDefined((TaskFunctionResponse)response) ? Snake(((TaskFunctionResponse)response).ToString()) : MetricLabels.Other;

    /// <summary>Why a connection ended.</summary>
    public static string End(ConnectionEnd end)
    {
        foreach ((ConnectionEnd known, string word) in s_ends)
            if (known == end)
                return word;
        return "unknown";
    }

    /// <summary>The address of an end without its port, and what kind it is.</summary>
    public static (string Address, string Type) Address(string endpoint)
    {
        int port = endpoint.LastIndexOf(':');
        string host = port < 0 ? endpoint : endpoint[..port];
        if (host.StartsWith('[') && host.EndsWith(']')) host = host[1..^1];
        return (host, host.Contains(':') ? "ipv6" : "ipv4");
    }

    private static string Snake(string word)
    {
        var text = new StringBuilder(word.Length + 8);
        foreach (char c in word)
        {
            if (char.IsUpper(c) && text.Length > 0) text.Append('_');
            text.Append(char.ToLowerInvariant(c));
        }
        return text.ToString();
    }
}
