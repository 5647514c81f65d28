using System.Runtime.Versioning;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// The packets of an interface, as they pass, over the system's libpcap. Times are ns where the system has them. Loopback shows a packet
/// twice, going out and coming in: one of them is left out.
/// </summary>
public sealed unsafe class LiveCapture : PacketSource
{
    // Linux hands over a block of its ring when it is full or this old; the others a buffer.
    private const int Delay = 10;

    private readonly nint _pcap;
    private readonly LinkType _link;
    private readonly int _descriptor;
    private readonly long _perFraction;
    private readonly string _problem;
    private LibPcap.PacketHeader* _header;
    private byte* _bytes;
    private uint _lastDropped, _lastIfDropped;
    private long _dropped;
    private bool _disposed;

    private LiveCapture(nint pcap, string name, LinkType link, string problem)
    {
        _pcap = pcap;
        _link = link;
        Name = name;
        _problem = problem;
        _perFraction = LibPcap.GetTimePrecision(pcap) == LibPcap.Nanoseconds ? 1 : 1000;
        byte* error = stackalloc byte[LibPcap.ErrorBuffer];
        _descriptor = OperatingSystem.IsWindows() || LibPcap.SetNonBlocking(pcap, 1, error) != 0 ? -1 : LibPcap.SelectableDescriptor(pcap);
    }

    /// <summary>The interfaces there are; those of which this process may capture, where the system knows.</summary>
    /// <exception cref="CaptureException">libpcap is not here, or cannot tell.</exception>
    public static IReadOnlyList<CaptureInterface> Interfaces()
    {
        LibPcap.Need();
        byte* error = stackalloc byte[LibPcap.ErrorBuffer];
        if (LibPcap.FindAllDevices(out LibPcap.Device* first, error) != 0)
            throw new CaptureException($"the interfaces cannot be listed: {LibPcap.Text(error)}");
        var found = new List<CaptureInterface>();
        for (LibPcap.Device* d = first; d != null; d = d->Next)
            found.Add(new CaptureInterface(LibPcap.Text(d->Name), LibPcap.Text(d->Description), (d->Flags & LibPcap.Device.Loopback) != 0, (d->Flags & LibPcap.Device.Up) != 0));
        LibPcap.FreeAllDevices(first);
        return found;
    }

    /// <summary>Starts to capture.</summary>
    /// <exception cref="CaptureException">libpcap is not here, there is no such interface, it is not up, or may not be captured from.</exception>
    /// <exception cref="CaptureFilterException">The user's filter is wrong.</exception>
    public static LiveCapture Open(LiveOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SnapLength, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.SnapLength, LiveOptions.MaxSnapLength);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BufferBytes, 1);
        LibPcap.Need();
        byte* error = stackalloc byte[LibPcap.ErrorBuffer];
        nint pcap = LibPcap.Create(options.Interface, error);
        if (pcap == 0) throw new CaptureException($"{options.Interface} cannot be captured from: {LibPcap.Text(error)}");
        try
        {
            string problem = Activate(pcap, options);
            LinkType link = FindLink(pcap, options.Interface);
            SetFilter(pcap, link, options);
            return new LiveCapture(pcap, options.Interface, link, problem);
        }
        catch
        {
            LibPcap.Close(pcap);
            throw;
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override bool Live => true;

    /// <inheritdoc/>
    public override string Problem => _problem;

    /// <inheritdoc/>
    public override Packet Current => _header == null ? default : new(_link,
        _header->Seconds * 1_000_000_000 + _header->Fraction * _perFraction, _header->Length, new ReadOnlySpan<byte>(_bytes, _header->Captured));

    /// <inheritdoc/>
    public override long Dropped
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            // ps_recv, ps_drop, ps_ifdrop, and three more on Windows. They are 32 bits wide and wrap around.
            uint* statistics = stackalloc uint[8];
            if (LibPcap.Statistics(_pcap, statistics) != 0) return -1;
            _dropped += (statistics[1] - _lastDropped) + (long)(statistics[2] - _lastIfDropped);
            (_lastDropped, _lastIfDropped) = (statistics[1], statistics[2]);
            return _dropped;
        }
    }

    /// <inheritdoc/>
    public override Moved MoveNext(int milliseconds)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        long end = 0;
        while (true)
        {
            int result = LibPcap.Next(_pcap, out _header, out _bytes);
            if (result > 0) return Moved.Packet;
            _header = null;
            if (result < 0) throw new IOException($"{Name} can no longer be captured from: {LibPcap.Text(LibPcap.Error(_pcap))}");
            if (milliseconds <= 0) return Moved.Nothing;
            long now = Environment.TickCount64;
            if (end == 0) end = now + milliseconds;
            if (now >= end) return Moved.Nothing;
            if (!OperatingSystem.IsWindows() && _descriptor >= 0) Wait((int)(end - now));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_disposed) return;
        _disposed = true;
        _header = null;
        LibPcap.Close(_pcap);
    }

    // Whatever ends it, a packet, a signal or an interface that went away: the next read tells.
    [UnsupportedOSPlatform("windows")]
    private void Wait(int milliseconds)
    {
        // Some BSDs start the clock of a buffer that is not full only when it is read.
        if (!OperatingSystem.IsLinux()) milliseconds = Math.Min(milliseconds, Delay);
        var descriptor = new LibPcap.PollDescriptor { Descriptor = _descriptor, Events = LibPcap.PollDescriptor.In };
        _ = LibPcap.Poll(ref descriptor, 1, milliseconds);
    }

    // Returns what libpcap warns of, "" for nothing.
    private static string Activate(nint pcap, LiveOptions options)
    {
        LibPcap.SetSnapLength(pcap, options.SnapLength);
        // "any" has no such mode, and says so with a warning.
        LibPcap.SetPromiscuous(pcap, options.Promiscuous && options.Interface != "any" ? 1 : 0);
        // No immediate mode: on Linux it takes a slot of the snap length for every packet, a thousand of them in 64 MiB.
        LibPcap.SetTimeout(pcap, Delay);
        LibPcap.SetBufferSize(pcap, options.BufferBytes);
        LibPcap.SetTimePrecision(pcap, LibPcap.Nanoseconds);
        int result = LibPcap.Activate(pcap);
        if (result == 0) return "";
        string words = LibPcap.Text(LibPcap.Error(pcap));
        if (words.Length == 0) words = LibPcap.Text(LibPcap.Status(result));
        return result > 0 ? $"{options.Interface}: {words}" : throw new CaptureException(Explain(result, options.Interface, words));
    }

    private static string Explain(int result, string name, string words) => result switch
    {
        LibPcap.NoSuchDevice => $"there is no interface {name}; there are: {string.Join(", ", Interfaces().Select(Describe))}",
        LibPcap.NotUp => $"the interface {name} is not up",
        LibPcap.NotPermitted or LibPcap.PromiscuousNotPermitted => $"{name} may not be captured from: {(
            OperatingSystem.IsLinux() ? "that needs CAP_NET_RAW, or root"
            : OperatingSystem.IsWindows() ? "Npcap lets only administrators"
            : "that needs root, or read access to /dev/bpf*")} ({words})",
        _ => $"{name} cannot be captured from: {words}",
    };

    private static string Describe(CaptureInterface i) =>
        OperatingSystem.IsWindows() && i.Description.Length > 0 ? $"{i.Name} ({i.Description})" : i.Name;

    private static LinkType FindLink(nint pcap, string name)
    {
        int link = LibPcap.DataLink(pcap);
        // Version 2 says which interface a packet of "any" came by; libpcap has it from 1.10 on.
        if (link == (int)LinkType.LinuxSll && LibPcap.SetDataLink(pcap, (int)LinkType.LinuxSll2) == 0) link = (int)LinkType.LinuxSll2;
        if (link is >= 0 and <= ushort.MaxValue && Enum.IsDefined((LinkType)link)) return (LinkType)link;
        string known = string.Join(", ", Enum.GetNames<LinkType>());
        throw new CaptureException($"{name} has packets of the link type {LibPcap.Text(LibPcap.DataLinkName(link))} ({link}), which is none of {known}");
    }

    private static void SetFilter(nint pcap, LinkType link, LiveOptions options)
    {
        // By itself first: only so an error is about what the user wrote, and parentheses in it cannot pair with ours.
        if (!string.IsNullOrWhiteSpace(options.Filter))
        {
            LibPcap.Program alone = Compile(pcap, options.Filter);
            LibPcap.FreeCode(ref alone);
        }
        // On Linux's loopback libpcap itself leaves out what goes out. "inbound" here would have the kernel do it, but libpcap runs the
        // filter over what its ring has already, and there that word matches nothing: the first packets would be lost.
        LibPcap.Program program = Compile(pcap, CaptureFilter.Build(options.Ports, options.Filter, link == LinkType.Ethernet));
        int result = LibPcap.SetFilter(pcap, ref program);
        LibPcap.FreeCode(ref program);
        if (result != 0) throw new CaptureException($"{options.Interface} does not take the filter: {LibPcap.Text(LibPcap.Error(pcap))}");
    }

    private static LibPcap.Program Compile(nint pcap, string expression) =>
        LibPcap.Compile(pcap, out LibPcap.Program program, expression, 1, LibPcap.UnknownNetmask) == 0 ? program
            : throw new CaptureFilterException($"the filter '{expression}' is wrong: {LibPcap.Text(LibPcap.Error(pcap))}");
}
