using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Engine;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Conformance;

/// <summary>Captures of our own target under reads, with packets taken out as a capture loses them.</summary>
[TestFixture(65536, 60)]
[TestFixture(262144, 30)]
public sealed class LostPacketsTests(int size, int count)
{
    private Scratch _scratch = null!;
    private int _port;
    private WireOptions _options = null!;
    private List<Sample> _packets = null!;
    private int?[] _headers = null!;
    private Told _whole = null!;

    [OneTimeSetUp]
    public void CaptureReads()
    {
        Client.NeedThat(Conformance.Capture.Obstacle is null, Conformance.Capture.Obstacle ?? "");
        Client.NeedQemu("qemu-img", "qemu-io");
        _scratch = new Scratch();
        using TargetProcess target = TargetProcess.Start("0=ram:64MiB");
        _port = target.Port;
        _options = new WireOptions { Ports = [(ushort)_port] };
        // What was never written QEMU does not read.
        Client.RunWell("qemu-io", "-f", "raw", "-t", "none", "-c", $"write 0 {size * count}", target.Url(0));
        using (var capture = new Capture(_port, _scratch.File("whole.pcap")))
        {
            Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-d", "4", "-c", $"{count}", "-s", $"{size}", target.Url(0));
            capture.StopAfter(1);
        }
        // Loopback has segments of 64 KiB, a cable of 1448 bytes.
        _packets = Packets.Split(Packets.Of(File.ReadAllBytes(_scratch.File("whole.pcap"))), 1448);
        byte[] bytes = Packets.Pcap(_packets);
        _headers = Packets.HeadersIn(_packets, _port);
        _whole = Told.By(bytes, _options);
    }

    [OneTimeTearDown]
    public void CleanUp() => _scratch?.Dispose();

    [Test]
    public void What_is_lost_within_data_costs_nothing()
    {
        List<Sample> left = Without(i => _headers[i] == 0);
        Assert.That(left, Has.Count.LessThan(_packets.Count), "some packets carry nothing but data");
        var told = Told.By(Save("within.pcap", left), _options);
        Assert.That(Told.Text(told.Pdus), Is.EqualTo(Told.Text(_whole.Pdus)));
        Assert.That((told.Coverage.Resyncs, told.Commands), Is.EqualTo((0L, _whole.Commands)));

        // Where bytes of a PDU are missing tshark looks for a header at the begin of the next segment, which is rarely there.
        long theirs = Capture.PdusOf(_scratch.File("within.pcap"), _port).GetValueOrDefault("0x25").Commands;
        long ours = told.Pdus[(byte)Opcode.DataIn].Pdus;
        TestContext.Out.WriteLine($"{_packets.Count - left.Count} of {_packets.Count} packets lost: {ours} Data-In PDUs here, {theirs} with tshark, {_whole.Pdus[(byte)Opcode.DataIn].Pdus} in all");
        Assert.That(theirs, Is.LessThan(ours));
    }

    [Test]
    public void With_headers_only_their_PDUs_are_lost()
    {
        // One here and there, while the session goes on.
        int seen = 0, lost = 0;
        int end = _packets.Count * 9 / 10;
        List<Sample> left = Without(i =>
        {
            bool take = _headers[i] > 0 && i < end && ++seen % 9 == 8;
            if (take) lost += _headers[i]!.Value;
            return take;
        });
        Assert.That(lost, Is.Positive);
        var told = Told.By(Save("headers.pcap", left), _options);

        var remaining = _whole.Events.GroupBy(e => e).ToDictionary(g => g.Key, g => g.Count());
        foreach (string e in told.Events)
            Assert.That(remaining.TryGetValue(e, out int times) && (remaining[e] = times - 1) >= 0, $"invented: {e}");
        TestContext.Out.WriteLine($"{lost} headers in lost packets: {_whole.Events.Count - told.Events.Count} of {_whole.Events.Count} PDUs are missing, {told.Coverage.Resyncs} resyncs");
        Assert.That(_whole.Events.Count - told.Events.Count, Is.InRange(1, lost));
        Assert.That(told.Coverage.Resyncs, Is.Positive);
        Output said = Client.RunWell(Binary.Path, "snoop", "-r", _scratch.File("headers.pcap"), "--port", $"{_port}");
        Assert.That(said.Error, Does.Contain($"{told.Coverage.Resyncs} times a PDU was looked for anew").And.Contain("bytes not in the capture"));
    }

    private List<Sample> Without(Func<int, bool> lost) => [.. _packets.Where((_, i) => !lost(i))];

    private byte[] Save(string name, List<Sample> packets)
    {
        byte[] bytes = Packets.Pcap(packets);
        File.WriteAllBytes(_scratch.File(name), bytes);
        return bytes;
    }
}
