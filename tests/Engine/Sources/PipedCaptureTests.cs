using System.IO.Pipes;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Engine;

/// <summary>A pipe that is written now and then: what has come is seen, and nobody waits for what has not.</summary>
[TestFixture]
public sealed class PipedCaptureTests
{
    private static readonly byte[] s_packet = new byte[60];

    private AnonymousPipeServerStream _in = null!;
    private AnonymousPipeClientStream _out = null!;

    [SetUp]
    public void SetUp()
    {
        _in = new AnonymousPipeServerStream(PipeDirection.Out);
        _out = new AnonymousPipeClientStream(PipeDirection.In, _in.ClientSafePipeHandle);
    }

    [TearDown]
    public void TearDown()
    {
        _in.Dispose();
        _out.Dispose();
    }

    [Test]
    public void A_record_of_which_a_part_has_come_is_waited_for([Values] bool ng)
    {
        byte[] begin = ng ? new CaptureBuilder().Section().Interface().Bytes : new CaptureBuilder().Pcap().Bytes;
        byte[] record = ng ? new CaptureBuilder().Enhanced(0, 7, s_packet).Bytes : new CaptureBuilder().Record(1, 0, s_packet).Bytes;
        _in.Write(begin);
        using CaptureFile file = CaptureFile.OpenStream(_out, "pipe");
        Assert.That(file.MoveNext(0), Is.EqualTo(Moved.Nothing));
        for (int i = 0; i < 3; i++)
        {
            _in.Write(record.AsSpan(0, 20));
            Assert.That(file.MoveNext(1), Is.EqualTo(Moved.Nothing));
            _in.Write(record.AsSpan(20));
            Assert.That(file.MoveNext(Timeout.Infinite), Is.EqualTo(Moved.Packet));
            Assert.That(file.Current.Bytes.Length, Is.EqualTo(s_packet.Length));
        }
        _in.Dispose();
        Assert.That((file.MoveNext(Timeout.Infinite), file.Problem), Is.EqualTo((Moved.End, "")));
    }

    [Test]
    public void Damage_is_passed_over_in_pieces_too([Values(1, 7, 30)] int piece)
    {
        byte[] bytes = [.. new CaptureBuilder().Pcap().Record(1, 0, s_packet).Bytes, .. Enumerable.Repeat((byte)0xff, 100),
            .. new CaptureBuilder().Record(2, 0, s_packet).Record(3, 0, s_packet).Record(4, 0, s_packet).Bytes];
        (List<Sample> packets, string problem) = Captured.Drain(CaptureFile.OpenStream(new MemoryStream(bytes), "f"));
        _in.Write(bytes.AsSpan(0, 24));
        using CaptureFile file = CaptureFile.OpenStream(_out, "pipe");
        var times = new List<long>();
        for (int at = 24; at < bytes.Length; at += piece)
        {
            _in.Write(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
            while (file.MoveNext(1) == Moved.Packet) times.Add(file.Current.Time);
        }
        _in.Dispose();
        while (file.MoveNext(Timeout.Infinite) == Moved.Packet) times.Add(file.Current.Time);
        Assert.That(times, Is.EqualTo(packets.Select(p => p.Time)).And.Count.EqualTo(4));
        Assert.That(file.Problem, Is.EqualTo(problem).And.StartWith("damaged at byte 100"));
    }

    [Test]
    public void Commands_are_told_while_the_pipe_stays_open_and_the_end_may_be_asked_for()
    {
        byte[] capture = Packets.Pcap(Packets.Of(Corpus.Read("reads.pcap")));
        long expected = Told.By(capture).Completed, completed = 0;
        _in.Write(capture);
        using Feed feed = Open((in CompletedCommand _, in EventContext _) => completed++);
        using var stop = new CancellationTokenSource();
        while (completed < expected) feed.Run(TimeSpan.FromMilliseconds(10), stop.Token);
        Assert.That(feed.Ended, Is.False);
        stop.Cancel();
        feed.Run(TimeSpan.FromHours(1), stop.Token);
        Assert.That((feed.Ended, completed), Is.EqualTo((true, expected)));
    }

    [Test]
    public void A_snapshot_that_is_cancelled_has_what_came()
    {
        _in.Write(Packets.Pcap(Packets.Of(Corpus.Read("reads.pcap"))));
        long completed = 0;
        using var stop = new CancellationTokenSource();
        using Feed feed = Open((in CompletedCommand _, in EventContext _) =>
        {
            if (++completed == 3) stop.Cancel();
        });
        Assert.That(feed.WaitForSnapshot(TimeSpan.Zero, stop.Token), Is.False);
        Snapshot snapshot = feed.Take();
        Assert.That((feed.Ended, snapshot.Engines.Single().Sessions), Is.EqualTo((true, 1)).Or.EqualTo((true, 0)));
        Assert.That(snapshot.Connections, Is.Not.Empty);
    }

    [Test]
    public void A_pipe_without_a_packet_can_be_left()
    {
        _in.Write(new CaptureBuilder().Pcap().Bytes);
        using var stop = new CancellationTokenSource();
        using Feed feed = Open(null);
        stop.Cancel();
        Assert.That(feed.WaitForSnapshot(TimeSpan.Zero, stop.Token), Is.False);
        Assert.That((feed.Ended, feed.Take().Engines.Count), Is.EqualTo((true, 1)));
    }

    private FileFeed Open(CommandHandler? onCommand) =>
        new(new Capture(CaptureFile.OpenStream(_out, "pipe"), new WireOptions()), new Wants(0, Feed.WholeFile, onCommand is not null), false, null, onCommand);
}
