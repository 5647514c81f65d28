using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Filtering;

/// <summary>The fields of the filter language: parser, completion, help and man page are loops over them.</summary>
public static class FilterFields
{
    private static readonly FilterField s_kind = Word("kind", FilterLevel.Cell, "what kind of command it is: read, write or other", (in s) => s.Kind < 0 ? double.NaN : s.Kind,
        ("read", (int)CommandKind.Read), ("write", (int)CommandKind.Write), ("other", (int)CommandKind.Other));

    /// <summary>All of them, in the order of help and man page.</summary>
    public static IReadOnlyList<FilterField> All { get; } =
    [
        Text("target", FilterLevel.Connection, "target name", (in s) => s.Target),
        Text("initiator", FilterLevel.Connection, "initiator name", (in s) => s.Initiator),
        Text("isid", FilterLevel.Connection, "initiator part of the session id, 12 hexadecimal digits", (in s) => s.Connection?.Isid ?? ""),
        Number("tsih", FilterLevel.Connection, "target session identifying handle", (in s) => s.Connection is { Tsih: > 0 } c ? c.Tsih : double.NaN),
        Number("cid", FilterLevel.Connection, "connection id within the session", (in s) => s.Connection is { Tsih: > 0 } c ? c.Cid : double.NaN),
        Address("remote", "ip", "address of the initiator", (in s) => s.Connection?.Remote ?? ""),
        Address("local", "portal", "address of the target", (in s) => s.Connection?.Local ?? ""),
        Word("state", FilterLevel.Connection, "how the connection stands: login, open, discovery or ended", State, ("login", 0), ("open", 1), ("discovery", 2), ("ended", 3)),
        Word("end", FilterLevel.Connection, "why the connection ended, as in the session view", (in s) => s.Connection is { End: not ConnectionEnd.None } c ? (int)c.End : double.NaN, Ends()),
        Number("engine", FilterLevel.Connection, "process id of the engine", (in s) => s.Engine?.Pid ?? double.NaN) with { Alias = "pid" },
        Text("source", FilterLevel.Connection, "what the engine observes: target, an interface, a file", (in s) => s.Engine?.Source ?? ""),
        Number("lun", FilterLevel.Cell, "logical unit number", (in s) => s.Lun == Lun.Unknown ? double.NaN : s.Lun),
        new("op", FilterType.Operation, FilterLevel.Cell, "SCSI operation: READ(10), 0x28, 0x9e/0x10, or read, write, other") { Alias = "opcode" },
        s_kind,
        Word("status", FilterLevel.Command, "SCSI status: good, check_condition, busy ... or its number", (in s) => s.Status < 0 ? double.NaN : s.Status, Statuses()),
        new("sense", FilterType.Sense, FilterLevel.Command, "sense key, ASC and ASCQ: 05, 05/24 or 05/24/00") { Number = (in s) => s.Sense < 0 ? double.NaN : s.Sense },
        Number("key", FilterLevel.Command, "sense key", (in s) => s.Sense < 0 ? double.NaN : s.Sense >> 16),
        Number("asc", FilterLevel.Command, "additional sense code", (in s) => s.Sense < 0 ? double.NaN : s.Sense >> 8 & 0xff),
        Number("ascq", FilterLevel.Command, "additional sense code qualifier", (in s) => s.Sense < 0 ? double.NaN : s.Sense & 0xff),
        Number("lba", FilterLevel.Command, "first logical block", (in s) => OfCommand.Lba(in s)),
        Number("blocks", FilterLevel.Command, "logical blocks", (in s) => OfCommand.Blocks(in s)),
        Size("bytes", "data bytes really moved; of a PDU its data", (in s) => OfCommand.Bytes(in s)) with { Alias = "size" },
        Duration("lat", "latency: command to status", (in s) => s.IsCommand ? Known(s.Command.Latency) : double.NaN),
        Duration("svc", "the target's own time once it had the data", (in s) => s.IsCommand ? Known(s.Command.Service) : double.NaN),
        Duration("r2t", "command to first R2T", (in s) => s.IsCommand ? Known(s.Command.R2tWait) : double.NaN),
        Duration("host", "time in which an R2T waited for the initiator's data", (in s) => s.IsCommand ? Known(s.Command.HostData) : double.NaN),
        Duration("xfer", "first to last Data-In", (in s) => s.IsCommand ? Known(s.Command.Transfer) : double.NaN),
        Duration("first_byte", "command to first Data-In", (in s) => s.IsCommand ? Known(s.Command.FirstByte) : double.NaN),
        Number("r2ts", FilterLevel.Command, "R2Ts the command needed", (in s) => s.IsCommand ? s.Command.R2ts : double.NaN),
        Number("itt", FilterLevel.Command, "initiator task tag", (in s) => OfCommand.Itt(in s)),
        Number("cmdsn", FilterLevel.Command, "CmdSN of a command, ExpCmdSN of a response", (in s) => OfCommand.CmdSn(in s)),
        Number("residual", FilterLevel.Command, "residual count: positive underflow, negative overflow", (in s) => s.IsCommand ? s.Command.Residual : double.NaN),
        Word("probe", FilterLevel.Pdu, "name of the probe that fired", (in s) => s.IsEvent ? (int)s.Event.Probe : double.NaN, Probes()),
        Word("failure", FilterLevel.List, "kind of a failure", (in s) => s.Failure < 0 ? double.NaN : s.Failure, Spelled<FailureKind>()),
        Word("function", FilterLevel.List, "function of a task management request", (in s) => s.Function < 0 ? double.NaN : s.Function, Spelled<TaskFunction>()),
        Word("severity", FilterLevel.List, "how much a finding matters", (in s) => s.Finding is { } f ? (int)f.Severity : double.NaN, Spelled<Severity>()),
        Text("rule", FilterLevel.List, "rule of a finding", (in s) => s.Finding?.Rule ?? ""),
    ];

    /// <summary>The field of a name, null when there is none.</summary>
    public static FilterField? Find(string name)
    {
        foreach (FilterField field in All)
            if (field.Is(name))
                return field;
        return null;
    }

    /// <summary>Every name there is.</summary>
    public static IEnumerable<string> Names => All.SelectMany(f => f.Alias.Length > 0 ? new[] { f.Name, f.Alias } : [f.Name]);

    internal static FilterField Kind => s_kind;

    private static double Known(long ns) => ns < 0 ? double.NaN : ns;

    // As the session view says it.
    private static double State(in Subject s) => s.Connection is not { } c ? double.NaN
        : c.Closed != 0 ? 3 : c.Discovery ? 2 : c.Tsih == 0 && !c.MidStream ? 0 : 1;

    private static (string, int)[] Ends() => [.. Enum.GetValues<ConnectionEnd>().Where(e => e != ConnectionEnd.None).Select(e => (e.Name(), (int)e))];

    private static (string, int)[] Statuses() =>
        [.. Enum.GetValues<ScsiStatus>().Select(s => (s.Name().ToLowerInvariant().Replace(' ', '_'), (int)s))];

    private static (string, int)[] Probes() => [.. Enumerable.Range(0, ProbeSet.Count).Select(p => (((Probe)p).Name(), p))];

    // AbortTask is abort-task.
    private static (string, int)[] Spelled<T>() where T : struct, Enum =>
        [.. Enum.GetValues<T>().Select(v => (string.Concat(v.ToString().Select((c, i) => char.IsUpper(c) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(c) : c.ToString())), Convert.ToInt32(v, System.Globalization.CultureInfo.InvariantCulture)))];

    private static FilterField Text(string name, FilterLevel level, string help, TextOf text) => new(name, FilterType.Text, level, help) { Text = text };

    private static FilterField Number(string name, FilterLevel level, string help, NumberOf number) => new(name, FilterType.Number, level, help) { Number = number };

    private static FilterField Duration(string name, string help, NumberOf number) => new(name, FilterType.Duration, FilterLevel.Command, help) { Number = number };

    private static FilterField Size(string name, string help, NumberOf number) => new(name, FilterType.Size, FilterLevel.Command, help) { Number = number };

    private static FilterField Address(string name, string alias, string help, TextOf text) => new(name, FilterType.Address, FilterLevel.Connection, help) { Alias = alias, Text = text };

    private static FilterField Word(string name, FilterLevel level, string help, NumberOf number, params (string, int)[] words) =>
        new(name, FilterType.Word, level, help) { Number = number, Words = words };
}
