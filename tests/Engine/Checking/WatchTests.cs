using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Cli;

namespace Iscsitop.Tests.Engine.Checking;

/// <summary>What conditions say of intervals.</summary>
[TestFixture]
public sealed class WatchTests
{
    // Two seconds: LUN 0 with 200 reads of 4096 bytes in 1 ms and 20 writes of 8192 in 2 ms, LUN 1 idle.
    [TestCase("p99.read > 900us", true)]
    [TestCase("p99.read > 1.1ms", false)]
    [TestCase("p99.read(lun=0) > 900us", true)]
    [TestCase("p50.write > 1.8ms", true)]
    [TestCase("p99.write > 1us", null)]
    [TestCase("p99.read(lun=1) > 1us", null)]
    [TestCase("p99.read(lun=7) > 1us", null)]
    [TestCase("iops(lun=7) < 1", null)]
    [TestCase("iops(lun=1) == 0", true)]
    [TestCase("iops == 110", true)]
    [TestCase("iops.read == 100 && iops.write == 10 && iops.other == 0", true)]
    [TestCase("bandwidth.read == 409600B/s", true)]
    [TestCase("size.write == 8192", true)]
    [TestCase("commands == 220 && errors == 0 && errors_pct == 0%", true)]
    [TestCase("queue_depth > 0.11 && queue_depth < 0.13", true)]
    [TestCase("busy == 50%", true)]
    [TestCase("busy(lun=1) == 0", true)]
    [TestCase("busy(initiator~host) > 0", null)]
    [TestCase("sessions == 1 && connections == 1 && sessions(initiator~nobody) < 1", null)]
    [TestCase("sessions(initiator~host) == 1", true)]
    [TestCase("coverage < 100%", null)]
    [TestCase("max < 2.1ms && max > 1.9ms && avg < 1.1ms", true)]
    [TestCase("p99.read(lun=7) > 1us || errors == 0", true)]
    [TestCase("p99.read(lun=7) > 1us && errors > 0", false)]
    [TestCase("!(p99.read(lun=7) > 1us)", null)]
    [TestCase("not errors > 0", true)]
    public void Figures_are_those_of_the_interval(string text, bool? holds)
    {
        var watch = new Watch(Check.Parse(text), Narrowing.None);
        Assert.That((watch.Add(Samples.Two()), watch.Verdict), Is.EqualTo((holds, holds)));
    }

    [Test]
    public void Too_few_commands_are_said_and_can_be_enough()
    {
        var watch = new Watch(Check.Parse("p99.write > 1ms"), Narrowing.None);
        watch.Add(Samples.Two());
        Assert.That((watch.Seen[0].Why, watch.Seen[0].Commands), Is.EqualTo(("20 commands, 100 are needed", 20)));
        Assert.That(new Watch(Check.Parse("p99.write > 1ms"), Narrowing.None, needs: 20).Add(Samples.Two()), Is.True);
    }

    [Test]
    public void A_condition_that_lasts_needs_intervals_without_a_break()
    {
        var watch = new Watch(Check.Parse("p50.read > 5ms for 6s"), Narrowing.None);
        bool?[] told = [.. new[] { 9, 9, 1, 9, 9, 9, 9 }.Select(ms => watch.Add(Reads(100, ms)))];
        // After two of two seconds it may still be true of the beginning; a break ends that.
        Assert.That(told, Is.EqualTo(new bool?[] { null, null, false, false, false, true, true }));
        Assert.That((watch.Verdict, watch.Seen[0].Held), Is.EqualTo(((bool?)true, TimeSpan.FromSeconds(6))));
    }

    [Test]
    public void A_pause_in_what_is_known_leaves_it_open()
    {
        var watch = new Watch(Check.Parse("p50.read > 5ms for 6s"), Narrowing.None);
        bool?[] told = [.. new[] { 100, 3, 100, 100 }.Select(n => watch.Add(Reads(n, 9)))];
        Assert.That(told, Is.EqualTo(new bool?[] { null, null, null, null }));
        Assert.That(watch.Verdict, Is.Null);
    }

    [Test]
    public void What_was_seen_is_the_worst_until_it_is_true()
    {
        var watch = new Watch(Check.Parse("p50.read > 20ms"), Narrowing.None);
        foreach (int ms in new[] { 1, 9, 4 }) watch.Add(Reads(100, ms));
        Assert.That((watch.Verdict, watch.Seen[0].Value / 1e6), Is.EqualTo(((bool?)false, 9.0)).Within(0.3));
        watch.Add(Reads(100, 30));
        watch.Add(Reads(100, 40));
        Assert.That(watch.Seen[0].Value / 1e6, Is.EqualTo(30.0).Within(1));
    }

    [Test]
    public void Losses_are_those_since_the_interval_before()
    {
        var watch = new Watch(Check.Parse("drops > 0"), Narrowing.None);
        var engine = new EngineStatus { RingDrops = 5, Seconds = 1 };
        var snapshot = new Snapshot { Seconds = 1, Engines = { engine } };
        watch.Begin(snapshot);
        Assert.That(watch.Add(snapshot), Is.False);
        engine.RingDrops = 7;
        Assert.That((watch.Add(snapshot), watch.Seen[0].Value), Is.EqualTo(((bool?)true, 2)));
    }

    [Test]
    public void Changes_are_told_against_the_other_span()
    {
        Assert.That(Change("p50.read > +80%", Reads(100, 1), Reads(100, 2)), Is.True);
        Assert.That(Change("p50.read > +150%", Reads(100, 1), Reads(100, 2)), Is.False);
        Assert.That(Change("iops < -20%", Reads(100, 1), Reads(70, 1)), Is.True);
        Assert.That(Change("p50.read > +80%", Reads(5, 1), Reads(100, 2)), Is.Null);

        static bool? Change(string text, Snapshot before, Snapshot after) => new Watch(Check.Parse(text, changes: true), Narrowing.None).Add(after, before);
    }

    [Test]
    public void Of_nothing_nothing_is_known() => Assert.That(new Watch(Check.Parse("iops < 5"), Narrowing.None).Add(new Snapshot { Seconds = 1 }), Is.Null);

    private static Snapshot Reads(int n, int ms)
    {
        Snapshot s = Samples.Empty();
        s.Cells.Add(Samples.Delta(Samples.Connection, 0, 0x2800, CommandKind.Read, n, 4096, ms * 1_000_000L));
        return s;
    }
}
