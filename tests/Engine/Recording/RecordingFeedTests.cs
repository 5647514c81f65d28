using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Engine.Recording;

[TestFixture]
public sealed class RecordingFeedTests
{
    private Scratch _scratch = null!;

    [SetUp]
    public void Write()
    {
        _scratch = new Scratch();
        File.WriteAllBytes(_scratch.File("a.rec"), Everything.Recording(10, out _));
    }

    [TearDown]
    public void CleanUp() => _scratch.Dispose();

    [TestCase(1, 10)]
    [TestCase(2, 5)]
    [TestCase(3, 4)]
    [TestCase(3600, 1)]
    public void Snapshots_are_merged_to_the_interval(int seconds, int count)
    {
        using Feed feed = Open(TimeSpan.FromSeconds(seconds));
        var lengths = new List<double>();
        var completed = 0L;
        while (!feed.Ended && feed.WaitForSnapshot(TimeSpan.Zero, CancellationToken.None))
        {
            Snapshot snapshot = feed.Take();
            lengths.Add(snapshot.Seconds);
            completed += snapshot.Cells.Where(c => c.Cell.Key.Operation == 0x2800).Sum(c => c.Cell.Completed);
        }
        Assert.That((lengths.Count, completed), Is.EqualTo((count, 2045L)));
        Assert.That(lengths.Sum(), Is.EqualTo(10.000005).Within(1e-6));
    }

    [Test]
    public void It_goes_to_a_time()
    {
        using Feed feed = Open(TimeSpan.FromSeconds(1));
        Assert.That((feed.Recorded, feed.CanSeek, feed.Span.Last), Is.EqualTo((true, true, Everything.At(9).Time)));
        feed.Seek(Everything.At(6).Time);
        Assert.That(feed.WaitForSnapshot(TimeSpan.Zero, CancellationToken.None));
        Assert.That(feed.Take().Time, Is.EqualTo(Everything.At(6).Time));
    }

    [Test]
    public void There_are_no_commands_in_it() =>
        Assert.That(() => Feed.Open(new CaptureOptions { File = _scratch.File("a.rec") }, new Wants(0, default), onCommand: (in CompletedCommand _, in EventContext _) => { }),
            Throws.TypeOf<CaptureFormatException>().With.Message.EndsWith("a.rec is a recording without events: those of iscsitop record --events have them; iscsitop -r shows it"));

    [TestCase(8)]
    [TestCase(20)]
    [TestCase(100)]
    public void One_that_has_nothing_whole_is_refused(int bytes)
    {
        string path = _scratch.File("torn.rec");
        File.WriteAllBytes(path, File.ReadAllBytes(_scratch.File("a.rec"))[..bytes]);
        Assert.That(() => Feed.Open(new CaptureOptions { File = path }, new Wants(0, default)),
            Throws.TypeOf<CaptureFormatException>().With.Message.EndsWith("torn.rec is a recording without a snapshot: cut short: its last block is not whole"));
    }

    [Test]
    public void A_screen_that_may_want_commands_later_opens_it()
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = _scratch.File("a.rec") }, new Wants(0, TimeSpan.FromSeconds(1), Commands: true));
        Assert.That(feed.WaitForSnapshot(TimeSpan.Zero, CancellationToken.None));
    }

    private Feed Open(TimeSpan interval) => Feed.Open(new CaptureOptions { File = _scratch.File("a.rec") }, new Wants(0, interval));
}
