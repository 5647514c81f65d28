using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>One TCP connection that is, or may be, iSCSI. (Stands in for the one that decodes PDUs, on this branch only.)</summary>
internal sealed class WireConnection
{
    public WireConnection(WireContext context, string local, string remote, long time, bool sawStart) =>
        (Context, Local, Remote, Opened, SawStart) = (context, local, remote, time, sawStart);

    public WireContext Context { get; }

    public string Local { get; }

    public string Remote { get; }

    public long Opened { get; }

    public bool SawStart { get; }

    public bool Foreign { get; private set; }

    public WireFacts Facts { get; } = new();

    public uint Id { get; private set; }

    public void Bytes(Direction direction, ReadOnlySpan<byte> bytes, long time)
    {
        if (Id != 0 || Foreign) return;
        Foreign = direction == Direction.ToTarget && (bytes[0] & 0x3f) >= 0x20;
        if (!Foreign) Context.Connections.Add(Id = Context.Provider.NextConnection(), this);
    }

    public void Missing(Direction direction, long count, long time) => Facts.MissingBytes += count;

    public void Close(ConnectionEnd end, long time) => Context.Connections.Remove(Id);

    public static bool LooksLikeLogin(ReadOnlySpan<byte> firstBytes) => firstBytes.Length >= 48 && (firstBytes[0] & 0xbf) == 0x03;
}
