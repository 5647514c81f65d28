using Iscsitop.Engine.D.Execution;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>A name there always is: a built-in variable or a constant.</summary>
internal sealed record BuiltIn(string Name, DType Type, NumberOf? Number = null, TextOf? Text = null, long? Constant = null)
{
    /// <summary>Why it cannot be had here; "" when it can.</summary>
    public string Missing { get; init; } = "";
}

/// <summary>The names there always are, a row each.</summary>
internal static class Names
{
    private const string NoKernel = "there is no kernel thread here, only connections and their PDUs";
    private const string NoStack = "there are no stacks here, only connections and their PDUs";

    private static readonly DType s_anything = DType.Void.PointerTo();
    private static readonly DType s_pid = new(DKind.Integer, "pid_t", 4, signed: true);
    private static readonly DType s_id = new(DKind.Integer, "id_t", 4, signed: true);
    private static readonly DType s_uid = new(DKind.Integer, "uid_t", 4);
    private static readonly DType s_unsigned = new(DKind.Integer, "uint_t", 4);

    private static readonly BuiltIn[] s_rows =
    [
        .. Enumerable.Range(0, 10).Select(n => new BuiltIn("arg" + n, DType.Int64, m => ProviderTypes.Raw(m, n))),
        new("cpu", new(DKind.Integer, "processorid_t", 4, signed: true), _ => 0),
        new("epid", s_unsigned, m => m.Epid),
        new("id", s_unsigned, m => m.Probe.Entry.Id),
        new("ipl", s_unsigned, _ => 0),
        new("pid", s_pid, m => m.Probe.Entry.Instance),
        new("ppid", s_pid, _ => 0),
        new("tid", s_id, m => (int)m.Event.Connection),
        new("uid", s_uid, _ => 0),
        new("gid", new(DKind.Integer, "gid_t", 4), _ => 0),
        new("errno", DType.Int, _ => 0),
        new("timestamp", DType.UInt64, m => m.Timestamp),
        new("vtimestamp", DType.UInt64, m => m.Timestamp),
        new("walltimestamp", DType.Int64, m => m.Wall),
        new("execname", DType.String, Text: _ => "iscsitop"u8),
        new("zonename", DType.String, Text: _ => "global"u8),
        new("probeprov", DType.String, Text: m => m.Probe.Provider),
        new("probemod", DType.String, Text: m => m.Probe.Module),
        new("probefunc", DType.String, Text: m => m.Probe.Function),
        new("probename", DType.String, Text: m => m.Probe.Name),
        new("NULL", s_anything, Constant: 0),
        .. Constants().Select(c => new BuiltIn(c.Name, DType.Int, Constant: c.Value)),
        .. Missing(NoStack, "caller", "ucaller", "stackdepth", "ustackdepth", "regs", "uregs"),
        .. Missing(NoKernel, "curthread", "curproc", "curlwpsinfo", "curpsinfo", "fds", "cwd", "root"),
    ];

    private static readonly Dictionary<string, BuiltIn> s_byName = s_rows.ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<BuiltIn> Rows => s_rows;

    /// <summary>The row of a name, null when a program may give it a meaning.</summary>
    public static BuiltIn? Find(string name) => s_byName.GetValueOrDefault(name);

    private static IEnumerable<BuiltIn> Missing(string why, params string[] names) =>
        names.Select(n => new BuiltIn(n, DType.Void) { Missing = $"{n} cannot be had: {why}" });

    // What the provider's library defined in 2007, what it defined in 2009, and the faults and signals' kin of the system's own.
    private static (string Name, long Value)[] Constants() =>
    [
        ("ISCSI_FLAG_FINAL", 0x80),
        ("ISCSI_FLAG_CMD_READ", 0x40),
        ("ISCSI_FLAG_CMD_WRITE", 0x20),
        ("ISCSI_FLAG_CMD_BIDI_OVERFLOW", 0x10),
        ("ISCSI_FLAG_CMD_BIDI_UNDERFLOW", 0x08),
        ("ISCSI_FLAG_CMD_OVERFLOW", 0x04),
        ("ISCSI_FLAG_CMD_UNDERFLOW", 0x02),
        ("ISCSI_FLAG_DATA_STATUS", 0x01),
        ("ISCSI_FLAG_DATA_UNDERFLOW", 0x02),
        ("ISCSI_FLAG_DATA_OVERFLOW", 0x04),
        ("ISCSI_FLAG_DATA_ACK", 0x40),
        ("ISCSI_FLAG_TEXT_CONTINUE", 0x40),
        ("ISCSI_FLAG_LOGIN_CONTINUE", 0x40),
        ("ISCSI_FLAG_LOGIN_TRANSIT", 0x80),
        ("IDM_TRANSPORT_TYPE_ISER", 0),
        ("IDM_TRANSPORT_TYPE_SOCKETS", 1),
        ("XFER_BUF_TX_TO_INI", 0),
        ("XFER_BUF_RX_FROM_INI", 1),
        ("DTRACEFLT_UNKNOWN", 0),
        ("DTRACEFLT_BADADDR", 1),
        ("DTRACEFLT_BADALIGN", 2),
        ("DTRACEFLT_ILLOP", 3),
        ("DTRACEFLT_DIVZERO", 4),
        ("DTRACEFLT_NOSCRATCH", 5),
        ("AF_INET", 2),
        ("AF_INET6", 26),
    ];
}
