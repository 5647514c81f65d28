using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class FeedTests
{
    private string _directory = "";

    [SetUp]
    public void SetUp() => _directory = Directory.CreateTempSubdirectory("its").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_directory, true);

    private static readonly Wants s_wants = new(0, TimeSpan.FromMilliseconds(20));

    [Test]
    public void An_engine_that_is_not_there_is_named()
    {
        Assert.That(() => Feed.Open(s_wants, [_directory], [42]), Throws.TypeOf<EngineNotFoundException>()
            .With.Message.EqualTo($"no engine with pid 42: nothing listens at {Path.Combine(_directory, "iscsi42")}"));
    }

    [Test]
    public void Without_engines_a_feed_waits_and_attaches_to_what_comes()
    {
        using Feed feed = Feed.Open(s_wants, [_directory]);
        Assert.That(feed.WaitForSnapshot(TimeSpan.Zero, default), Is.False);
        Assert.That(feed.Take().Engines, Is.Empty);
        using var rig = new Rig(11, _directory);
        Rig.Until(() => feed.WaitForSnapshot(Rig.Patience, default), "it is found");
        Assert.That(feed.Take().Engines.Single().Pid, Is.EqualTo(11));
    }

    [Test]
    public void Two_engines_are_merged_and_one_of_them_may_die()
    {
        using var a = new Rig(11, _directory);
        var b = new Rig(12, _directory);
        uint onA = a.Connect(), onB = b.Connect();
        using Feed feed = Feed.Open(s_wants, [_directory]);
        Assert.That(feed.WaitForSnapshot(Rig.Patience, default), Is.True);
        a.Read(onA);
        b.Read(onB, 1);
        b.Engine.Dispose();
        var tally = new Tally();
        var seen = new List<(int, bool)>();
        while (!seen.Contains((12, false)))
        {
            Assert.That(feed.WaitForSnapshot(Rig.Patience, default), Is.True);
            seen.AddRange(tally.Add(feed).Engines.Select(e => (e.Pid, e.Alive)));
        }
        tally.AddUntil(feed, () => tally.Completed == 2, "the dying one's last words are heard");
        Assert.That(tally.Add(feed).Engines.Select(e => e.Pid), Is.EqualTo((int[])[11]));
        using var again = new Rig(12, _directory);
        Rig.Until(() => feed.WaitForSnapshot(Rig.Patience, default) && feed.Take().Engines.Count == 2, "it comes back");
    }

    [Test]
    public void Only_the_engines_asked_for_are_attached()
    {
        using var a = new Rig(11, _directory);
        using var b = new Rig(12, _directory);
        using Feed feed = Feed.Open(s_wants, [_directory], [12]);
        Assert.That(feed.WaitForSnapshot(Rig.Patience, default), Is.True);
        Assert.That(feed.Take().Engines.Single().Pid, Is.EqualTo(12));
        Assert.That(a.Engine.Subscribers, Is.Zero);
    }

    [Test]
    public void Engines_are_listed_with_what_they_offer()
    {
        using var a = new Rig(12, _directory);
        using var b = new Rig(11, _directory);
        a.Connect();
        IReadOnlyList<EngineListing> list = Feed.Discover([_directory, _directory + "-none"]);
        Assert.That(list.Select(e => (e.Pid, e.Source, e.Version, e.Probes, e.Enabled, e.Subscribers, e.Problem)), Is.EqualTo(new[]
        {
            (11, "test", ProbeEngine.Version, ProbeSet.All, 0u, 0, ""), (12, "test", ProbeEngine.Version, ProbeSet.All, 0u, 0, ""),
        }));
        Assert.That(list[1], Has.Property("Connections").EqualTo(1).And.Property("Sessions").EqualTo(1));
        Assert.That(list[1].Path, Is.EqualTo(a.Engine.PipePath));
    }

    [Test]
    public void A_handler_that_throws_is_heard_where_snapshots_are_taken()
    {
        using var rig = new Rig(11, _directory);
        uint connection = rig.Connect();
        using Feed feed = rig.Open(onCommand: (in CompletedCommand _, in EventContext _) => throw new InvalidOperationException("mine"));
        rig.Read(connection);
        Assert.That(() =>
        {
            while (feed.WaitForSnapshot(Rig.Patience, default)) feed.Take();
        }, Throws.InvalidOperationException.With.Message.EqualTo("mine"));
    }

    [Test]
    public void Waiting_ends_when_it_is_cancelled()
    {
        using Feed feed = Feed.Open(s_wants, [_directory]);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.That(feed.WaitForSnapshot(TimeSpan.FromHours(1), cancelled.Token), Is.False);
    }
}
