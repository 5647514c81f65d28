namespace Iscsitop.Cli.Metrics;

/// <summary>What a metric is: how its values are to be read.</summary>
public enum InstrumentKind : byte
{
    /// <summary>A sum that only grows: <c>_total</c> to Prometheus.</summary>
    Counter,

    /// <summary>How many there are now; adds up over its labels. A gauge to Prometheus.</summary>
    UpDownCounter,

    /// <summary>How something is now.</summary>
    Gauge,

    /// <summary>Counts of values by how large they are.</summary>
    Histogram,
}

/// <summary>The names of attributes; Prometheus has <c>_</c> for each dot.</summary>
public static class MetricLabels
{
    public const string TargetName = "iscsi.target.name";
    public const string Lun = "scsi.lun";
    public const string InitiatorName = "iscsi.initiator.name";
    public const string Direction = "disk.io.direction";
    public const string Phase = "iscsi.phase";
    public const string Error = "error.type";
    public const string Opcode = "scsi.opcode";
    public const string LocalAddress = "network.local.address";
    public const string NetworkType = "network.type";
    public const string LoginResult = "iscsi.login.result";
    public const string EndReason = "iscsi.end.reason";
    public const string Function = "iscsi.tmf.function";
    public const string Response = "iscsi.tmf.response";
    public const string Digest = "iscsi.digest";
    public const string PingOrigin = "iscsi.origin";
    public const string Reason = "iscsi.reject.reason";
    public const string Pdu = "iscsi.pdu.type";
    public const string PduDirection = "network.io.direction";
    public const string Stage = "iscsitop.stage";
    public const string Interface = "iface";
    public const string ProgramVersion = "version";

    /// <summary>What stands for values that are too many to tell apart, and for those that nobody knows.</summary>
    public const string Other = "_OTHER";

    /// <summary>What Prometheus calls an attribute.</summary>
    public static string Prometheus(string attribute)
    {
        ArgumentNullException.ThrowIfNull(attribute);
        return attribute.Replace('.', '_');
    }
}

/// <summary>A metric: one row of <see cref="MetricTable"/>.</summary>
/// <param name="Name">Its name to OpenTelemetry.</param>
/// <param name="Prometheus">Its name to Prometheus, with the unit and <c>_total</c>; of a histogram without <c>_bucket</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Unit">Its unit in UCUM: <c>s</c>, <c>By</c>, <c>{command}</c>; "" for none.</param>
/// <param name="Help">What it counts, in a line.</param>
/// <param name="Labels">The attributes its series are told apart by.</param>
public sealed record MetricRow(string Name, string Prometheus, InstrumentKind Kind, string Unit, string Help, IReadOnlyList<string> Labels)
{
    /// <summary>Whether it has the initiator, too, when that is asked for (<c>--metrics-by initiator</c>).</summary>
    public bool ByInitiator { get; init; }

    /// <summary>The share (0-1) of all series that it may have.</summary>
    public double Share { get; init; } = 0.1;

    /// <summary>Upper bounds of the buckets of a classic histogram, inclusive.</summary>
    public IReadOnlyList<double> Bounds { get; init; } = [];

    /// <summary>How its values follow from what was observed; null for what is no matter of snapshots.</summary>
    internal Reading? Read { get; init; }

    /// <summary>Series of Prometheus that one set of labels is: of a histogram its buckets, sum and count.</summary>
    public int Cost => Kind == InstrumentKind.Histogram ? Bounds.Count + 3 : 1;

    /// <summary>Whether it has so many series that others must be kept a place.</summary>
    internal bool Wide => ByInitiator || Kind == InstrumentKind.Histogram;
}

/// <summary>Takes what a metric says of an interval to its series.</summary>
internal delegate void Reading(Observed observed, MetricSeries into);
