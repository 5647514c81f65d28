using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Recording;

[TestFixture]
public sealed class DamageTests
{
    private const int Seconds = 12;
    private const int Each = 4;

    [Test]
    public void A_tail_torn_anywhere_loses_the_last_block_only()
    {
        byte[] recording = Everything.Recording(Seconds, out List<byte[]> blocks, Each);
        int whole = recording.Length - blocks[^1].Length;
        for (int length = whole + 1; length < recording.Length; length++)
        {
            (int snapshots, string problem) = Read(recording[..length]);
            Assert.That((snapshots, problem), Is.EqualTo((Seconds - Each, "cut short: its last block is not whole")), $"{length} bytes");
        }
        Assert.That(Read(recording[..whole]), Is.EqualTo((Seconds - Each, "")));
    }

    [Test]
    public void A_damaged_byte_costs_its_block_and_no_more()
    {
        byte[] recording = Everything.Recording(Seconds, out List<byte[]> blocks, Each);
        for (int at = 0; at < recording.Length; at += at < blocks[0].Length + BlockHeader.Size ? 1 : 13)
        {
            byte[] damaged = [.. recording];
            damaged[at] ^= 0x55;
            (int snapshots, string problem) = Read(damaged);
            bool last = at >= recording.Length - blocks[^1].Length;
            Assert.That(snapshots, Is.EqualTo(Seconds - Each), $"byte {at}");
            Assert.That(problem, Does.StartWith("1 damaged block left out").Or.StartWith(last ? "cut short" : "1 damaged"), $"byte {at}");
        }
    }

    [Test]
    public void The_time_that_is_missing_is_told()
    {
        byte[] recording = Everything.Recording(Seconds, out List<byte[]> blocks, Each);
        recording[blocks[0].Length + BlockHeader.Size + 5] ^= 1;
        DateTimeOffset start = DateTimeOffset.FromUnixTimeSeconds(Everything.Start / Everything.Second).ToLocalTime();
        Assert.That(Read(recording).Problem, Is.EqualTo($"1 damaged block left out, {start.AddSeconds(3):HH:mm:ss} to {start.AddSeconds(7):HH:mm:ss}"));
    }

    [Test]
    public void Garbage_between_blocks_is_passed_over()
    {
        Everything.Recording(Seconds, out List<byte[]> blocks, Each);
        byte[] recording = [.. blocks[0], .. "iscsirec and nothing"u8, .. new byte[100_000], .. blocks[1], .. blocks[2][..100], .. blocks[2]];
        Assert.That(Read(recording), Is.EqualTo((Seconds, Read(recording).Problem)));
        Assert.That(Read(recording).Problem, Does.StartWith("2 damaged blocks left out, "));
    }

    [Test]
    public void A_block_that_lies_is_left_out_whatever_it_says()
    {
        var random = new Random(3);
        Everything.Recording(Each, out List<byte[]> blocks, Each);
        for (int i = 0; i < 200; i++)
        {
            byte[] block = [.. blocks[0]];
            for (int j = 0; j < 1 + i % 5; j++) block[BlockHeader.Size + random.Next(block.Length - BlockHeader.Size)] = (byte)random.Next(256);
            var payload = block.AsSpan(BlockHeader.Size);
            new BlockHeader(payload.Length, BlockHeader.Sum(payload), 1 + random.Next(100), false, false, 0, 1).Write(block);
            Assert.That(Read(block).Snapshots, Is.LessThanOrEqualTo(100));
        }
    }

    [Test]
    public void A_block_that_would_take_much_memory_is_left_out()
    {
        // Cells of one name, each with a histogram of its own: a bit or two for what takes kilobytes.
        const int cells = 60_000;
        var connection = new ConnectionInfo(1, "", "");
        var cell = new Cell { Key = new CellKey(1, 0, 0x2800), Kind = CommandKind.Read, Completed = 8, Started = 8 };
        foreach (Phase phase in Enum.GetValues<Phase>()) cell.Ensure(phase).AddBucket(10 + (int)phase, 8);
        var snapshot = new Snapshot { Time = Everything.Start, Seconds = 1, Engines = { Everything.Engine } };
        var delta = new CellDelta { Cell = cell, Connection = connection, Engine = Everything.Engine };
        for (int i = 0; i < cells; i++) snapshot.Cells.Add(delta);
        var writer = new BlockWriter();
        writer.Add(snapshot);
        byte[] block = writer.Finish()!;
        Assert.That(block, Has.Length.LessThan(1 << 20));

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(Read([.. block, .. Everything.Recording(1, out _)]).Snapshots, Is.EqualTo(1), "the other block's");
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(200 << 20));
    }

    [Test]
    public void A_later_version_is_refused_by_its_name()
    {
        byte[] recording = Everything.Recording(1, out _);
        recording[8] = BlockHeader.Version + 1;
        BitConverter.TryWriteBytes(recording.AsSpan(44), BlockHeader.Sum(recording.AsSpan(0, 44)));
        Assert.That(() => Read(recording), Throws.TypeOf<CaptureFormatException>().With.Message.EqualTo("memory is a recording of version 4: a newer iscsitop reads it"));
    }

    private static (int Snapshots, string Problem) Read(byte[] bytes)
    {
        using var reader = new RecordingReader(new MemoryStream(bytes), "memory");
        var read = new Snapshot();
        int snapshots = 0;
        while (reader.Next(read, 0) == Moved.Packet) snapshots++;
        return (snapshots, reader.Problem);
    }
}
