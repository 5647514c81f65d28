using Iscsitop.Engine;
using Iscsitop.Engine.Recording;

namespace Iscsitop.Tests.Engine.Recording;

public sealed class SizeTests
{
    private const int Seconds = 120;

    [TestCase(false)]
    [TestCase(true)]
    public void An_hour_of_50_units_and_20_initiators_stays_below_20_MB(bool packets)
    {
        var load = new Load(initiators: 20, units: 50, each: 5, packets: packets);
        long bytes = 0, commands = 0;
        var recorder = new Recorder((block, _) => bytes += block.Length, 20_000_000);
        for (int i = 0; i < Seconds; i++)
        {
            Snapshot snapshot = load.Next();
            commands += snapshot.Cells.Sum(c => c.Cell.Completed);
            recorder.Add(snapshot);
        }
        recorder.Flush();
        double hour = bytes * 3600.0 / Seconds;
        TestContext.Out.WriteLine($"{commands / Seconds} commands/s, {hour / 1e6:0.00} MB an hour, {(double)bytes / Seconds:0} bytes a second");
        Assert.That(commands / Seconds, Is.GreaterThan(5000));
        Assert.That(hour, Is.LessThan(20e6));
        // And not by lengthening the interval.
        Assert.That((recorder.Merged, recorder.Written.Snapshots), Is.EqualTo((1, (long)Seconds)));
    }
}
