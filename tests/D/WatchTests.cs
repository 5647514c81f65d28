using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.D;

/// <summary>What a screen sees of the aggregations of a program.</summary>
[TestFixture]
public sealed class WatchTests
{
    private const long Second = 1_000_000_000;

    private static DWatch Watch(string text, bool file = false)
    {
        var catalog = new ProbeCatalog();
        catalog.AddEngine(7);
        var watch = new DWatch(DProgram.Compile([new DSource { Text = text }], new DOptions { Quiet = true }, catalog), catalog, file);
        if (!file) watch.Begin(0, 0);
        return watch;
    }

    private static void Fire(DWatch watch, long time, uint itt, ulong lun = 3, int pid = 7)
    {
        ProbeEvent e = Events.Command(time, 5, lun, itt, Events.Read10, 4096);
        watch.OnEvent(in e, new EventContext(Running.Connection, "t", "i", time, new EngineStatus { Pid = pid }));
    }

    private static WatchedKey[] Keys(DWatch watch, int aggregation = 0) => [.. watch.Aggregations[aggregation].Rows.Select(r => r.Extras.Watched!)];

    [Test]
    public void Keys_are_texts_and_numbers_with_the_words_of_the_program()
    {
        DWatch watch = Watch("scsi-command { @a[probename, (char)args[1]->ii_itt, (uint64_t)-1, args[1]->ii_lun + 1] = count(); }");
        Fire(watch, 1, 255);
        watch.Look(Second, Second);
        WatchedAggregation of = watch.Aggregations.Single();
        Assert.That(of.Keys, Is.EqualTo(new[] { "probename", "(char)args[1]->ii_itt", "(uint64_t)-1", "args[1]->ii_lun + 1" }));
        Assert.That(Keys(watch).Single().Texts, Is.EqualTo(new[] { "scsi-command", "-1", "18446744073709551615", "4" }));
        Assert.That((of.Name, of.Function, of.IsNumber(0), of.IsNumber(1)), Is.EqualTo(("@a", "count", false, true)));
    }

    [Test]
    public void A_row_stays_the_same_row_while_its_key_does()
    {
        DWatch watch = Watch("scsi-command { @[args[1]->ii_lun] = count(); } tick-5s { trunc(@); }");
        Fire(watch, 1, 1, lun: 1);
        Fire(watch, 2, 2, lun: 2);
        watch.Look(Second, Second);
        Row[] before = [.. watch.Aggregations[0].Rows];
        Fire(watch, Second + 1, 3, lun: 2);
        watch.Look(2 * Second, 2 * Second);
        Assert.That(watch.Aggregations[0].Rows, Is.EqualTo(before));
        Assert.That(Keys(watch).Select(k => k.PerSecond), Is.EqualTo(new[] { 0.0, 1.0 }));
        watch.Look(6 * Second, 6 * Second);
        Assert.That(Keys(watch), Is.Empty);
    }

    [Test]
    public void A_program_that_clears_what_it_counts_counts_on()
    {
        DWatch watch = Watch("scsi-command { @ = count(); } tick-1s { clear(@); }");
        for (uint i = 0; i < 8; i++) Fire(watch, 10 + i, i);
        watch.Look(Second / 2, Second / 2);
        for (uint i = 0; i < 3; i++) Fire(watch, Second + 10 + i, i);
        watch.Look(3 * Second / 2, 3 * Second / 2);
        Assert.That((Keys(watch).Single().Value, Keys(watch).Single().PerSecond), Is.EqualTo((3.0, 3.0)));
    }

    [Test]
    public void Engines_that_come_later_count_too()
    {
        DWatch watch = Watch("iscsi*:::scsi-command { @[probeprov] = count(); }");
        Fire(watch, 1, 1, pid: 9);
        watch.Look(Second, Second);
        Assert.That(Keys(watch).Single().Texts, Is.EqualTo(new[] { "iscsi9" }));
    }

    [Test]
    public void A_file_s_values_a_second_are_of_all_of_its_time()
    {
        DWatch watch = Watch("scsi-command { @ = count(); @q = quantize(timestamp); }", file: true);
        Fire(watch, 100 * Second, 1);
        watch.Look(1, 1);
        Assert.That(double.IsNaN(Keys(watch).Single().PerSecond));
        for (uint i = 1; i <= 8; i++) Fire(watch, (100 + i) * Second, i);
        watch.Look(2, 2);
        watch.Look(3, 3);
        Assert.That((watch.Seconds, Keys(watch).Single().Value, Keys(watch).Single().PerSecond, Keys(watch, 1).Single().PerSecond), Is.EqualTo((8.0, 9.0, 9 / 8.0, 9 / 8.0)));
    }

    [Test]
    public void The_ends_of_a_linear_distribution_are_called_so()
    {
        DWatch watch = Watch("scsi-command { @ = lquantize(args[1]->ii_itt, 10, 20, 5); }");
        foreach (uint value in (ReadOnlySpan<uint>)[1, 12, 17, 18, 99]) Fire(watch, 1, value);
        watch.Look(Second, Second);
        WatchedKey key = Keys(watch).Single();
        Assert.That(key.Buckets.ToArray(), Is.EqualTo(new[] { 1, 1, 2, 1 }));
        Assert.That(Enumerable.Range(0, 4).Select(key.Of.Label), Is.EqualTo(new[] { "< 10", "10", "15", ">= 20" }));
        Assert.That((key.BucketOf(0.5, 5), key.BucketOf(0.99, 5), key.BucketOf(0.1, 5), key.BucketOf(0.5, 6)), Is.EqualTo((2, 3, 0, -1)));
        Assert.That((key.Of.Lowest(0), key.Of.Lowest(3), key.Of.Floor), Is.EqualTo((9.0, 20.0, 10.0)));
    }

    [Test]
    public void An_end_and_faults_are_told()
    {
        DWatch watch = Watch("scsi-command /args[1]->ii_itt == 2/ { exit(0); } scsi-command { @ = sum(10 / args[1]->ii_itt); }");
        Fire(watch, 1, 0);
        Fire(watch, 1, 1);
        Fire(watch, 1, 2);
        Fire(watch, 1, 5);
        watch.Look(Second, Second);
        Assert.That((watch.Exited, watch.Faults, Keys(watch).Single().Value), Is.EqualTo((true, 1L, 10.0)));
        Assert.That(watch.Fault, Does.Contain("divide-by-zero"));
    }

    [Test]
    public void An_event_of_a_key_that_is_there_allocates_nothing()
    {
        DWatch watch = Watch("scsi-command { @[args[0]->ci_remote] = count(); }");
        var engine = new EngineStatus { Pid = 7 };
        ProbeEvent e = Events.Command(1, 5, 3, 1, Events.Read10, 4096);
        var context = new EventContext(Running.Connection, "t", "i", 1, engine);
        watch.OnEvent(in e, in context);
        Assert.That(Allocated.By(() => watch.OnEvent(in e, in context)), Is.Zero);
    }
}
