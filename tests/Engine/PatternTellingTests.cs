using CsCheck;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

/// <summary>Each subscriber is told of every pattern once, whoever else is told when, and however slowly.</summary>
[TestFixture]
public sealed class PatternTellingTests
{
    // 0-3: a command; 4-6: one of three subscribers is told; 7: one joins or leaves.
    [Test]
    public void Whoever_comes_and_goes_adds_up_to_what_there_was() => Gen.Select(Gen.Int[0, 7], Gen.Int[0, 2], Gen.Int[1, 900]).Array[1, 80].Sample(steps =>
    {
        var table = new PatternTable(new CellTable());
        var all = new Pattern();
        var told = new Dictionary<int, Pattern>();
        foreach ((int what, int who, int us) in steps)
        {
            if (what < 4)
            {
                Count(table.Of(new PatternKey(1, (ulong)who, us % 2 == 0)).Pattern, us);
                Count(all, us);
            }
            else if (what == 7 && told.Remove(who)) table.Leave(who);
            else if (told.TryAdd(who, new Pattern())) table.Join(who);
            else Tell(table, who, told[who]);
        }
        foreach ((int who, Pattern sum) in told) Tell(table, who, sum);
        return told.Values.All(p => Words(p) == Words(all));
    }, iter: 3000);

    [Test]
    public void What_is_told_to_one_alone_is_kept_once_more_for_who_comes_later_only()
    {
        var table = new PatternTable(new CellTable());
        table.Join(0);
        PatternState state = table.Of(new PatternKey(1, 0, true));
        for (int i = 0; i < 3; i++)
        {
            Count(state.Pattern, 100);
            Assert.That(table.Tell(state, 0)!.Count, Is.EqualTo(1));
            table.Told(state, 0);
            Assert.That(table.Tell(state, 0), Is.Null, "nothing is told twice");
        }
        table.Join(1);
        Assert.That(table.Tell(state, 1)!.Count, Is.EqualTo(3));
    }

    [Test]
    public void Where_cells_have_no_past_patterns_have_none()
    {
        var cells = new CellTable();
        var table = new PatternTable(cells);
        table.Join(cells.Join(0));
        PatternState told = table.Of(new PatternKey(1, 0, true)), untold = table.Of(new PatternKey(1, 0, false));
        Count(told.Pattern, 100);
        table.Tell(told, 0);
        table.Told(told, 0);
        Count(untold.Pattern, 100);
        for (uint i = 0; i <= CellTable.MostWithPast; i++) cells.Of(new CellKey(i, 0, 0x2800), CommandKind.Read, 0);
        table.Join(cells.Join(0));
        Assert.That((table.Tell(told, 1), table.Tell(untold, 1)), Is.EqualTo(((Pattern?)null, (Pattern?)null)));
        Assert.That(table.Tell(untold, 0)!.Count, Is.EqualTo(1), "who was there misses nothing");
    }

    [Test]
    public void What_patterns_take_counts_for_the_bound_of_the_cells()
    {
        var cells = new CellTable();
        var table = new PatternTable(cells);
        table.Join(0);
        table.Join(1);
        PatternState state = table.Of(new PatternKey(1, 0, true));
        long empty = cells.Bytes;
        Count(state.Pattern, 100);
        table.Tell(state, 0);
        table.Told(state, 0);
        Assert.That(cells.Bytes, Is.GreaterThan(empty).And.EqualTo(state.Bytes));
        table.Forget(_ => true);
        Assert.That(cells.Bytes, Is.Zero);
    }

    [Test]
    public void A_snapshot_that_waits_loses_nothing_and_has_each_once()
    {
        var table = new PatternTable(new CellTable());
        table.Join(0);
        var (cursor, outbox, writer, all) = (new SnapshotCursor(), new Narrow(), new FrameWriter(), new Pattern());
        cursor.Restart(1, 1);
        int waited = 0;
        for (int i = 0; i < 20 || cursor.Running; i++)
        {
            for (uint connection = 1; i < 10 && connection <= 8000; connection++)
            {
                Count(table.Of(new PatternKey(connection, 0, false)).Pattern, 100 + i);
                Count(all, 100 + i);
            }
            if (!cursor.Running)
            {
                cursor.Begin(i, 0);
                outbox.Seen.Clear();
            }
            outbox.Room = 1;
            if (cursor.SendPatterns(table, 0, outbox, writer)) cursor.End(new Wants(0, TimeSpan.FromSeconds(1)));
            else waited++;
        }
        Assert.That(waited, Is.GreaterThan(5));
        Assert.That(Words(outbox.Sum), Is.EqualTo(Words(all)));
    }

    [Test]
    public void A_snapshot_goes_on_where_it_was_when_connections_are_forgotten()
    {
        var table = new PatternTable(new CellTable());
        table.Join(0);
        var (cursor, outbox, writer) = (new SnapshotCursor(), new Narrow(), new FrameWriter());
        for (uint connection = 1; connection <= 8000; connection++) Count(table.Of(new PatternKey(connection, 0, false)).Pattern, 100);
        cursor.Begin(1, 0);
        outbox.Room = 1;
        Assert.That(cursor.SendPatterns(table, 0, outbox, writer), Is.False);
        foreach (PatternState state in table.All) Count(state.Pattern, 100);
        cursor.Skip([], table.All, connection => connection <= 100);
        table.Forget(connection => connection <= 100);
        outbox.Room = 10;
        Assert.That(cursor.SendPatterns(table, 0, outbox, writer), Is.True);
        Assert.That(outbox.Seen, Has.Count.EqualTo(8000), "none twice, none left out");
    }

    private static void Count(Pattern pattern, int n)
    {
        pattern.Count++;
        pattern.Random += n & 1;
        pattern.AddAt(n % Pattern.End, 1);
        pattern.AddAt(n * 7 % Pattern.End, n);
        (pattern.Interarrival ??= new Histogram()).Add(n * 1000);
    }

    private static void Tell(PatternTable table, int number, Pattern into)
    {
        foreach (PatternState state in table.All)
        {
            if (table.Tell(state, number) is not { } pattern) continue;
            into.Add(pattern);
            table.Told(state, number);
        }
    }

    private static string Words(Pattern p) =>
        $"{p.Count} {p.Sequential} {p.Random} {p.Unplaced} {p.Interarrival?.Sum} {string.Join(',', [.. p.Sizes, .. p.Exact, .. p.Aligned, .. p.Seeks, .. (p.Interarrival ?? new Histogram()).Buckets])}";

    /// <summary>A reader that takes so many frames, and adds them up.</summary>
    private sealed class Narrow : Outbox
    {
        private readonly Pattern _read = new();

        public int Room { get; set; }

        public Pattern Sum { get; } = new();

        public HashSet<PatternKey> Seen { get; } = [];

        public override bool HasRoom => Room > 0;

        public override bool TrySend(ReadOnlySpan<byte> frame)
        {
            Room--;
            var reader = new FrameReader(frame[StreamFormat.HeaderLength..]);
            while (!reader.AtEnd)
            {
                Assert.That(Seen.Add(reader.Pattern(_read)), Is.True, "a pattern is in a snapshot once");
                Sum.Add(_read);
            }
            return true;
        }
    }
}
