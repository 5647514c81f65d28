using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Snooping;

/// <summary>The columns of the listing of probe firings.</summary>
internal static class PduLines
{
    private static readonly LineColumn<ProbeEvent>[] s_columns =
    [
        new("PROBE", 15, true, (t, in e, in x) => t.Put(e.Probe.Name())),
        new("ITT", 8, false, (t, in e, in x) => Tag(t, PduFields.Itt(e))),
        new("DATALEN", 7, false, (t, in e, in x) => Number(t, PduFields.DataLength(e))),
        new("FLAGS", 5, false, (t, in e, in x) => Tag(t, PduFields.Flags(e), "x2")),
    ];

    private static readonly LineColumn<ProbeEvent>[] s_extended =
    [
        new("TTT", 8, false, (t, in e, in x) => Tag(t, PduFields.Ttt(e))),
        new("CMDSN", 10, false, (t, in e, in x) => Number(t, PduFields.CmdSn(e))),
        new("STATSN", 10, false, (t, in e, in x) => Number(t, PduFields.StatSn(e))),
        new("DATASN", 10, false, (t, in e, in x) => Number(t, PduFields.DataSn(e))),
    ];

    private static readonly LineColumn<ProbeEvent> s_cdb = new("CDB", 32, true, Cdb);
    private static readonly LineColumn<ProbeEvent> s_op = new("OP", 4, true, (t, in e, in x) => t.Put(PduFields.Operation(e) is { } op ? OperationNames.Of(op) : "-"));

    /// <summary>The columns asked for.</summary>
    public static IReadOnlyList<LineColumn<ProbeEvent>> Columns(LineChoice choice) =>
    [
        choice.Time<ProbeEvent>(), choice.Initiator<ProbeEvent>(), s_columns[0], choice.TargetLun((in ProbeEvent e) => e.LunNumber), .. s_columns[1..], .. choice.Extended ? s_extended : [], .. choice.Cdb ? [s_cdb] : (LineColumn<ProbeEvent>[])[], s_op,
    ];

    private static void Cdb(LineText text, in ProbeEvent e, in EventContext context)
    {
        Span<byte> cdb = stackalloc byte[PduFields.MaxCdb];
        CommandLines.PutHex(text, cdb[..PduFields.Cdb(e, cdb)]);
    }

    private static void Tag(LineText text, uint? value, string format = "x8")
    {
        if (value is { } known) text.Put(known, format);
        else text.Put("-");
    }

    private static void Number(LineText text, uint? value)
    {
        if (value is { } known) text.Put(known);
        else text.Put("-");
    }
}
