using CsCheck;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

/// <summary>Each subscriber is told everything once, whoever else is told when.</summary>
[TestFixture]
public sealed class CellTellingTests
{
    // 0-3: a command; 4-6: one of three subscribers is told; 7: one joins or leaves.
    [Test]
    public void Whoever_comes_and_goes_adds_up_to_what_there_was() => Gen.Select(Gen.Int[0, 7], Gen.Int[0, 2], Gen.Int[1, 900]).Array[1, 80].Sample(steps =>
    {
        var table = new CellTable();
        var all = new Cell();
        var told = new Dictionary<int, Cell>();
        int[] number = [-1, -1, -1];
        long time = 0;
        foreach ((int what, int who, int us) in steps)
        {
            time += us;
            if (what < 4) Command(table, all, (ulong)who, time);
            else if (what == 7 && number[who] >= 0)
            {
                table.Leave(number[who]);
                told.Remove(who);
                number[who] = -1;
            }
            else if (number[who] < 0)
            {
                number[who] = table.Join(time);
                told[who] = new Cell();
            }
            else Tell(table, number[who], told[who], time);
        }
        foreach ((int who, Cell sum) in told) Tell(table, number[who], sum, ++time);
        return told.Values.All(c => (c.Completed, c.ReadBytes, c.OutstandingTime) == (all.Completed, all.ReadBytes, all.OutstandingTime) && Same(c, all));
    }, iter: 3000);

    [Test]
    public void What_is_told_to_one_alone_is_kept_once()
    {
        var table = new CellTable();
        int one = table.Join(0);
        var sum = new Cell();
        for (int i = 0; i < 3; i++)
        {
            Command(table, new Cell(), 1, i);
            Tell(table, one, sum, i);
            Assert.That(table.All.Single().Cell.Completed, Is.Zero, "what was told is not kept there");
        }
        Assert.That(sum.Completed, Is.EqualTo(3));
        Assert.That(table.Tell(table.All[0], one, 9), Is.Null, "nothing is told twice");
    }

    [Test]
    public void Outstanding_commands_are_told_with_their_time_and_never_taken_for_differences()
    {
        var table = new CellTable();
        int one = table.Join(0), two = table.Join(0);
        CellState state = table.Of(new CellKey(1, 0, 0x2800), CommandKind.Read, 0);
        Cell cell = table.Touch(state, 100);
        (cell.Started, cell.Outstanding) = (1, 1);
        foreach ((int subscriber, long time) in ((int, long)[])[(one, 500), (one, 0), (two, 500)])
        {
            Cell told = table.Tell(state, subscriber, 600)!;
            Assert.That((told.Outstanding, told.OutstandingTime), Is.EqualTo((1L, time)));
            table.Told(state, subscriber);
        }
        Assert.That(table.Tell(state, two, 900)!.OutstandingTime, Is.EqualTo(300));
    }

    [Test]
    public void A_table_of_very_many_cells_has_no_past()
    {
        var table = new CellTable();
        int one = table.Join(0);
        for (uint i = 0; i <= CellTable.MostWithPast; i++)
        {
            Assert.That(table.HasPast, Is.True);
            table.Touch(table.Of(new CellKey(i, 0, 0x2800), CommandKind.Read, 0), 5).Completed++;
        }
        Assert.That(table.HasPast, Is.False);
        int two = table.Join(10);
        Assert.That(table.All.Count(s => table.Tell(s, two, 10) is { Completed: > 0 }), Is.Zero, "who comes now begins with nothing");
        Assert.That(table.All.Sum(s => table.Tell(s, one, 10)!.Completed), Is.EqualTo(CellTable.MostWithPast + 1), "who was there misses nothing");
        table.Clear();
        Assert.That(table.HasPast, Is.True);
    }

    [Test]
    public void What_somebody_was_not_told_is_counted_when_it_goes()
    {
        var table = new CellTable();
        int one = table.Join(0);
        table.Join(0);
        for (int i = 0; i < 3; i++) Command(table, new Cell(), 1, i);
        Tell(table, one, new Cell(), 5);
        Command(table, new Cell(), 1, 6);
        table.Forget(_ => true, unseen: 0);
        Assert.That((table.Folded, table.All.Count, table.Bytes), Is.EqualTo((4L, 0, 0L)));
    }

    private static void Command(CellTable table, Cell all, ulong lun, long time)
    {
        CellState state = table.Of(new CellKey(1, lun, 0x2800), CommandKind.Read, time);
        Cell begun = table.Touch(state, time - 1);
        begun.Started++;
        begun.Outstanding++;
        Cell cell = table.Touch(state, time);
        cell.Outstanding--;
        cell.Completed++;
        cell.ReadBytes += 512;
        cell.Add(time * 1000, time * 1000, time * 500);
        all.Completed++;
        all.ReadBytes += 512;
        all.OutstandingTime++;
        all.Add(time * 1000, time * 1000, time * 500);
    }

    private static void Tell(CellTable table, int number, Cell into, long time)
    {
        foreach (CellState state in table.All)
        {
            if (table.Tell(state, number, time) is not { } cell) continue;
            into.Add(cell);
            table.Told(state, number);
        }
    }

    private static bool Same(Cell a, Cell b) => Enum.GetValues<Phase>().All(p => (a.Of(p)?.Sum ?? 0) == (b.Of(p)?.Sum ?? 0) && (a.Of(p)?.Count ?? 0) == (b.Of(p)?.Count ?? 0));
}
