using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Engine.Recording;

[TestFixture]
public sealed class RecorderTests
{
    [Test]
    public void A_load_beyond_the_budget_is_recorded_at_longer_intervals()
    {
        const long Budget = 8_000_000;
        var load = new Load(initiators: 10, units: 50, each: 20);
        using var file = new MemoryStream();
        List<int> steps = [];
        Recorder recorder = null!;
        recorder = new Recorder((block, _) => file.Write(block.Span), Budget) { OnChanged = () => steps.Add(recorder.Merged) };
        long commands = 0, settled = 0;
        double seconds = 0, measured = 0;
        for (int i = 0; i < 480; i++)
        {
            Snapshot snapshot = load.Next();
            commands += snapshot.Cells.Sum(c => c.Cell.Completed);
            seconds += snapshot.Seconds;
            if (i == 120) settled = file.Length;
            if (i >= 120) measured += snapshot.Seconds;
            recorder.Add(snapshot);
        }
        long written = file.Length;
        recorder.Flush();
        Assert.That(steps, Is.Not.Empty.And.All.GreaterThan(1));
        // As many blocks as there were times for, and perhaps one more.
        Assert.That((written - settled) / measured * 3600, Is.LessThan(1.15 * Budget));
        Snapshot all = Whole(file.ToArray());
        Assert.That((all.Cells.Sum(c => c.Cell.Completed), Math.Round(all.Seconds, 6)), Is.EqualTo((commands, Math.Round(seconds, 6))));
    }

    [Test]
    public void Less_load_is_recorded_at_shorter_intervals_again()
    {
        var busy = new Load(initiators: 10, units: 50, each: 20);
        List<int> steps = [];
        Recorder recorder = null!;
        recorder = new Recorder((_, _) => { }, 4_000_000) { OnChanged = () => steps.Add(recorder.Merged) };
        for (int i = 0; i < 60; i++) recorder.Add(busy.Next());
        for (int i = 0; i < 1500 && recorder.Merged > 1; i++) recorder.Add(Everything.At(i));
        Assert.That((recorder.Merged, steps.Max()), Is.EqualTo((1, steps.Max(s => Math.Max(s, 2)))));
    }

    [Test]
    public void A_file_is_gone_on_with_and_a_torn_block_cut_off()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        byte[] recording = Everything.Recording(8, out List<byte[]> blocks);
        File.WriteAllBytes(path, recording[..^10]);
        using (RecordingFile file = RecordingFile.Open(path, default))
        {
            Assert.That(file.CutOff, Is.EqualTo(blocks[1].Length - 10));
            file.Write(blocks[1], Everything.Start);
        }
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(recording));
    }

    [Test]
    public void What_is_no_recording_is_left_as_it_is()
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("notes"), "to do\n");
        Assert.That(() => RecordingFile.Open(scratch.File("notes"), default), Throws.TypeOf<CaptureFormatException>().With.Message.EndsWith("notes is no recording: it is left as it is"));
        Assert.That(File.ReadAllText(scratch.File("notes")), Is.EqualTo("to do\n"));
    }

    [Test]
    public void Full_files_are_put_aside_and_the_oldest_removed()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        File.WriteAllText(scratch.File("a.rec.notes"), "mine");
        Everything.Recording(4, out List<byte[]> blocks);
        int size = blocks[0].Length;
        using (RecordingFile file = RecordingFile.Open(path, new Retention(RotateBytes: 2 * size, MaxBytes: 7 * size)))
        {
            for (int i = 0; i < 13; i++) file.Write(blocks[0], Everything.Start + i * 3600 * Everything.Second);
            Assert.That(file.Rotated, Is.EqualTo((6, 4)));
        }
        Assert.That(Directory.EnumerateFiles(scratch.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Is.EqualTo(new[] { "a.rec", "a.rec.20261123-160000", "a.rec.20261123-180000", "a.rec.notes" }));
    }

    [Test]
    public void A_recording_that_ends_with_a_full_file_is_where_it_was_asked_for()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        Everything.Recording(4, out List<byte[]> blocks);
        using (RecordingFile file = RecordingFile.Open(path, new Retention(RotateBytes: 1)))
        {
            for (int i = 0; i < 3; i++) Assert.That(file.Write(blocks[0], Everything.Start + i * 3600 * Everything.Second), "each block begins anew");
            Assert.That(file.Rotated.Aside, Is.EqualTo(2));
        }
        Assert.That(File.ReadAllBytes(path), Is.EqualTo(blocks[0]));
    }

    [Test]
    public void A_file_that_was_full_long_ago_is_not_gone_on_with()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        Everything.Recording(4, out List<byte[]> blocks);
        foreach (Retention keep in new[] { new Retention(RotateAge: TimeSpan.FromHours(1)), new Retention(RotateBytes: 1) })
        {
            using (RecordingFile file = RecordingFile.Open(path, keep)) file.Write(blocks[0], Everything.Start);
            using (RecordingFile file = RecordingFile.Open(path, keep))
            {
                file.Write(blocks[0], Everything.Start + 86_400 * Everything.Second);
                Assert.That(file.Rotated.Aside, Is.EqualTo(1));
            }
            Assert.That(File.ReadAllBytes(path), Is.EqualTo(blocks[0]));
            File.Delete(path);
        }
    }

    [Test]
    public void Where_the_next_file_cannot_be_made_every_write_says_so()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.rec");
        Everything.Recording(4, out List<byte[]> blocks);
        using RecordingFile file = RecordingFile.Open(path, new Retention(RotateBytes: 1));
        file.Write(blocks[0], Everything.Start);
        // What it is called aside is not there any more.
        File.Delete(path);
        for (int i = 0; i < 2; i++) Assert.That(() => file.Write(blocks[0], Everything.Start), Throws.InstanceOf<IOException>());
    }

    private static Snapshot Whole(byte[] recording)
    {
        using var reader = new RecordingReader(new MemoryStream(recording), "memory");
        var sum = new SnapshotSum();
        var next = new Snapshot();
        while (reader.Next(next, 0) == Moved.Packet) sum.Add(next);
        return sum.Take();
    }

    [Test]
    public void The_last_block_changes_no_interval()
    {
        int changes = 0;
        var recorder = new Recorder((_, _) => { }, 1000) { OnChanged = () => changes++ };
        recorder.Add(Everything.At(0));
        recorder.Flush();
        Assert.That((changes, recorder.Merged), Is.EqualTo((0, 1)));
    }
}
