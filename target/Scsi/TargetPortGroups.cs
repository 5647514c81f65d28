using System.Buffers.Binary;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>REPORT TARGET PORT GROUPS (SPC-4 §6.37): the one group there is, always active/optimized.</summary>
internal static class TargetPortGroups
{
    private const byte OptimizedSupported = 0x01; // AO_SUP
    private const byte ExtendedHeader = 0x10;
    private const int GroupLength = 12;

    public static ScsiStatus Report(ScsiTask task)
    {
        int format = task.Cdb[1] >> 5;
        if (format > 1) return task.FailField(1);
        Span<byte> data = task.ReplyArea();
        int header = format == 0 ? 4 : 8;
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)(header - 4 + GroupLength));
        if (format == 1) data[4] = ExtendedHeader; // and no transition takes any time
        Span<byte> group = data[header..];
        group[1] = OptimizedSupported;
        BinaryPrimitives.WriteUInt16BigEndian(group[2..], task.Nexus.PortalGroup);
        group[7] = 1; // ports
        BinaryPrimitives.WriteUInt16BigEndian(group[10..], task.Nexus.RelativePort);
        return task.Reply(header + GroupLength);
    }
}
