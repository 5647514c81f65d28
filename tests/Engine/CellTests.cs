using CsCheck;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

/// <summary>What a cell does not keep because it is like something else must not be seen from outside.</summary>
[TestFixture]
public sealed class CellTests
{
    private static readonly Gen<(long Latency, long Service, long FirstByte)> s_command = Gen.Select(Gen.Long[0, 5_000_000], Gen.Int[0, 2], Gen.Int[0, 2],
        (latency, service, first) => (latency, service > 0 ? latency : latency / 2, first == 2 ? -1 : first == 1 ? latency : latency / 3));

    [Test]
    public void Phases_that_are_mostly_like_latency_count_like_those_that_are_kept() =>
        s_command.Array[0, 6].Select(Gen.Int[0, 3]).Array[1, 8].Sample(rounds =>
        {
            Cell cell = new(), plain = new();
            foreach (((long Latency, long Service, long FirstByte)[] commands, int what) in rounds)
            {
                Cell into = what == 0 ? cell : new Cell();
                Cell plainly = what == 0 ? plain : new Cell();
                foreach ((long latency, long service, long first) in commands)
                {
                    into.Add(latency, service, first);
                    plainly.Ensure(Phase.Latency).Add(latency);
                    plainly.Ensure(Phase.Service).Add(service);
                    if (first >= 0) plainly.Ensure(Phase.FirstByte).Add(first);
                }
                if (what == 1) cell.Add(into);
                if (what == 2) cell.AddDifference(into, new Cell());
                if (what == 3) cell.Add(Through(into));
                if (what != 0) plain.Add(plainly);
            }
            return Same(cell, plain) && Same(Through(cell), plain);
        }, iter: 3000);

    [Test]
    public void Adding_to_a_phase_changes_no_other()
    {
        var cell = new Cell();
        cell.Add(5000, 5000, 5000);
        cell.Ensure(Phase.Service).Add(7000);
        cell.Ensure(Phase.Latency).Add(9000);
        Assert.That((cell.Of(Phase.Latency)!.Sum, cell.Of(Phase.Service)!.Sum, cell.Of(Phase.FirstByte)!.Sum), Is.EqualTo((14_000L, 12_000L, 5000L)));
        cell.Clear();
        cell.Add(3000, 3000, -1);
        Assert.That((cell.Of(Phase.Latency)!.Sum, cell.Of(Phase.Service)!.Sum, cell.Of(Phase.FirstByte)!.Count), Is.EqualTo((3000L, 3000L, 0L)));
    }

    [Test]
    public void A_small_command_takes_one_histogram()
    {
        var cell = new Cell();
        cell.Add(5000, 5000, 5000);
        Assert.That(cell.Size, Is.LessThan(new Cell().Size + 80));
    }

    [TestCase(64)]
    [TestCase(128)]
    public void Bytes_that_say_a_phase_is_like_none_or_is_there_twice_are_refused(int mask)
    {
        byte[] bytes = new byte[40];
        bytes[5] = (byte)mask;
        Assert.That(() => CellCodec.Read(bytes, new Cell()), Throws.TypeOf<StreamFormatException>());
        bytes[5] = (byte)(mask | 1 | (mask == 64 ? 2 : 32));
        Assert.That(() => CellCodec.Read(bytes, new Cell()), Throws.TypeOf<StreamFormatException>());
        bytes[5] = (byte)(mask | 1);
        Assert.That(() => CellCodec.Read(bytes, new Cell()), Throws.Nothing);
    }

    private static Cell Through(Cell cell)
    {
        byte[] bytes = new byte[CellCodec.Longest];
        int length = CellCodec.Write(cell, 0, bytes);
        var read = new Cell { Kind = CommandKind.Other };
        Assert.That(CellCodec.Read(bytes.AsSpan(0, length), read), Is.EqualTo(length));
        return read;
    }

    private static bool Same(Cell a, Cell b)
    {
        foreach (Phase phase in Enum.GetValues<Phase>())
        {
            Histogram x = a.Of(phase) ?? new Histogram(), y = b.Of(phase) ?? new Histogram();
            if (x.Count != y.Count || x.Sum != y.Sum || !x.Buckets.SequenceEqual(y.Buckets)) return false;
        }
        return true;
    }
}
