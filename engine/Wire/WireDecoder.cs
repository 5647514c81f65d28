using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>From packets to the probes of iSCSI: link, IP, TCP, and a connection for each that may be iSCSI. Used by one thread.</summary>
internal sealed class WireDecoder
{
    private readonly WireContext _context;
    private readonly FlowTable<Receiver> _flows;
    private readonly Fragments _fragments = new();

    /// <param name="provider">Where events go.</param>
    /// <param name="options">What is taken for iSCSI.</param>
    /// <param name="kept">Hears which bytes of a packet are no user data; null when nobody asks.</param>
    public WireDecoder(Provider provider, WireOptions options, KeptBytes? kept = null)
    {
        _context = new WireContext(provider, options, kept);
        _flows = new FlowTable<Receiver>(
            _context, (local, remote, time, sawStart) => new Receiver(new WireConnection(_context, local, remote, time, sawStart)));
    }

    /// <summary>What has been seen and what has not.</summary>
    public ref Coverage Coverage => ref _context.Coverage;

    /// <summary>Takes a packet; its time is on the provider's time line.</summary>
    public void Take(in Packet packet)
    {
        _context.Coverage.Packets++;
        FrameKind kind = Frame.Parse(packet, out Segment segment, out Fragment fragment);
        if (kind == FrameKind.Segment) _flows.Take(segment, packet.Time);
        else if (kind == FrameKind.Fragment) Take(fragment, packet.Time);
        else _context.Coverage.Undecodable++;
    }

    /// <summary>Delivers what is held: the input is at its end. Connections stay open when nobody saw them end.</summary>
    public void Finish(long time) => _flows.Finish(time);

    /// <summary>What packets tell of a connection, by the provider's id; null when it is not known, or no longer.</summary>
    public WireFacts? FactsOf(uint connection) => _context.Connections.GetValueOrDefault(connection)?.Facts;

    /// <summary>Nobody asks for a connection any more.</summary>
    public void Forget(uint connection) => _context.Connections.Remove(connection);

    private void Take(in Fragment fragment, long time)
    {
        _context.Coverage.Fragments++;
        if (!_fragments.TryTake(fragment, time, out ReadOnlySpan<byte> bytes)) return;
        if (Frame.TryParse(fragment.Key, bytes, out Segment segment)) _flows.Take(segment, time);
        else _context.Coverage.Undecodable++;
    }
}
