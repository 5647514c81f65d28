using Iscsitop.Engine.D.Execution;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>A member of one of the provider's structs, and how it is had from an event.</summary>
internal sealed record Field(string Name, DType Type, NumberOf? Number = null, TextOf? Text = null);

/// <summary>The types of args[] (docs/provider.md): each member is a row.</summary>
internal static class ProviderTypes
{
    private static readonly DType s_bytes = DType.UInt8.PointerTo();
    private static readonly DType s_address = new(DKind.Integer, "uintptr_t", 8);

    private static readonly Field[] s_connection =
    [
        new("ci_local", DType.String, Text: m => m.Face.Local),
        new("ci_remote", DType.String, Text: m => m.Face.Remote),
        new("ci_protocol", DType.String, Text: m => m.Face.Protocol),
    ];

    private static readonly Field[] s_iscsi =
    [
        new("ii_target", DType.String, Text: m => m.Face.Target),
        new("ii_initiator", DType.String, Text: m => m.Face.Initiator),
        new("ii_isid", DType.String, Text: m => m.Face.Isid),
        new("ii_tsih", DType.String, Text: m => m.Face.Tsih),
        new("ii_transport", DType.String, Text: _ => "sockets"u8),
        new("ii_lun", DType.UInt64, m => IsXfer(m) || m.Event.LunNumber == Lun.Unknown ? 0 : (long)m.Event.LunNumber),
        new("ii_itt", DType.UInt32, m => IsXfer(m) ? 0 : m.Event.Bhs.Itt),
        new("ii_ttt", DType.UInt32, m => IsXfer(m) ? 0 : m.Event.Bhs.Ttt),
        new("ii_cmdsn", DType.UInt32, m => IsXfer(m) ? 0 : m.Event.Bhs.CmdSn),
        new("ii_statsn", DType.UInt32, m => IsXfer(m) ? 0 : m.Event.Bhs.StatSn),
        new("ii_datasn", DType.UInt32, m => IsXfer(m) ? 0 : m.Event.Bhs.DataSn),
        new("ii_datalen", DType.UInt32, m => IsXfer(m) ? 0 : m.Event.Bhs.DataLength),
        new("ii_flags", DType.UInt32, m => m.Event.Flags),
        // Ours from here on: what the original did not tell.
        new("ii_opcode", DType.UInt8, m => IsXfer(m) ? 0 : (long)m.Event.Bhs.Opcode),
        new("ii_function", DType.UInt8, m => m.Event.Probe == Probe.TaskCommand ? m.Event.Header[1] & 0x7f : 0),
        new("ii_response", DType.UInt8, m => m.Event.Probe is Probe.ScsiResponse or Probe.TaskResponse or Probe.LogoutResponse ? m.Event.Header[2] : 0),
        new("ii_status", DType.UInt8, m => HasStatus(m) ? m.Event.Header[3] : 0),
        new("ii_edtl", DType.UInt32, m => m.Event.Probe == Probe.ScsiCommand ? m.Event.Bhs.At20 : 0),
        new("ii_offset", DType.UInt32, m => m.Event.Probe is Probe.DataSend or Probe.DataReceive or Probe.DataRequest ? m.Event.Bhs.BufferOffset : 0),
        new("ii_desired", DType.UInt32, m => m.Event.Probe == Probe.DataRequest ? m.Event.Bhs.At44 : 0),
        new("ii_residual", DType.UInt32, m => HasStatus(m) ? m.Event.Bhs.At44 : 0),
        new("ii_sense", DType.UInt32, Sense),
        new("ii_event", DType.UInt8, m => m.Event.Probe == Probe.AsyncSend ? m.Event.Header[36] : 0),
    ];

    private static readonly Field[] s_command =
    [
        new("ic_len", DType.UInt64, m => m.Cdb.Length),
        new("ic_cdb", s_bytes, m => m.Cdb.IsEmpty ? 0 : Machine.CdbAddress),
    ];

    private static readonly Field[] s_transfer =
    [
        new("xfer_laddr", s_address, m => Xfer(m, 0, 8)),
        new("xfer_loffset", DType.UInt32, m => Xfer(m, 8, 4)),
        new("xfer_lkey", DType.UInt32, _ => 0),
        new("xfer_raddr", s_address, _ => 0),
        new("xfer_roffset", DType.UInt32, _ => 0),
        new("xfer_rkey", DType.UInt32, _ => 0),
        new("xfer_len", DType.UInt32, m => Xfer(m, 12, 4)),
        new("xfer_type", DType.UInt32, m => Xfer(m, 20, 1)),
        // Ours: the command's tag and LUN.
        new("xfer_itt", DType.UInt32, m => Xfer(m, 16, 4)),
        new("xfer_lun", DType.UInt64, m => m.Event.LunNumber == Lun.Unknown ? 0 : (long)m.Event.LunNumber),
    ];

    private static readonly Field[] s_processor =
    [
        new("cpu_id", DType.Int, _ => 0), new("cpu_pset", DType.Int, _ => 0), new("cpu_chip", DType.Int, _ => 0), new("cpu_lgrp", DType.Int, _ => 0),
    ];

    public static readonly DType Connection = Struct("conninfo_t", s_connection);
    public static readonly DType Iscsi = Struct("iscsiinfo_t", s_iscsi);
    public static readonly DType Command = Struct("iscsicmd_t", s_command);
    public static readonly DType ScsiCommand = Struct("scsicmd_t", s_command);
    public static readonly DType Transfer = Struct("xferinfo_t", s_transfer);
    public static readonly DType Processor = Struct("cpuinfo_t", s_processor);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DType> Structs { get; } = [Connection, Iscsi, Command, ScsiCommand, Transfer, Processor];

    /// <summary>The types of a probe's args[], in order.</summary>
    public static IReadOnlyList<DType> Arguments(ProbeEntry probe) => probe switch
    {
        { Source: not ProbeSource.Engine } => [],
        { Probe: Probe.ScsiCommand } => [Connection, Iscsi, Command],
        { Probe: Probe.XferStart or Probe.XferDone } => [Connection, Iscsi, Transfer],
        _ => [Connection, Iscsi],
    };

    /// <summary>The fields of one of the provider's structs, null for another.</summary>
    public static IReadOnlyList<Field>? FieldsOf(DType type) => type.Name switch
    {
        "conninfo_t" => s_connection,
        "iscsiinfo_t" => s_iscsi,
        "iscsicmd_t" or "scsicmd_t" => s_command,
        "xferinfo_t" => s_transfer,
        "cpuinfo_t" => s_processor,
        _ => null,
    };

    /// <summary>arg0 to arg9: of a PDU what its probe is about, of a transfer what the original passed.</summary>
    public static long Raw(Machine m, int n)
    {
        ref readonly ProbeEvent e = ref m.Event;
        if (m.Probe.Entry.Source == ProbeSource.Error) return n is > 0 and < 6 ? m.ErrorArguments[n] : 0;
        if (m.Probe.Entry.Source != ProbeSource.Engine) return 0;
        if (n == 0) return e.Connection;
        if (IsXfer(m))
            // Published scripts print reads where arg8 is true.
            return n switch { 1 => Xfer(m, 0, 8), 2 => Xfer(m, 8, 4), 6 => Xfer(m, 12, 4), 7 => Xfer(m, 20, 1), 8 => 1 - Xfer(m, 20, 1), 9 => Xfer(m, 16, 4), _ => 0 };
        return n switch
        {
            // A tag tells tasks of one connection apart; scripts use it for all of them.
            1 => (long)e.Connection << 32 | e.Bhs.Itt,
            2 => e.LunNumber == Lun.Unknown ? 0 : (long)e.LunNumber,
            3 => e.Bhs.Ttt,
            4 => e.Bhs.CmdSn,
            5 => e.Bhs.StatSn,
            6 => e.Bhs.DataLength,
            7 => e.Flags,
            8 => (long)e.Bhs.Opcode,
            _ => e.Bhs.DataSn,
        };
    }

    private static bool IsXfer(Machine m) => m.Event.Probe is Probe.XferStart or Probe.XferDone;

    private static long Xfer(Machine m, int offset, int size)
    {
        if (!IsXfer(m)) return 0;
        long value = 0;
        for (int i = 0; i < size; i++) value = value << 8 | m.Event.Header[offset + i];
        return value;
    }

    private static bool HasStatus(Machine m) =>
        m.Event.Probe == Probe.ScsiResponse || m.Event.Probe == Probe.DataSend && (m.Event.Header[1] & BhsFlags.Status) != 0;

    // Sense key, ASC and ASCQ of fixed and descriptor format (SPC-5 §4.4), as one number.
    private static long Sense(Machine m)
    {
        if (m.Event.Probe != Probe.ScsiResponse) return 0;
        ReadOnlySpan<byte> sense = m.Event.TailSpan;
        if (sense.Length < 4) return 0;
        if ((sense[0] & 0x7f) >= 0x72) return (sense[1] & 15) << 16 | sense[2] << 8 | sense[3];
        return sense.Length < 14 ? (sense[2] & 15) << 16 : (sense[2] & 15) << 16 | sense[12] << 8 | sense[13];
    }

    private static DType Struct(string name, Field[] fields)
    {
        var members = new List<DMember>();
        int end = 0;
        foreach (Field field in fields)
        {
            int alignment = field.Type.IsString ? 1 : field.Type.Size, offset = (end + alignment - 1) / alignment * alignment;
            members.Add(new DMember(field.Name, field.Type, offset));
            end = offset + field.Type.Size;
        }
        return new DType(DKind.Struct, name, (end + 7) / 8 * 8) { Members = members };
    }
}
