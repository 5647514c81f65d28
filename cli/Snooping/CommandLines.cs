using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Cli.Snooping;

/// <summary>The columns of the listing of completed commands.</summary>
internal static class CommandLines
{
    private static readonly LineColumn<CompletedCommand>[] s_columns =
    [
        new("PROBE", 12, true, (t, in c, in x) => t.Put("scsi-command")),
        new("ITT", 8, false, (t, in c, in x) => t.Put(c.Itt, "x8")),
        new("OP", 12, true, (t, in c, in x) => t.Put(Operation(c))),
        new("LBA", 10, false, (t, in c, in x) => PutKnown(t, Marks.Row(c)?.Lba(Marks.Cdb(c)))),
        new("LEN", 5, false, (t, in c, in x) => PutKnown(t, Marks.Blocks(c))),
        new("BYTES", 7, false, (t, in c, in x) => t.Put(c.ReadBytes + c.WriteBytes)),
        new("LAT(ms)", 8, false, (t, in c, in x) => t.PutMilliseconds(c.Latency)),
        new("R2T", 3, false, (t, in c, in x) => t.Put(c.R2ts)),
    ];

    private static readonly LineColumn<CompletedCommand>[] s_extended =
    [
        new("CMDSN", 8, false, (t, in c, in x) => t.Put(c.CmdSn)),
        new("EDTL", 7, false, (t, in c, in x) => t.Put(c.ExpectedLength)),
        new("RESID", 6, false, (t, in c, in x) => t.Put(c.Residual)),
        new("DESC", 4, false, (t, in c, in x) => PutKnown(t, Marks.Descriptors(c))),
        new("SVC", 8, false, (t, in c, in x) => t.PutMilliseconds(c.Service)),
        new("R2W", 8, false, (t, in c, in x) => t.PutMilliseconds(c.R2tWait)),
        new("HST", 8, false, (t, in c, in x) => t.PutMilliseconds(c.HostData)),
        new("RD1", 8, false, (t, in c, in x) => t.PutMilliseconds(c.FirstByte)),
        new("RDX", 8, false, (t, in c, in x) => t.PutMilliseconds(c.Transfer)),
    ];

    private static readonly LineColumn<CompletedCommand> s_cdb = new("CDB", 32, true, (t, in c, in x) => PutHex(t, c.CdbSpan));
    private static readonly LineColumn<CompletedCommand> s_status = new("STATUS", 6, true, (t, in c, in x) => Status(t, c));

    /// <summary>The columns asked for.</summary>
    public static IReadOnlyList<LineColumn<CompletedCommand>> Columns(LineChoice choice) =>
    [
        choice.Time<CompletedCommand>(), choice.Initiator<CompletedCommand>(), s_columns[0], choice.TargetLun((in CompletedCommand c) => c.Lun), .. s_columns[1..], .. choice.Extended ? s_extended : [], .. choice.Cdb ? [s_cdb] : (LineColumn<CompletedCommand>[])[], s_status,
    ];

    /// <summary>Bytes in hex, <c>-</c> for none.</summary>
    public static void PutHex(LineText text, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0) text.Put("-");
        foreach (byte b in bytes) text.Put(b, "x2");
    }

    private static string Operation(in CompletedCommand c) => Marks.Operation(c) is { } operation ? OperationNames.Of(operation) : "-";

    private static void PutKnown(LineText text, ulong? number)
    {
        if (number is { } known) text.Put(known);
        else text.Put("-");
    }

    private static void Status(LineText text, in CompletedCommand c)
    {
        text.Put(c.Response switch { 0 => c.Status.Name(), Marks.Aborted => "(aborted)", _ => "(target failure)" });
        if (Marks.Sense(c) is >= 0 and var sense)
        {
            text.Put(" ");
            text.Put(Marks.SenseText(sense));
        }
    }
}

/// <summary>What of a line was asked for.</summary>
/// <param name="Extended">Sequence numbers, phases (<c>-x</c>).</param>
/// <param name="WallClock">Time of day (<c>-T</c>) instead of seconds since the beginning.</param>
/// <param name="Cdb">The CDB in hex (<c>-H</c>).</param>
/// <param name="Began">What seconds are counted from, ns since 1970; the first line when it is negative.</param>
internal sealed record LineChoice(bool Extended, bool WallClock, bool Cdb, long Began)
{
    /// <summary>What initiators and targets are called.</summary>
    public Naming Naming { get; init; } = new(NameStyle.Iqn, new Dictionary<string, string>());

    /// <summary>The column of the initiator.</summary>
    public LineColumn<T> Initiator<T>() => new("INITIATOR", 24, true, (t, in e, in x) => Name(t, x.Initiator, x.Connection.Remote));

    /// <summary>The column of target and LUN, each <c>-</c> when unknown.</summary>
    public LineColumn<T> TargetLun<T>(LunOf<T> lun) => new("T:L", 24, true, (t, in e, in x) =>
    {
        Name(t, x.Target, x.Connection.Local);
        t.Put(":");
        if (lun(in e) is var number && number != LunNumber.Unknown) t.Put(number);
        else t.Put("-");
    });

    private void Name(LineText text, string name, string address)
    {
        if (Naming.Style != NameStyle.Ip) text.PutName(Naming.Of(name, address));
        else if (address.Length == 0) text.Put("-");
        else text.Put(RowFilter.HostOf(address));
    }

    /// <summary>The time column.</summary>
    public LineColumn<T> Time<T>()
    {
        if (WallClock) return new("TIME", 18, true, (t, in e, in x) => t.Put(DateTime.UnixEpoch.AddTicks(x.WallTime / 100).ToLocalTime(), "HH:mm:ss.fffffff"));
        long began = Began;
        return new("TIME(s)", 12, false, (t, in e, in x) =>
        {
            if (began < 0) began = x.WallTime;
            t.Put((x.WallTime - began) / 1e9, "0.000000");
        });
    }
}

/// <summary>The LUN of what a line is about.</summary>
internal delegate ulong LunOf<T>(in T line);
