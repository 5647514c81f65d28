using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Engine.Recording;

/// <summary>Recordings with events: what is read back is what passed.</summary>
[TestFixture]
public sealed class EventRecordingTests
{
    private Scratch _scratch = null!;

    private static IEnumerable<string> Captures => Corpus.Names;

    [SetUp]
    public void SetUp() => _scratch = new Scratch();

    [TearDown]
    public void CleanUp() => _scratch.Dispose();

    [TestCaseSource(nameof(Captures))]
    public void Lines_of_a_recording_are_those_of_its_capture(string name)
    {
        string path = Recorded(name);
        foreach (string[] how in (string[][])[["--pdu", "-x", "-H"], ["-x", "-H"], ["-j"], ["--pdu", "-j"]])
        {
            string[] direct = Lines([.. how, "-r", Corpus.PathOf(name)]);
            Assert.That(Lines([.. how, "-r", path]), Is.EqualTo(direct));
        }
    }

    [Test]
    public void Who_shows_snapshots_reads_past_the_events()
    {
        string with = Recorded("reads.pcap"), without = _scratch.File("without.rec");
        Run("record", without, "-r", Corpus.PathOf("reads.pcap"));
        Assert.That(new FileInfo(with).Length, Is.GreaterThan(new FileInfo(without).Length));
        Assert.That(Run("-b", "-o", "json", "-r", with).Out, Is.EqualTo(Run("-b", "-o", "json", "-r", without).Out));
    }

    [TestCase("reads.pcap", "bytes>=4096")]
    [TestCase("errors.pcap", "status!=good")]
    [TestCase("snap128.pcap", "lat>0")]
    public void A_filter_of_single_commands_is_met_from_the_events(string name, string filter)
    {
        string path = Recorded(name);
        foreach (string[] how in (string[][])[[], ["1"]])
        {
            (int code, string of, _) = Run(["-b", "--view", "lun", "-o", "csv", "-Y", filter, "-r", path, .. how]);
            Assert.That(code, Is.Zero);
            Assert.That(of.Split('\n'), Has.Length.GreaterThan(2));
            Assert.That(of, Is.EqualTo(Run(["-b", "--view", "lun", "-o", "csv", "-Y", filter, "-r", Corpus.PathOf(name), .. how]).Out));
        }
    }

    [Test]
    public void A_filter_of_single_commands_needs_events()
    {
        string path = _scratch.File("without.rec");
        Run("record", path, "-r", Corpus.PathOf("reads.pcap"));
        (int code, _, string error) = Run("-b", "-Y", "lat>20ms", "-r", path);
        Assert.That((code, error.TrimEnd()), Is.EqualTo((3, $"iscsitop: {path} is a recording without events: those of iscsitop record --events have them; iscsitop -r shows it")));
    }

    [Test]
    public void A_recording_without_events_says_how_to_have_them()
    {
        string path = _scratch.File("a.rec");
        File.WriteAllBytes(path, Everything.Recording(3, out _));
        (int code, _, string error) = Run("snoop", "-r", path);
        Assert.That((code, error.TrimEnd()), Is.EqualTo((3, $"iscsitop: {path} is a recording without events: those of iscsitop record --events have them; iscsitop -r shows it")));
    }

    [Test]
    public void A_torn_tail_loses_the_tail_only()
    {
        byte[] recording = Synthetic(6, 500, out int[] begins);
        int before = Times(recording).Count;
        Assert.That(before, Is.EqualTo(6 * 500));
        Assert.That(Times(recording[..(begins[3] + 100)]), Has.Count.EqualTo(3 * 500));
        recording[begins[1] + BlockHeader.Size + 5] ^= 1;
        Assert.That(Times(recording), Has.Count.EqualTo(5 * 500));
    }

    [Test]
    public void Two_recordings_are_put_together_with_cat()
    {
        byte[] one = Synthetic(2, 10, out _);
        Assert.That(Times([.. one, .. one]), Has.Count.EqualTo(40));
    }

    [Test]
    public void Events_of_several_engines_come_in_the_order_of_their_times()
    {
        using var recorder = new EventRecorder();
        EngineStatus[] engines = [new() { Pid = 7 }, new() { Pid = 8 }];
        var random = new Random(5);
        long[] clock = [1000, 2000];
        for (int i = 0; i < 3000; i++)
        {
            int which = random.Next(2);
            Add(recorder, engines[which], clock[which] += random.Next(1, 500), which == 0 ? 1_000_000 : 999_000);
        }
        byte[]? written = null;
        var writer = new Recorder((block, _) => written = block.ToArray(), 0, recorder);
        writer.Add(Everything.At(1));
        writer.Flush();
        List<(int Pid, long Time)> seen = Times(written!);
        Assert.That(seen, Has.Count.EqualTo(3000));
        Assert.That(seen.Select(s => s.Time), Is.Ordered);
        Assert.That(seen.Select(s => s.Pid).Distinct(), Is.EquivalentTo((int[])[7, 8]));
    }

    [Test]
    public void Columns_are_turned_back_into_what_they_were()
    {
        var random = new Random(11);
        byte[] bytes = new byte[ProbeEvent.Size * 700];
        random.NextBytes(bytes);
        ProbeEvent[] events = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ProbeEvent>(bytes).ToArray();
        for (int i = 0; i < events.Length; i++) (events[i].Connection, events[i].Probe) = ((uint)random.Next(3), (Probe)random.Next(16));
        byte[] columns = new byte[bytes.Length];
        var coder = new EventColumns();
        coder.Encode(events, columns);
        var back = new ProbeEvent[events.Length];
        coder.Decode(columns, back);
        Assert.That(System.Runtime.InteropServices.MemoryMarshal.AsBytes<ProbeEvent>(back).ToArray(), Is.EqualTo(System.Runtime.InteropServices.MemoryMarshal.AsBytes<ProbeEvent>(events).ToArray()));
    }

    [Test]
    public void Pieces_that_nobody_wrote_are_left_out_and_never_a_crash()
    {
        byte[] good = Section(200);
        var random = new Random(3);
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] bad = [.. good];
            for (int k = 0; k < 3; k++) bad[random.Next(bad.Length)] = (byte)random.Next(256);
            try
            {
                EventPiece.Read(bad.AsSpan(0, random.Next(4) == 0 ? random.Next(bad.Length) : bad.Length));
            }
            catch (RecordingFormatException)
            {
                refused++;
            }
        }
        Assert.That(refused, Is.GreaterThan(1000));
    }

    [Test]
    public void More_than_a_block_holds_is_dropped_and_counted()
    {
        using var recorder = new EventRecorder();
        var random = new Random(9);
        const int Count = 16384 * 12;
        for (int i = 0; i < Count; i++)
        {
            ProbeEvent e = default;
            (e.Time, e.Connection, e.Probe, e.TailLength) = (i, 1, Probe.ScsiCommand, 32);
            random.NextBytes(e.Header);
            random.NextBytes(e.Tail);
            recorder.Add(in e, Context(Everything.Engine, e.Time));
        }
        byte[] section = recorder.Take();
        Assert.That(section, Has.Length.LessThanOrEqualTo(EventRecorder.Most));
        Assert.That(recorder.Drops, Is.GreaterThan(0));
        Assert.That(EventPiece.Read(section).Sum(p => (long)p.Events.Length) + recorder.Drops, Is.EqualTo(Count));
    }

    private static byte[] Section(int events)
    {
        using var recorder = new EventRecorder();
        for (int i = 0; i < events; i++) Add(recorder, Everything.Engine, 1000 * i, 0);
        return recorder.Take();
    }

    // Blocks of a snapshot each, with so many events.
    private static byte[] Synthetic(int blocks, int events, out int[] begins)
    {
        using var file = new MemoryStream();
        using var recorder = new EventRecorder();
        var starts = new List<int>();
        for (int b = 0; b < blocks; b++)
        {
            starts.Add((int)file.Length);
            for (int i = 0; i < events; i++) Add(recorder, Everything.Engine, Everything.Second * b + i, Everything.Start);
            var writer = new Recorder((block, _) => file.Write(block.Span), 0, recorder);
            writer.Add(Everything.At(b));
            writer.Flush();
        }
        begins = [.. starts];
        return file.ToArray();
    }

    private static void Add(EventRecorder recorder, EngineStatus engine, long time, long offset)
    {
        ProbeEvent e = default;
        (e.Time, e.Connection, e.Target, e.Initiator, e.Probe) = (time, 1, 3, 4, Probe.NopReceive);
        recorder.Add(in e, Context(engine, time + offset));
    }

    private static EventContext Context(EngineStatus engine, long wall) => new(s_connection, "iqn.t", "iqn.i", wall, engine);

    private static readonly ConnectionInfo s_connection = new(1, "192.0.2.1:3260", "192.0.2.7:40000", "iqn.t", "iqn.i");

    private List<(int Pid, long Time)> Times(byte[] recording)
    {
        string path = _scratch.File("times.rec");
        File.WriteAllBytes(path, recording);
        var seen = new List<(int, long)>();
        using Feed feed = Feed.Open(new CaptureOptions { File = path }, new Wants(ProbeSet.All, default), onEvent: (in ProbeEvent e, in EventContext context) =>
        {
            Assert.That((context.Target, context.Initiator, context.Connection.Remote), Is.EqualTo(("iqn.t", "iqn.i", "192.0.2.7:40000")));
            seen.Add((context.Engine.Pid, context.WallTime));
        });
        while (!feed.Ended) feed.Run(TimeSpan.FromSeconds(1), CancellationToken.None);
        return seen;
    }

    private string Recorded(string capture)
    {
        string path = _scratch.File(capture + ".rec");
        (int code, _, string error) = Run("record", path, "--events", "-r", Corpus.PathOf(capture));
        Assert.That(code, Is.Zero, error);
        return path;
    }

    private static string[] Lines(params string[] how)
    {
        (int code, string output, string error) = Run(["snoop", .. how]);
        Assert.That(code, Is.Zero, error);
        return output.Split('\n');
    }

    private static (int Code, string Out, string Error) Run(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(args, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
