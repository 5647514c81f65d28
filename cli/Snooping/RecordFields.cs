using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using C = Iscsitop.Cli.Snooping.RecordValues<Iscsitop.Engine.CompletedCommand>;
using LunNumber = Iscsitop.Target.Iscsi.Lun;
using P = Iscsitop.Cli.Snooping.RecordValues<Iscsitop.Target.Probes.ProbeEvent>;

namespace Iscsitop.Cli.Snooping;

/// <summary>The fields of both kinds of records.</summary>
internal static class RecordFields
{
    /// <summary>Of a completed command.</summary>
    public static readonly RecordField<CompletedCommand>[] OfCommand =
    [
        new("time", "when the status was seen, seconds since 1970 with nine decimals", C.Time),
        new("initiator", "initiator name", C.Text((in c, in x) => x.Initiator)),
        new("remote", "address and port of the initiator", C.Text((in c, in x) => x.Connection.Remote)),
        new("target", "target name", C.Text((in c, in x) => x.Target)),
        new("local", "address and port of the target", C.Text((in c, in x) => x.Connection.Local)),
        new("tsih", "target session identifying handle", C.UInt32((in c, in x) => x.Connection.Tsih == 0 ? null : x.Connection.Tsih)),
        new("cid", "connection id within the session", C.UInt32((in c, in x) => x.Connection.Tsih == 0 ? null : x.Connection.Cid)),
        new("lun", "logical unit number", C.UInt64((in c, in x) => Lun(c.Lun))),
        new("itt", "initiator task tag", C.UInt32((in c, in x) => c.Itt)),
        new("op", "name of the SCSI command", C.Text((in c, in x) => Marks.Row(c)?.Name ?? "")),
        new("opcode", "its operation code, with service action after a slash", C.Text((in c, in x) => Marks.Operation(c) is { } op ? OperationNames.Number(op) : "")),
        new("lba", "first logical block", C.UInt64((in c, in x) => Marks.Row(c)?.Lba(Marks.Cdb(c)))),
        new("blocks", "logical blocks the CDB asks for, or the descriptors of an UNMAP", C.UInt64((in c, in x) => Marks.Blocks(c))),
        new("descriptors", "descriptors of an UNMAP that ended GOOD and whose parameter list was seen", C.UInt64((in c, in x) => Marks.Descriptors(c))),
        new("descriptors", "descriptors of an UNMAP that ended GOOD and whose parameter list was seen", C.UInt32((in c, in x) => Marks.Descriptors(c))),
        new("bytes", "data bytes really moved", C.Int64((in c, in x) => c.ReadBytes + c.WriteBytes)),
        new("lat_us", "command to status", C.Duration((in c, in x) => c.Latency)),
        new("svc_us", "the target's own time once it had the data", C.Duration((in c, in x) => c.Service)),
        new("r2t_us", "command to first R2T", C.Duration((in c, in x) => c.R2tWait)),
        new("host_us", "time in which an R2T waited for the initiator's data", C.Duration((in c, in x) => c.HostData)),
        new("xfer_us", "first to last Data-In", C.Duration((in c, in x) => c.Transfer)),
        new("first_byte_us", "command to first Data-In", C.Duration((in c, in x) => c.FirstByte)),
        new("r2ts", "R2Ts the command needed", C.UInt32((in c, in x) => c.R2ts)),
        new("status", "SCSI status; null when the command ended without one", C.Text((in c, in x) => c.Response == 0 ? c.Status.Name() : "")),
        new("sense", "sense key, code and qualifier", C.Text((in c, in x) => Marks.Sense(c) is >= 0 and var sense ? Marks.SenseText(sense) : "")),
        new("residual", "residual count: positive underflow, negative overflow", C.Int64((in c, in x) => c.Residual)),
    ];

    /// <summary>Of a probe firing.</summary>
    public static readonly RecordField<ProbeEvent>[] OfPdu =
    [
        new("time", "when the probe fired, seconds since 1970 with nine decimals", P.Time),
        new("probe", "name of the probe", P.Text((in e, in x) => e.Probe.Name())),
        new("remote", "address and port of the initiator", P.Text((in e, in x) => x.Connection.Remote)),
        new("local", "address and port of the target", P.Text((in e, in x) => x.Connection.Local)),
        new("initiator", "initiator name", P.Text((in e, in x) => x.Initiator)),
        new("target", "target name", P.Text((in e, in x) => x.Target)),
        new("lun", "logical unit number", P.UInt64((in e, in x) => Lun(e.LunNumber))),
        new("itt", "initiator task tag", P.UInt32((in e, in x) => PduFields.Itt(e))),
        new("ttt", "target transfer tag", P.UInt32((in e, in x) => PduFields.Ttt(e))),
        new("cmdsn", "CmdSN of a request, ExpCmdSN of a response", P.UInt32((in e, in x) => PduFields.CmdSn(e))),
        new("statsn", "ExpStatSN of a request, StatSN of a response", P.UInt32((in e, in x) => PduFields.StatSn(e))),
        new("datasn", "DataSN, R2TSN or ExpDataSN", P.UInt32((in e, in x) => PduFields.DataSn(e))),
        new("datalen", "bytes of the data segment, or of the transfer", P.UInt32((in e, in x) => PduFields.DataLength(e))),
        new("flags", "byte 1 of the header; 0 for task-command", P.UInt32((in e, in x) => PduFields.Flags(e))),
        new("cdb", "the CDB of a scsi-command in hex", P.Hex(PduFields.Cdb)),
    ];

    private static ulong? Lun(ulong lun) => lun == LunNumber.Unknown ? null : lun;
}
