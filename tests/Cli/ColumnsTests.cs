using Iscsitop.Cli;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class ColumnsTests
{
    private static IEnumerable<View> AllViews => Views.All;

    [TestCaseSource(nameof(AllViews))]
    public void Fields_of_a_view_are_unique_and_snake_case(View view)
    {
        Assert.That(view.Columns.Select(c => c.Field), Is.Unique);
        Assert.That(view.Columns.Select(c => c.Field), Has.All.Matches("^[a-z][a-z0-9]*(_[a-z0-9]+)*$"));
    }

    [TestCaseSource(nameof(AllViews))]
    public void Headers_of_a_view_are_unique_ascii_and_fit(View view)
    {
        Assert.That(view.Columns.Select(c => c.Header), Is.Unique);
        foreach (Column c in view.Columns.SelectMany(c => new[] { c, c.In(new DisplayUnits(Numbers.Microseconds, "us", true)) }))
            Assert.That(c.Header, Has.Length.LessThanOrEqualTo(c.Width).And.All.InRange('!', '~'), c.Field);
    }

    [TestCaseSource(nameof(AllViews))]
    public void A_column_is_a_number_or_a_text_and_explains_itself(View view)
    {
        foreach (Column c in view.Columns)
        {
            Assert.That(c.Value is null, Is.Not.EqualTo(c.Text is null), c.Field);
            Assert.That(c.Show is null, Is.EqualTo(c.Value is null), c.Field);
            Assert.That(c.Help, Is.Not.Empty.And.Not.EndWith("."), c.Field);
        }
    }

    [TestCaseSource(nameof(AllViews))]
    public void A_view_sorts_by_a_column_it_has(View view) => Assert.That(view.Find(view.SortBy), Is.Not.Null);

    [Test]
    public void A_field_means_the_same_in_every_view()
    {
        foreach (IGrouping<string, Column> same in Views.All.SelectMany(v => v.Columns).GroupBy(c => c.Field))
            Assert.That(same.Select(c => (c.Unit, c.Help)).Distinct().Count(), Is.EqualTo(1), same.Key);
    }

    [Test]
    public void Keys_of_views_are_unique() => Assert.That(Views.All.Select(v => v.Key), Is.Unique);
}
