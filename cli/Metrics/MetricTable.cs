using static Iscsitop.Cli.Metrics.MetricLabels;
using Kind = Iscsitop.Cli.Metrics.InstrumentKind;

namespace Iscsitop.Cli.Metrics;

/// <summary>
/// Every metric there is, the most important first: where series are too many, those of the first rows are told apart. docs/metrics.md and
/// iscsitop-metrics(8) say the same.
/// </summary>
public static class MetricTable
{
    // In seconds.
    private static readonly double[] s_durations = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];

    // In bytes: 512 to 4 MiB.
    private static readonly double[] s_sizes = [.. Enumerable.Range(9, 14).Select(i => (double)(1L << i))];

    /// <summary>The rows.</summary>
    public static IReadOnlyList<MetricRow> Rows { get; } =
    [
        new("iscsi.server.command.duration", "iscsi_server_command_duration_seconds", Kind.Histogram, "s", "Time from command to status (LAT) of reads and writes", [TargetName, Lun, Direction]) { Read = CellReadings.Durations, Bounds = s_durations, Share = 0.7 },
        new("iscsi.server.commands", "iscsi_server_commands_total", Kind.Counter, "{command}", "Commands that got their status", [TargetName, Lun, Direction]) { Read = CellReadings.Commands, ByInitiator = true, Share = 0.1 },
        new("iscsi.server.io", "iscsi_server_io_bytes_total", Kind.Counter, "By", "Bytes of SCSI data moved by completed commands", [TargetName, Lun, Direction]) { Read = CellReadings.Bytes, ByInitiator = true, Share = 0.1 },
        new("iscsi.server.command.outstanding", "iscsi_server_command_outstanding", Kind.UpDownCounter, "{command}", "Commands outstanding now", [TargetName, Lun]) { Read = CellReadings.Outstanding, ByInitiator = true, Share = 0.05 },
        new("iscsi.server.command.errors", "iscsi_server_command_errors_total", Kind.Counter, "{command}", "Commands that ended with a status other than GOOD and CONDITION MET, by sense data or status", [TargetName, Lun, Error, Opcode]) { Read = FailureReadings.Errors },
        new("iscsi.server.opcode.commands", "iscsi_server_opcode_commands_total", Kind.Counter, "{command}", "Commands that got their status, by operation", [TargetName, Opcode]) { Read = CellReadings.OperationCommands },
        new("iscsi.server.opcode.time", "iscsi_server_opcode_time_seconds_total", Kind.Counter, "s", "Time from command to status (LAT), added up by operation", [TargetName, Opcode]) { Read = CellReadings.OperationTime },
        new("iscsi.server.session.count", "iscsi_server_session_count", Kind.UpDownCounter, "{session}", "Sessions open now", [TargetName]) { Read = ConnectionReadings.Sessions },
        new("iscsi.server.connection.count", "iscsi_server_connection_count", Kind.UpDownCounter, "{connection}", "Connections of sessions open now", [TargetName, LocalAddress, NetworkType]) { Read = ConnectionReadings.Connections },
        new("iscsi.server.logins", "iscsi_server_logins_total", Kind.Counter, "{login}", "Logins that were answered: success, failure (error.type says why), redirect", [TargetName, LoginResult, Error]) { Read = ConnectionReadings.Logins },
        new("iscsi.server.session.ends", "iscsi_server_session_ends_total", Kind.Counter, "{session}", "Ends of connections of sessions: logout, reinstated, nop_timeout, fin, rst, digest, unknown", [TargetName, EndReason]) { Read = ConnectionReadings.Ends },
        new("iscsi.server.task_management", "iscsi_server_task_management_total", Kind.Counter, "{request}", "Task management requests that were answered, or never will be (none)", [TargetName, Function, Response]) { Read = ConnectionReadings.Tasks },
        new("iscsi.server.nop.unanswered", "iscsi_server_nop_unanswered_total", Kind.Counter, "{ping}", "Pings without an answer for 5 s, or until their connection ended", [TargetName]) { Read = ConnectionReadings.NopsLost },
        new("iscsi.server.reservation.conflicts", "iscsi_server_reservation_conflicts_total", Kind.Counter, "{command}", "Commands that ended with RESERVATION CONFLICT", [TargetName, Lun]) { Read = FailureReadings.Conflicts },
        new("iscsi.server.digest.errors", "iscsi_server_digest_errors_total", Kind.Counter, "{error}", "Digests that did not match: header, data", [TargetName, Digest]) { Read = FailureReadings.Digests },
        new("iscsi.server.rejects", "iscsi_server_rejects_total", Kind.Counter, "{pdu}", "Reject PDUs by reason", [TargetName, Reason]) { Read = FailureReadings.Rejects },
        new("iscsi.server.window.stall.time", "iscsi_server_window_stall_seconds_total", Kind.Counter, "s", "Time the command window was closed and commands waited for it", [TargetName]) { Read = ConnectionReadings.Stalls },
        new("iscsi.server.unmap.blocks", "iscsi_server_unmap_blocks_total", Kind.Counter, "{block}", "Blocks that UNMAPs which ended GOOD asked for", [TargetName, Lun]) { Read = CellReadings.Unmapped },
        new("iscsi.server.tcp.retransmits", "iscsi_server_tcp_retransmits_total", Kind.Counter, "{segment}", "TCP segments with payload that was sent again; of packets only", [TargetName]) { Read = ConnectionReadings.Retransmits },
        new("iscsi.server.pdus", "iscsi_server_pdus_total", Kind.Counter, "{pdu}", "PDUs by the name of their probe, seen from the target; with --pdus only", [TargetName, Pdu, PduDirection]) { Read = EngineReadings.Pdus },
        new("iscsi.server.command.unaligned", "iscsi_server_command_unaligned_total", Kind.Counter, "{command}", "Reads and writes begun whose place or length is no multiple of 4096 bytes", [TargetName, Lun, Direction]) { Read = CellReadings.Unaligned, ByInitiator = true, Share = 0.05 },
        new("iscsi.server.nop.duration", "iscsi_server_nop_duration_seconds", Kind.Histogram, "s", "Round trips of pings, by who asked: target, initiator", [TargetName, PingOrigin]) { Read = ConnectionReadings.Nops, Bounds = s_durations },
        new("iscsi.server.command.phase.duration", "iscsi_server_command_phase_duration_seconds", Kind.Histogram, "s", "Where the time went: r2t_wait, host_data, transfer, service, first_byte", [TargetName, Lun, Direction, Phase]) { Read = CellReadings.Phases, Bounds = s_durations, Share = 0.12 },
        new("iscsi.server.command.size", "iscsi_server_command_size_bytes", Kind.Histogram, "By", "Sizes of reads and writes begun, by power of two", [TargetName, Lun, Direction]) { Read = CellReadings.Sizes, Bounds = s_sizes, Share = 0.12 },
        new("iscsitop.capture.packets", "iscsitop_capture_packets_total", Kind.Counter, "{packet}", "Packets looked at", [Interface]) { Read = EngineReadings.Packets },
        new("iscsitop.capture.dropped", "iscsitop_capture_dropped_total", Kind.Counter, "{packet}", "Packets that the kernel or the interface lost", [Interface]) { Read = EngineReadings.Dropped },
        new("iscsitop.decode.resyncs", "iscsitop_decode_resyncs_total", Kind.Counter, "{resync}", "Times a PDU's start was looked for anew; of packets only", []) { Read = EngineReadings.Resyncs },
        new("iscsitop.decode.session.midstream", "iscsitop_decode_session_midstream", Kind.UpDownCounter, "{session}", "Connections open now whose login was not seen; of packets only", []) { Read = EngineReadings.MidStream },
        new("iscsitop.decode.uncounted", "iscsitop_decode_uncounted_total", Kind.Counter, "{command}", "Commands counted nowhere else: their begin was not seen (unmatched), or their end was not (lost)", [Stage]) { Read = EngineReadings.Uncounted },
        new("iscsitop.events.dropped", "iscsitop_events_dropped_total", Kind.Counter, "{event}", "Events lost on their way: in the engine (ring), to this viewer (outbox)", [Stage]) { Read = EngineReadings.Lost },
        new("iscsitop.engines", "iscsitop_engines", Kind.UpDownCounter, "{engine}", "Engines attached to now", []) { Read = EngineReadings.Engines },
        new("iscsitop.series.folds", "iscsitop_series_folds_total", Kind.Counter, "{fold}", "Times a value went to a series of _OTHER for there were --max-series already", []) { Read = EngineReadings.Folds },
        new("iscsitop.scrape.duration", "iscsitop_scrape_duration_seconds", Kind.Gauge, "s", "How long the last scrape took; to Prometheus only", []),
        new("iscsitop.build_info", "iscsitop_build_info", Kind.Gauge, "", "The version, with value 1", [ProgramVersion]) { Read = EngineReadings.Build },
    ];

    /// <summary>The row of a name, OpenTelemetry's or Prometheus's; null when there is none.</summary>
    public static MetricRow? Find(string name) => Rows.FirstOrDefault(r => r.Name == name || r.Prometheus == name);
}
