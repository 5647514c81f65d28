using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>What one connection was told.</summary>
internal sealed class Recording(string local, string remote, long opened, bool sawStart)
{
    /// <summary>What stands for a byte that was missing.</summary>
    public const int Hole = -1;

    public string Local => local;

    public string Remote => remote;

    public long Opened => opened;

    public bool SawStart => sawStart;

    public bool Foreign { get; set; }

    public bool Known { get; set; }

    public bool HeardBoth { get; set; }

    public WireFacts Facts { get; } = new();

    public List<int> ToTarget { get; } = [];

    public List<int> ToInitiator { get; } = [];

    public List<long> Times { get; } = [];

    /// <summary>Bytes of holes too large to write down.</summary>
    public long Lost { get; set; }

    public List<(ConnectionEnd End, long Time)> Ends { get; } = [];

    public string Text => new([.. ToTarget.Select(b => b == Hole ? '.' : (char)b)]);

    public List<int> Of(Direction direction) => direction == Direction.ToTarget ? ToTarget : ToInitiator;
}

/// <summary>Takes the place of what decodes iSCSI. A login begins with 'C' and goes on with "login".</summary>
internal readonly struct Recorder(Recording recording) : IReceiver
{
    public static bool LooksLikeLogin(ReadOnlySpan<byte> firstBytes) => firstBytes.StartsWith("Clogin"u8);

    public bool Foreign => recording.Foreign;

    public bool Known => recording.Known;

    public WireFacts Facts => recording.Facts;

    public void Bytes(Direction direction, ReadOnlySpan<byte> bytes, long time)
    {
        List<int> to = recording.Of(direction);
        foreach (byte b in bytes) to.Add(b);
        recording.Times.Add(time);
    }

    public void Missing(Direction direction, long count, long time)
    {
        List<int> to = recording.Of(direction);
        if (count > 1 << 20) (recording.Lost, count) = (recording.Lost + count, 0);
        for (long i = 0; i < count; i++) to.Add(Recording.Hole);
    }

    public void HearBoth() => recording.HeardBoth = true;

    public void Close(ConnectionEnd end, long time) => recording.Ends.Add((end, time));
}

/// <summary>A table of connections, and what is said to it in few words.</summary>
internal sealed class Talk
{
    public const uint TargetIsn = 0xffff_fff0, InitiatorIsn = 0xffff_ff00;
    private ushort _id;

    public Talk(WireOptions? options = null)
    {
        Context = new WireContext(new Provider("test", 16), options ?? new WireOptions());
        Table = new FlowTable<Recorder>(Context, (local, remote, time, sawStart) =>
        {
            Recordings.Add(new Recording(local, remote, time, sawStart));
            return new Recorder(Recordings[^1]);
        });
    }

    public WireContext Context { get; }

    public FlowTable<Recorder> Table { get; }

    public List<Recording> Recordings { get; } = [];

    public Recording Only => Recordings.Single();

    public long Now { get; set; } = 1_000_000_000;

    public ushort Port { get; set; } = 3260;

    public ushort Client { get; set; } = 40000;

    public uint Host { get; set; } = 0x0a000001;

    public ushort Window { get; set; } = 500;

    /// <summary>Sends the next packet's id again: the packet was captured twice.</summary>
    public void Again() => _id--;

    public void Send(
        Direction direction, uint sequence, ReadOnlySpan<byte> payload = default, TcpFlags flags = TcpFlags.Ack, uint acknowledged = 0,
        int length = -1)
    {
        bool toTarget = direction == Direction.ToTarget;
        Address target = Address.OfIPv4(0x0a0000ff), initiator = Address.OfIPv4(Host);
        var segment = new Segment
        {
            Source = toTarget ? initiator : target,
            Destination = toTarget ? target : initiator,
            SourcePort = toTarget ? Client : Port,
            DestinationPort = toTarget ? Port : Client,
            Sequence = sequence,
            Acknowledged = acknowledged,
            Flags = flags,
            Window = Window,
            Length = length < 0 ? payload.Length : length,
            PacketId = ++_id,
        };
        segment.Payload = payload;
        Table.Take(segment, Now);
    }

    /// <summary>Bytes from the initiator, by their place in its stream.</summary>
    public void Say(int place, string text, TcpFlags flags = TcpFlags.Ack, int said = 0) =>
        Send(Direction.ToTarget, InitiatorIsn + 1 + (uint)place, System.Text.Encoding.ASCII.GetBytes(text), flags, TargetIsn + 1 + (uint)said);

    /// <summary>The target's answer.</summary>
    public void Answer(int place, string text, TcpFlags flags = TcpFlags.Ack, int heard = 0) =>
        Send(Direction.ToInitiator, TargetIsn + 1 + (uint)place, System.Text.Encoding.ASCII.GetBytes(text), flags, InitiatorIsn + 1 + (uint)heard);

    public void Shake()
    {
        Send(Direction.ToTarget, InitiatorIsn, flags: TcpFlags.Syn);
        Send(Direction.ToInitiator, TargetIsn, flags: TcpFlags.Syn | TcpFlags.Ack, acknowledged: InitiatorIsn + 1);
        Say(0, "");
    }
}
