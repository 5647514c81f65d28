using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Cli;

/// <summary>When a table shows a column; files carry every column unless <c>-F</c> chooses.</summary>
public enum Shown : byte
{
    /// <summary>Always.</summary>
    Always,

    /// <summary>With <c>-X</c>, or when <c>-F</c> names it.</summary>
    Extended,

    /// <summary>With the decomposition (<c>--decompose</c>, key d), with <c>-X</c>, or when <c>-F</c> names it.</summary>
    Decomposed,

    /// <summary>Only when <c>-F</c> names it.</summary>
    InFiles,
}

/// <summary>
/// A column of a table view: one row here feeds the screen, every batch format, <c>--list-fields</c>, sorting and the
/// checks of the man page.
/// </summary>
/// <param name="Field">The stable snake_case name of files and scripts.</param>
/// <param name="Header">Its title on the screen, in 7-bit ASCII.</param>
/// <param name="Width">Cells it takes, without the gap; text columns may grow.</param>
/// <param name="Unit">Unit of the value in files ("1/s", "B/s", "B", "us", "s", "%", "s since 1970", ""), which is also what <see cref="Value"/> returns.</param>
/// <param name="Help">One line for help and man page.</param>
/// <param name="Value">The number; NaN when unknown. Null for a text column.</param>
/// <param name="Text">The text of a text column; "" when unknown. Null for a number.</param>
/// <param name="Show">Formats the number for the screen without allocating; returns the characters written. Null for a text column.</param>
/// <param name="Shown">When a table shows it.</param>
public sealed record Column(
    string Field, string Header, int Width, string Unit, string Help,
    Func<Row, double>? Value, Func<Row, string>? Text = null, ShowNumber? Show = null, Shown Shown = Shown.Always)
{
    /// <summary>Unit of points in time.</summary>
    internal const string SinceEpoch = "s since 1970";

    /// <summary>Whether it says which row this is, and so says nothing of a total.</summary>
    public bool Identifies { get; init; } = Text is not null;

    /// <summary>Whether its text is never longer than it is wide, so that no row need be asked.</summary>
    internal bool Bounded { get; init; }

    /// <summary>Whether its text is to be read, so that its beginning matters; names differ at their ends.</summary>
    public bool Prose { get; init; }

    /// <summary>Whether it stands at the left, and is neither scrolled nor left out.</summary>
    internal bool Anchored { get; init; }

    /// <summary>Whether its end matters although it is to be read: it often ends with a name.</summary>
    internal bool NamedAtEnd { get; init; }

    /// <summary>Whether it is never cut while other columns can go: what it says has both ends in common with others.</summary>
    internal bool Whole { get; init; }

    /// <summary>Cells its text needs at least, where it is longer; what is left over goes to it.</summary>
    internal int Least { get; init; } = 14;

    /// <summary>The column in other units: its header and format change, its value does not.</summary>
    public Column In(DisplayUnits units) => Unit switch
    {
        "us" => this with { Show = units.Latency },
        SinceEpoch => this with { Show = units.Clock },
        "B/s" when units.Binary => this with { Header = Header.Replace("MB", "MiB", StringComparison.Ordinal), Width = Math.Max(Width, 6), Show = Numbers.Mebibytes },
        "B" when units.Binary && Show == Numbers.Kilobytes => this with { Show = Numbers.Kibibytes },
        _ when Field == PatternColumns.Aligned.Field => this with { Value = r => PatternColumns.AlignedShare(r, units.Align) },
        _ => this,
    };
}

/// <summary>Writes a number for people: <c>12.3k</c>, <c>0.45</c>, <c>-</c> for NaN.</summary>
/// <param name="value">The number in the column's unit.</param>
/// <param name="into">At least <see cref="Numbers.MaxWidth"/> characters.</param>
/// <returns>Characters written.</returns>
public delegate int ShowNumber(double value, Span<char> into);

/// <summary>The units people asked for with <c>--unit</c> and <c>-B</c>.</summary>
/// <param name="Latency">Formats microseconds as the unit of time.</param>
/// <param name="LatencyUnit">That unit: us, ms or s.</param>
/// <param name="Binary">MiB and KiB instead of MB and kB.</param>
public sealed record DisplayUnits(ShowNumber Latency, string LatencyUnit, bool Binary)
{
    /// <summary>Alignment looked for unless something else is asked for: a page of most systems and databases.</summary>
    public const long StandardAlignment = 4096;

    /// <summary>What places and lengths of reads and writes are to be multiples of, in bytes: a power of two from 512 to 1 MiB.</summary>
    public long Align { get; init; } = StandardAlignment;

    /// <summary>The time zone of clocks.</summary>
    public TimeZoneInfo Zone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>Formats seconds since 1970 as the time of day.</summary>
    public ShowNumber Clock => (double seconds, Span<char> into) => Numbers.Clock(seconds, Zone, into);

    /// <summary>Milliseconds and decimal bytes.</summary>
    public static DisplayUnits Default { get; } = new(Numbers.Milliseconds, "ms", false);
}

/// <summary>Every column there is. A view is a choice of them.</summary>
public static class Columns
{
    /// <summary>Commands a median or 95th percentile needs before it is shown.</summary>
    public const int MedianNeeds = 20;

    /// <summary>Commands a 99th percentile needs before it is shown.</summary>
    public const int TailNeeds = 100;

    internal static readonly Column Target = Name("target", "TARGET", 24, "target name; - before login", r => r.Target);
    internal static readonly Column Initiator = Name("initiator", "INITIATOR", 30, "initiator name; - before login", r => r.Initiator);
    internal static readonly Column Op = Name("op", "OPCODE", 16, "SCSI operation by name, its number when it has none here", Operation) with { Whole = true };
    internal static readonly Column UnitName = Name("name", "NAME", 8, "what the unit calls itself (VPD page 80h)", r => r.Unit?.Name ?? "");
    internal static readonly Column Opcode = Name("opcode", "HEX", 9, "operation code, with service action after a slash", r => r.Extras.Heads.Length > 0 ? "" : OperationNames.Number(r.Operation));

    internal static readonly Column Lun = new("lun", "LUN", 5, "", "logical unit number", r => r.Lun == Iscsitop.Target.Iscsi.Lun.Unknown ? double.NaN : r.Lun, null, Numbers.Integer) { Identifies = true };

    internal static readonly Column[] Rates =
    [
        Rate("reads_per_s", "R/s", "reads completed a second", r => r.Read.OpsPerSecond),
        Rate("writes_per_s", "W/s", "writes completed a second", r => r.Write.OpsPerSecond),
        Rate("others_per_s", "OTH/s", "other commands completed a second", r => r.Other.OpsPerSecond),
        Throughput("read_bytes_per_s", "RMB/s", "data sent to initiators", r => r.Read.BytesPerSecond),
        Throughput("write_bytes_per_s", "WMB/s", "data received from initiators", r => r.Write.BytesPerSecond),
    ];

    internal static readonly Column[] Sizes =
    [
        Size("read_size_bytes", "RSZ", "mean bytes of a read", r => r.Read),
        Size("write_size_bytes", "WSZ", "mean bytes of a write", r => r.Write),
    ];

    internal static readonly Column[] Latencies =
    [
        Percentile("read_p50_us", "RP50", "median latency of reads, command to status", r => r.Read.Latency, 0.50),
        Percentile("read_p95_us", "RP95", "95th percentile latency of reads", r => r.Read.Latency, 0.95),
        Percentile("read_p99_us", "RP99", "99th percentile latency of reads", r => r.Read.Latency, 0.99),
        Longest("read_max_us", "RMAX", "longest read", r => r.Read.Latency),
        Percentile("write_p50_us", "WP50", "median latency of writes, command to status", r => r.Write.Latency, 0.50),
        Percentile("write_p95_us", "WP95", "95th percentile latency of writes", r => r.Write.Latency, 0.95),
        Percentile("write_p99_us", "WP99", "99th percentile latency of writes", r => r.Write.Latency, 0.99),
        Longest("write_max_us", "WMAX", "longest write", r => r.Write.Latency),
    ];

    internal static readonly Column Interval = new("interval_s", "SECS", 6, "s", "measured length of the interval", r => r.Seconds > 0 ? r.Seconds : double.NaN, null, Numbers.Digits, Shown.InFiles);
    internal static readonly Column QueueDepth = new("queue_depth", "QD", 5, "", "mean number of commands outstanding", r => Measured(r, r.QueueDepth), null, Numbers.Short);
    internal static readonly Column QueueDepthMax = Fact("queue_depth_max", "QDmx", "", "most commands outstanding at once", (u, s) => s > 0 ? u.MaxOutstanding : double.NaN, Numbers.Integer);
    internal static readonly Column Busy = Fact("busy_pct", "BSY%", "%", "share of the interval with a command outstanding", (u, s) => u.BusyTime / (s * 1e7), Numbers.Percent);
    internal static readonly Column ErrorRate = Rate("errors_per_s", "ERR/s", "commands that ended neither GOOD nor CONDITION MET", r => r.ErrorsPerSecond);
    internal static readonly Column Initiators = new("initiators", "INIs", 4, "", "initiators that used it", r => r.Initiators, null, Numbers.Integer);
    internal static readonly Column Paths = new("paths", "PTHs", 4, "", "sessions (I_T nexuses) that used it", r => r.Paths, null, Numbers.Integer);
    internal static readonly Column Sessions = Paths with { Field = "sessions", Header = "SESS", Help = "sessions of the initiator that did something" };
    internal static readonly Column Share = new("bytes_share_pct", "%IO", 4, "%", "share of all bytes of the report", r => r.ShareOfBytes * 100, null, Numbers.Percent);
    internal static readonly Column OpsShare = new("ops_share_pct", "%OPS", 4, "%", "share of all commands of the report", r => r.ShareOfOps * 100, null, Numbers.Percent, Shown.Extended);
    internal static readonly Column Peak = Fact("iops_peak", "PK", "1/s", "busiest 100 ms of the interval, in commands a second", (u, _) => u.PeakIops < 0 ? double.NaN : u.PeakIops, Numbers.Short);
    internal static readonly Column Outstanding = new("outstanding", "OUT", 4, "", "commands outstanding at the end", r => r.OfCommands ? double.NaN : r.Outstanding, null, Numbers.Integer, Shown.Extended);
    internal static readonly Column Aborted = Count("aborted", "ABRT", "commands that ended without a status", r => r.Aborted) with { Shown = Shown.Extended };

    /// <summary>What one row of files counts exactly, so that scripts need not multiply rates.</summary>
    internal static readonly Column[] Counts =
    [
        Count("reads", "READS", "reads completed in the interval", r => r.Read.Ops),
        Count("writes", "WRITES", "writes completed in the interval", r => r.Write.Ops),
        Count("others", "OTHERS", "other commands completed in the interval", r => r.Other.Ops),
        Count("read_bytes", "RBYTES", "bytes sent to initiators in the interval", r => r.Read.Bytes) with { Unit = "B" },
        Count("write_bytes", "WBYTES", "bytes received from initiators in the interval", r => r.Write.Bytes) with { Unit = "B" },
        .. Failures(),
    ];

    internal static readonly Column[] OperationCounts =
    [
        Count("bytes", "BYTES", "bytes moved in the interval", r => r.Bytes) with { Unit = "B" },
        .. Failures(),
    ];

    internal static readonly Column[] Operations =
    [
        Rate("ops_per_s", "CNT/s", "commands completed a second", r => r.Read.OpsPerSecond + r.Write.OpsPerSecond + r.Other.OpsPerSecond),
        OpsShare with { Header = "%", Shown = Shown.Always },
        Throughput("bytes_per_s", "MB/s", "data moved", r => r.Read.BytesPerSecond + r.Write.BytesPerSecond + r.Other.BytesPerSecond),
        Percentile("p50_us", "P50", "median latency, command to status", Only, 0.50),
        Percentile("p95_us", "P95", "95th percentile latency", Only, 0.95) with { Shown = Shown.Always },
        Percentile("p99_us", "P99", "99th percentile latency", Only, 0.99),
        Longest("max_us", "MAX", "longest command", Only) with { Shown = Shown.Always },
        new("latency_sum_s", "TIME", 5, "s", "sum of the latencies of the interval's commands, in seconds", LatencySum, null, Numbers.Digits),
        new("errors_pct", "ERR%", 4, "%", "share of the commands that failed", r => r.Ops > 0 ? 100.0 * r.Errors / r.Ops : double.NaN, null, Numbers.Percent),
    ];

    /// <summary>The name of a row's operation, indented below the head of a group, which has a name of its own.</summary>
    private static string Operation(Row row) =>
        row.Extras.Heads.Length > 0 ? row.Extras.Heads : row.Extras.Depth > 0 ? OperationNames.Indented(row.Operation) : OperationNames.Of(row.Operation);

    private static Column[] Failures() =>
    [
        Count("errors", "ERRS", "failed commands in the interval", r => r.Errors),
        Count("n", "N", "commands completed in the interval", r => r.Ops),
        Interval,
    ];

    private static Column Name(string field, string header, int width, string help, Func<Row, string> text) =>
        new(field, header, width, "", help, null, text);

    /// <summary>A point in time, of ns since 1970; 0 when it is not known.</summary>
    internal static Column Time(string field, string header, string help, Func<Row, long> ns) =>
        new(field, header, 8, Column.SinceEpoch, help, r => ns(r) is > 0 and long time ? time / 1e9 : double.NaN, null, Numbers.Clock);

    internal static Column Rate(string field, string header, string help, Func<Row, double> value) =>
        new(field, header, 5, "1/s", help, r => Measured(r, value(r)), null, Numbers.Short);

    internal static Column Throughput(string field, string header, string help, Func<Row, double> value) =>
        new(field, header, 5, "B/s", help, r => Measured(r, value(r)), null, Numbers.Megabytes);

    private static Column Size(string field, string header, string help, Func<Row, Sums> sums) =>
        new(field, header, 5, "B", help, r => sums(r) is { Ops: > 0 } s ? (double)s.Bytes / s.Ops : double.NaN, null, Numbers.Kilobytes);

    private static Column Count(string field, string header, string help, Func<Row, double> value) =>
        new(field, header, 6, "", help, value, null, Numbers.Integer, Shown.InFiles);

    private static Column Percentile(string field, string header, string help, Func<Row, Histogram?> of, double p) =>
        new(field, header, 5, "us", help, r => Microseconds(of(r)?.Percentile(p, p > 0.95 ? TailNeeds : MedianNeeds) ?? -1), null,
            Numbers.Milliseconds, p is 0.95 ? Shown.Extended : Shown.Always);

    private static Column Longest(string field, string header, string help, Func<Row, Histogram?> of) =>
        new(field, header, 5, "us", help, r => Microseconds(of(r)?.Max() ?? -1), null, Numbers.Milliseconds, Shown.Extended);

    private static Column Fact(string field, string header, string unit, string help, Func<UnitDelta, double, double> value, ShowNumber show) =>
        new(field, header, Math.Max(4, header.Length), unit, help, r => r is { OfCommands: false, Unit: { Engine.Seconds: > 0 } u } ? value(u, u.Engine.Seconds) : double.NaN, null, show);

    private static double Measured(Row row, double rate) => row.Seconds > 0 ? rate : double.NaN;

    private static double Microseconds(long ns) => ns < 0 ? double.NaN : ns / 1e3;

    // An operation is a read, a write or neither, so its row has one histogram; the total of several has none of its own.
    private static Histogram? Only(Row row)
    {
        int kinds = (row.Read.Ops > 0 ? 1 : 0) + (row.Write.Ops > 0 ? 1 : 0) + (row.Other.Ops > 0 ? 1 : 0);
        if (kinds != 1) return null;
        return row.Read.Ops > 0 ? row.Read.Latency : row.Write.Ops > 0 ? row.Write.Latency : row.Other.Latency;
    }

    private static double LatencySum(Row row) =>
        (row.Read.Latency.Sum + row.Write.Latency.Sum + row.Other.Latency.Sum) / 1e9;
}
