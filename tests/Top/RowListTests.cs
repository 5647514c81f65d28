using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class RowListTests
{
    private static readonly string[] s_views = [.. Views.All.Where(v => v.Key != View.Heat).Select(v => v.Key)];

    [TestCaseSource(nameof(s_views))]
    public void Every_place_is_that_of_the_whole_sorted_whatever_is_looked_at_first(string key)
    {
        View view = Views.Find(key)!;
        RowSource source = view.Source(new TopOptions());
        source.Build(new ManyRows().Next(), SyntheticTrouble.Findings, Narrowing.None);
        Assert.That(source.Rows, Is.Not.Empty);
        var random = new Random(5);
        var list = new RowList();
        foreach (Column by in view.Columns)
            foreach (bool ascending in (bool[])[false, true])
            {
                var order = new RowOrder(by, ascending);
                Row[] sorted = [.. source.Rows.Order(order)];
                int most = random.Next(1, sorted.Length + 1), at = random.Next(most);
                Fill(list, source, order);
                list.Limit(most);
                Assert.That(list[at], Is.SameAs(sorted[at]), by.Field);
                Row sought = sorted[random.Next(most)];
                Assert.That(list[list.IndexOf(new RowId(sought))], Is.SameAs(sorted.First(new RowId(sought).Is)), by.Field);
                int[] places = [.. Enumerable.Range(0, most)];
                random.Shuffle(places);
                Assert.That(places.All(i => ReferenceEquals(list[i], sorted[i])), by.Field);
                Fill(list, source, order);
                Assert.That(list, Is.EqualTo(sorted), by.Field);
            }
    }

    [Test]
    public void An_order_that_is_bad_for_the_parting_is_sorted_all_the_same()
    {
        Column by = Columns.Lun;
        foreach (Func<int, int> order in (Func<int, int>[])[i => i, i => -i, i => i % 2 == 0 ? i : 5000 - i, i => Math.Abs(2500 - i), i => i % 7, _ => 0])
        {
            var rows = new List<Row>();
            for (int i = 0; i < 5000; i++) rows.Add(Row(10_000 + order(i)));
            var list = new RowList();
            foreach (Row row in rows) list.Add(row);
            list.Sort(new RowOrder(by, ascending: true));
            Row[] sorted = [.. rows.OrderBy(r => r.Lun)];
            Assert.That(Enumerable.Range(0, 40).All(i => ReferenceEquals(list[i], sorted[i])));
            Assert.That(Enumerable.Range(0, 5000).All(i => ReferenceEquals(list[i], sorted[i])));
        }
    }

    [Test]
    public void Rows_that_are_the_same_but_for_their_place_stay_as_they_came()
    {
        var list = new RowList();
        Row[] rows = [.. Enumerable.Range(0, 200).Select(_ => Row(7))];
        foreach (Row row in rows) list.Add(row);
        Assert.That(list, Is.EqualTo(rows));
        list.Sort(new RowOrder(Columns.Lun, ascending: false));
        Assert.That((list[199], list[0]), Is.EqualTo((rows[199], rows[0])));
        Assert.That((list.IndexOf(new RowId(rows[30])), list.Count), Is.EqualTo((0, 200)));
        list.Clear();
        Assert.That(() => list[0], Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static Row Row(int lun) => new() { Lun = (ulong)lun };

    private static void Fill(RowList list, RowSource source, RowOrder order)
    {
        list.Clear();
        foreach (Row row in source.Rows) list.Add(row);
        list.Sort(order);
    }
}
