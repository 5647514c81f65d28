using Iscsitop.Engine;

namespace Iscsitop.Cli;

/// <summary>
/// The views of a fleet: those of engines, with the host before what else tells rows apart. A column that Prometheus has no values for is
/// empty in them, and one that it has values for is, where its host has told nothing new.
/// </summary>
public static class FleetViews
{
    /// <summary>The key of the view of hosts, which only a fleet has.</summary>
    public const string HostKey = "host";

    internal static readonly Column Host = new("host", "HOST", 16, "", "host of the fleet: the instance that Prometheus scrapes", null, r => r.Portal);

    internal static readonly Column[] OfHosts =
    [
        new("host_state", "STATE", 6, "", "of a host: tells, silent, or down when Prometheus cannot scrape it", null, State),
        new("silent_since", "SILENT", 8, Column.SinceEpoch, "since when a host is silent: its last sample", r => r.Extras.Host?.Host is { SilentSince: > 0 and var since } ? since / 1e9 : double.NaN, null, Numbers.Clock),
        new("sample_age_s", "AGE", 5, "s", "age of a host's last sample", r => r.Extras.Host?.Host?.Age ?? double.NaN, null, Numbers.Age),
        new("sample_step_s", "STEP", 5, "s", "time between a host's samples", r => r.Extras.Host?.Host is { Step: > 0 and var step } ? step : double.NaN, null, Numbers.Short),
        new("host_version", "VERSION", 8, "", "version of iscsitop on a host", null, r => r.Extras.Host?.Version ?? "", Shown: Shown.Extended),
    ];

    // Fields that stay what they are, and those that are of measured intervals.
    private static readonly string[] s_names = ["target", "lun", "initiator"];

    private static readonly string[] s_measured =
    [
        "reads_per_s", "writes_per_s", "others_per_s", "read_bytes_per_s", "write_bytes_per_s", "read_size_bytes", "write_size_bytes",
        "read_p50_us", "read_p95_us", "read_p99_us", "write_p50_us", "write_p95_us", "write_p99_us", "errors_per_s",
        "bytes_share_pct", "ops_share_pct", "interval_s", "reads", "writes", "others", "read_bytes", "write_bytes", "errors", "n",
        .. DecompositionColumns.All.Select(c => c.Field),
    ];

    /// <summary>The views, in the order of the screen's keys.</summary>
    public static IReadOnlyList<View> All { get; } =
    [
        Of("lun", Joins.None, ["initiator", HostKey]),
        Of("initiator", Joins.Units, ["lun", "target"]),
        Of("target", Joins.Places, ["lun", "initiator"]),
        Hosts(),
    ];

    private static View Of(string key, Joins joins, string[] next)
    {
        View view = Views.Find(key)!;
        return view with
        {
            Group = view.Group | Dimensions.Portal,
            Columns = [Host, .. view.Columns.Where(c => c.Field != "portal").Select(OfFleet)],
            Joins = joins,
            Next = next,
            Nothing = "Prometheus has no samples of iSCSI targets: iscsitop metrics exports them",
        };
    }

    private static View Hosts()
    {
        View targets = Of("target", Joins.Places | Joins.Hosts, ["lun"]);
        return targets with
        {
            Key = HostKey,
            Title = "Hosts",
            Group = Dimensions.Portal,
            Columns = [Host, .. OfHosts, .. targets.Columns.Where(c => c.Field is not ("host" or "target"))],
        };
    }

    private static Column OfFleet(Column column)
    {
        if (s_names.Contains(column.Field)) return column;
        if (column.Text is { } text) return column with { Text = column.Field == "verdict" ? r => r.Seconds > 0 ? text(r) : "" : _ => "" };
        return column.Field switch
        {
            "outstanding" => column with { Value = r => Told(r, Untold.Outstanding) ? r.Outstanding : double.NaN, Shown = Shown.Always },
            "luns" => column with { Value = r => r.Seconds > 0 ? r.Extras.Units : double.NaN },
            "connections" => column with { Value = r => Links(r) is { Known: true } l ? l.Connections : double.NaN },
            "open_sessions" => column with { Value = r => Links(r) is { Known: true } l ? l.Sessions : double.NaN },
            "logins_per_s" => Counted(column, Fact.Logins),
            "login_failures_per_s" => Counted(column, Fact.LoginFailures),
            "logouts_per_s" => Counted(column, Fact.Logouts),
            "reinstated_per_s" => Counted(column, Fact.Reinstatements),
            "redirected_per_s" => Counted(column, Fact.Redirections),
            "tmfs_per_s" => Counted(column, Fact.TaskRequests),
            "unit_attentions_per_s" => column with { Value = r => Links(r) is { KnowsUnitAttentions: true } l ? l.PerSecond(l.UnitAttentions) : double.NaN },
            _ when s_measured.Contains(column.Field) && column.Value is { } value && NeedsOf(column.Field) is var needs => column with { Value = r => Told(r, needs) ? value(r) : double.NaN },
            _ => column with { Value = _ => double.NaN, Shown = column.Shown == Shown.Always ? Shown.Extended : column.Shown },
        };
    }

    // What a column is made of, as far as a host may have no metric of it.
    private static Untold NeedsOf(string field) => field switch
    {
        "errors" or "errors_per_s" => Untold.Errors,
        "read_size_bytes" or "write_size_bytes" => Untold.Bytes | Untold.Commands,
        "n" or "reads" or "writes" or "others" or "reads_per_s" or "writes_per_s" or "others_per_s" or "ops_share_pct" => Untold.Commands,
        _ => field.Contains("bytes", StringComparison.Ordinal) ? Untold.Bytes : Untold.None,
    };

    private static bool Told(Row row, Untold needs) => row.Seconds > 0 && (row.Untold & needs) == 0;

    private static Column Counted(Column column, Fact fact) => column with { Value = r => Links(r) is { } l && l.Knows(fact) ? l.PerSecond(l[fact]) : double.NaN };

    private static Links? Links(Row row) => row.Extras.Links;

    private static string State(Row row) => row.Extras.Host?.Host switch
    {
        null => "",
        { SilentSince: > 0, Up: false } => "down",
        { SilentSince: > 0 } => "silent",
        _ => "tells",
    };
}
