namespace Iscsitop.Engine.Fleet;

/// <summary>What becomes of a metric's values.</summary>
internal enum FleetRole : byte
{
    /// <summary>Says that its host is there, and which version it has.</summary>
    Heartbeat,
    Commands,
    Bytes,
    Outstanding,
    Errors,
    Bucket,
    DurationSum,
    DurationCount,
    PhaseSum,
    PhaseCount,
    Sessions,
    Connections,
    Logins,
    Ends,
    Tasks,
}

/// <summary>The metrics that a fleet is read from, as <c>iscsitop metrics</c> names them to Prometheus.</summary>
public static class FleetMetrics
{
    /// <summary>A series of each host.</summary>
    public const string Heartbeat = "iscsitop_build_info";

    internal const string Host = "instance";
    internal const string Job = "job";
    internal const string Target = "iscsi_target_name";
    internal const string Lun = "scsi_lun";
    internal const string Initiator = "iscsi_initiator_name";
    internal const string Direction = "disk_io_direction";
    internal const string Phase = "iscsi_phase";
    internal const string Error = "error_type";
    internal const string LoginResult = "iscsi_login_result";
    internal const string EndReason = "iscsi_end_reason";
    internal const string Bound = "le";
    internal const string Version = "version";

    private static readonly (string Name, FleetRole Role)[] s_roles =
    [
        (Heartbeat, FleetRole.Heartbeat),
        ("iscsi_server_commands_total", FleetRole.Commands),
        ("iscsi_server_io_bytes_total", FleetRole.Bytes),
        ("iscsi_server_command_outstanding", FleetRole.Outstanding),
        ("iscsi_server_command_errors_total", FleetRole.Errors),
        ("iscsi_server_command_duration_seconds_bucket", FleetRole.Bucket),
        ("iscsi_server_command_duration_seconds_sum", FleetRole.DurationSum),
        ("iscsi_server_command_duration_seconds_count", FleetRole.DurationCount),
        ("iscsi_server_command_phase_duration_seconds_sum", FleetRole.PhaseSum),
        ("iscsi_server_command_phase_duration_seconds_count", FleetRole.PhaseCount),
        ("iscsi_server_session_count", FleetRole.Sessions),
        ("iscsi_server_connection_count", FleetRole.Connections),
        ("iscsi_server_logins_total", FleetRole.Logins),
        ("iscsi_server_session_ends_total", FleetRole.Ends),
        ("iscsi_server_task_management_total", FleetRole.Tasks),
    ];

    // What a metric tells its own series apart by begins with one of these; any other label is of the way they came by.
    private static readonly string[] s_own = ["iscsi_", "scsi_", "disk_", "error_", "network_", "le"];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_roles.Select(r => r.Name)];

    /// <summary>Labels that are looked at, beside those that Prometheus adds.</summary>
    public static IReadOnlyList<string> Labels { get; } = [Target, Lun, Initiator, Direction, Phase, Error, LoginResult, EndReason, Version];

    internal static FleetRole? RoleOf(string name)
    {
        foreach ((string known, FleetRole role) in s_roles)
            if (known == name)
                return role;
        return null;
    }

    /// <summary>Whether values are how it is now, not a sum.</summary>
    internal static bool IsGauge(FleetRole role) => role is FleetRole.Heartbeat or FleetRole.Outstanding or FleetRole.Sessions or FleetRole.Connections;

    /// <summary>Whether a label is the metric's, and not of where it came from.</summary>
    internal static bool IsOwn(string label) => s_own.Any(o => o == label || (o.EndsWith('_') && label.StartsWith(o, StringComparison.Ordinal)));

    /// <summary>The selector of all series, over so many seconds.</summary>
    internal static string Selector(string hosts, double seconds) => $"{{__name__=~\"{string.Join('|', Names)}\"{hosts}}}[{Span(seconds)}]";

    /// <summary>The selector of the hosts' heartbeats.</summary>
    internal static string Heartbeats(string hosts, double seconds) => $"{Heartbeat}{{{hosts.TrimStart(',')}}}[{Span(seconds)}]";

    /// <summary>Whether the last scrape of each host succeeded.</summary>
    internal static string Up(string hosts) => $"up{{{hosts.TrimStart(',')}}} and on ({Job}, {Host}) last_over_time({Heartbeats(hosts, 3600)})";

    private static string Span(double seconds) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(long)Math.Ceiling(seconds * 1000)}ms");
}

/// <summary>What stands for the operation of commands of which only the direction is known. No command has these numbers.</summary>
public static class FleetOperations
{
    public const ushort Read = 0xff01;
    public const ushort Write = 0xff02;
    public const ushort Other = 0xff03;
}
