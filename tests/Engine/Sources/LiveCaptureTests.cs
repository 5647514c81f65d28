using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine.Sources;

/// <summary>Captures on loopback of an exchange that the test makes itself, so that it knows every byte.</summary>
[TestFixture]
public sealed class LiveCaptureTests
{
    [OneTimeSetUp]
    public void Need()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("what loopback shows is known for Linux only");
        try
        {
            _ = LiveCapture.Interfaces();
        }
        catch (CaptureException e)
        {
            Assert.Ignore(e.Message);
        }
        if (!Environment.IsPrivilegedProcess) Assert.Ignore("a capture needs root");
    }

    [TestCase("lo", "127.0.0.1", 14)]
    [TestCase("lo", "::1", 14)]
    [TestCase("any", "127.0.0.1", 20)]
    public void Every_byte_comes_once_in_both_directions(string name, string address, int linkHeader)
    {
        using Exchange exchange = new(IPAddress.Parse(address));
        using LiveCapture capture = LiveCapture.Open(new(name) { Ports = [exchange.Port] });
        byte[] there = Noise(1, 3_000_000), back = Noise(2, 2_000_000);
        exchange.Run(there, back);
        Dictionary<int, List<(uint, byte[])>> seen = Payloads(capture, linkHeader, exchange);
        Assert.Multiple(() =>
        {
            Assert.That(Joined(seen[exchange.ClientPort]), Is.EqualTo(there));
            Assert.That(Joined(seen[exchange.Port]), Is.EqualTo(back));
            Assert.That(capture.Dropped, Is.Zero);
        });
    }

    [Test]
    public void Bytes_beyond_the_snap_length_are_counted_only()
    {
        using Exchange exchange = new(IPAddress.Loopback);
        using LiveCapture capture = LiveCapture.Open(new("lo") { Ports = [exchange.Port], SnapLength = 100 });
        exchange.Run(Noise(1, 20_000), []);
        long longest = 0, payload = 0;
        Read(capture, exchange, p =>
        {
            longest = Math.Max(longest, p.Bytes.Length);
            if (SourcePort(p, 14) == exchange.ClientPort) payload += p.Length - HeaderLength(p, 14);
        }, 14);
        Assert.That(longest, Is.EqualTo(100));
        Assert.That(payload, Is.EqualTo(20_000));
    }

    [Test]
    public void Times_are_those_of_now_and_in_order()
    {
        using Exchange exchange = new(IPAddress.Loopback);
        using LiveCapture capture = LiveCapture.Open(new("lo") { Ports = [exchange.Port] });
        long before = Now();
        exchange.Run(Noise(1, 100_000), []);
        long after = Now();
        var times = new List<long>();
        Read(capture, exchange, p => times.Add(p.Time), 14);
        Assert.That(times, Is.Ordered);
        Assert.That(times[0], Is.GreaterThanOrEqualTo(before));
        Assert.That(times[^1], Is.LessThanOrEqualTo(after + 1_000_000_000));
        Assert.That(times.Any(t => t % 1000 != 0), "ns, not µs");
    }

    [Test]
    public void Only_the_ports_come_through_and_of_them_what_the_user_wants()
    {
        using Exchange other = new(IPAddress.Loopback), wanted = new(IPAddress.Loopback);
        using LiveCapture ports = LiveCapture.Open(new("lo") { Ports = [wanted.Port] });
        using LiveCapture users = LiveCapture.Open(new("lo") { Ports = [wanted.Port], Filter = $"dst port {wanted.Port} or udp" });
        other.Run([1], [2]);
        wanted.Run(Noise(1, 1000), Noise(2, 1000));
        Assert.That(Payloads(ports, 14, wanted).Keys, Is.EquivalentTo(new[] { wanted.Port, wanted.ClientPort }));
        Assert.That(Payloads(users, 14, wanted).Keys, Is.EquivalentTo(new[] { wanted.ClientPort }));
    }

    [TestCase("tcp prot 3260")]
    [TestCase("tcp) or (udp")]
    public void A_wrong_filter_is_named_with_the_reason(string filter)
    {
        CaptureFilterException e = Assert.Throws<CaptureFilterException>(() => LiveCapture.Open(new("lo") { Filter = filter }))!;
        Assert.That(e.Message, Does.StartWith($"the filter '{filter}' is wrong: ").And.Contains("syntax error"));
    }

    [Test]
    public void An_unknown_interface_is_answered_with_those_there_are()
    {
        CaptureException e = Assert.Throws<CaptureException>(() => LiveCapture.Open(new("none0")))!;
        Assert.That(e.Message, Does.StartWith("there is no interface none0; there are: ").And.Contains("lo"));
        Assert.That(LiveCapture.Interfaces().Where(i => i.Loopback).Select(i => i.Name), Does.Contain("lo"));
    }

    [Test]
    public void Silence_is_nothing_and_costs_no_bytes()
    {
        using Exchange exchange = new(IPAddress.Loopback);
        using LiveCapture capture = LiveCapture.Open(new("lo") { Ports = [exchange.Port] });
        Assert.That(capture.MoveNext(0), Is.EqualTo(Moved.Nothing));
        Assert.That(capture.MoveNext(20), Is.EqualTo(Moved.Nothing));
        Assert.That(capture.Current.Bytes.IsEmpty);
        exchange.Run(Noise(1, 1_000_000), []);
        long packets = 0;
        Read(capture, exchange, _ => packets++, 14, out long allocated);
        Assert.That(packets, Is.GreaterThan(20));
        Assert.That(allocated, Is.Zero);
    }

    private static long Now() => (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;

    private static byte[] Noise(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    // The bytes in their places: on a busy machine even loopback sends some again. What is captured twice is twice as much.
    private static byte[] Joined(List<(uint Sequence, byte[] Bytes)> parts)
    {
        uint first = parts[0].Sequence;
        byte[] joined = new byte[parts.Max(p => (int)(p.Sequence - first) + p.Bytes.Length)];
        foreach ((uint sequence, byte[] bytes) in parts) bytes.CopyTo(joined, (int)(sequence - first));
        Assert.That(parts.Sum(p => p.Bytes.Length), Is.LessThan(1.5 * joined.Length));
        return joined;
    }

    private static Dictionary<int, List<(uint Sequence, byte[] Bytes)>> Payloads(LiveCapture capture, int link, Exchange exchange)
    {
        var seen = new Dictionary<int, List<(uint, byte[])>>();
        Read(capture, exchange, p =>
        {
            if (!seen.TryGetValue(SourcePort(p, link), out List<(uint, byte[])>? parts)) seen.Add(SourcePort(p, link), parts = []);
            byte[] payload = p.Bytes[HeaderLength(p, link)..IpEnd(p, link)].ToArray();
            if (payload.Length > 0) parts.Add((BinaryPrimitives.ReadUInt32BigEndian(p.Bytes[(Tcp(p, link) + 4)..]), payload));
        }, link);
        return seen;
    }

    private delegate void Use(Packet packet);

    private static void Read(LiveCapture capture, Exchange exchange, Use use, int link) => Read(capture, exchange, use, link, out _);

    // The exchange is over: the initiator says so with a FIN or RST after all bytes.
    private static void Read(LiveCapture capture, Exchange exchange, Use use, int link, out long allocated)
    {
        allocated = long.MaxValue;
        for (bool done = false; !done;)
        {
            // The least of all packets, for the reason that Allocated.By gives.
            long before = GC.GetAllocatedBytesForCurrentThread();
            if (capture.MoveNext(60_000) != Moved.Packet) Assert.Fail("the end of the exchange did not come");
            Packet packet = capture.Current;
            use(packet);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            done = SourcePort(packet, link) == exchange.ClientPort && (packet.Bytes[Tcp(packet, link) + 13] & 0x05) != 0;
        }
    }

    private static bool IsV4(in Packet p, int link) => p.Bytes[link] >> 4 == 4;

    private static int Tcp(in Packet p, int link) => link + (IsV4(p, link) ? 20 : 40);

    private static int SourcePort(in Packet p, int link) => BinaryPrimitives.ReadUInt16BigEndian(p.Bytes[Tcp(p, link)..]);

    private static int HeaderLength(in Packet p, int link) => Tcp(p, link) + (p.Bytes[Tcp(p, link) + 12] >> 4) * 4;

    // A super-frame longer than 64 KiB has 0 here.
    private static int IpEnd(in Packet p, int link)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(p.Bytes[(link + (IsV4(p, link) ? 2 : 4))..]);
        return length == 0 ? p.Bytes.Length : link + length + (IsV4(p, link) ? 0 : 40);
    }

    /// <summary>One TCP connection over loopback.</summary>
    private sealed class Exchange : IDisposable
    {
        private readonly TcpListener _listener;

        public Exchange(IPAddress address)
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && !Socket.OSSupportsIPv6) Assert.Ignore("there is no IPv6 here");
            _listener = new TcpListener(address, 0);
            _listener.Start();
        }

        public ushort Port => (ushort)((IPEndPoint)_listener.LocalEndpoint).Port;

        public int ClientPort { get; private set; }

        public void Run(byte[] there, byte[] back)
        {
            using var client = new TcpClient(_listener.LocalEndpoint.AddressFamily);
            client.Connect((IPEndPoint)_listener.LocalEndpoint);
            ClientPort = ((IPEndPoint)client.Client.LocalEndPoint!).Port;
            using TcpClient server = _listener.AcceptTcpClient();
            Pass(client, server, there);
            Pass(server, client, back);
        }

        public void Dispose() => _listener.Dispose();

        private static void Pass(TcpClient from, TcpClient to, byte[] bytes)
        {
            Task sending = from.GetStream().WriteAsync(bytes).AsTask();
            to.GetStream().ReadExactly(new byte[bytes.Length]);
            sending.GetAwaiter().GetResult();
        }
    }
}
