using Iscsitop.Cli;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class RowFilterTests
{
    [Test]
    public void A_list_of_luns_leaves_out_the_idle_units_too() => Assert.That(Luns(RowFilter.None with { Luns = [1] }), Is.EqualTo("1"));

    [Test]
    public void An_initiator_leaves_out_units_it_did_not_use() =>
        Assert.That(Luns(RowFilter.None with { Initiators = ["192.0.2.7"] }), Is.EqualTo("0"));

    [Test]
    public void A_target_by_pattern() => Assert.That(Luns(RowFilter.None with { Targets = ["*:a"] }), Is.EqualTo("0 1"));

    [Test]
    public void Nothing_matches_nothing() => Assert.That(Luns(RowFilter.None with { Targets = ["*:b"] }), Is.Empty);

    [Test]
    public void An_address_in_brackets_is_told_by_the_address() =>
        Assert.That((RowFilter.None with { Initiators = ["2001:db8::7"] }).Keeps(0, "", "iqn", "[2001:db8::7]:50000"), Is.True);

    private static string Luns(RowFilter filter)
    {
        var report = new Report(new TopOptions { Filter = filter });
        report.Build(Samples.Two());
        return string.Join(' ', report.Rows.Select(r => r.Lun));
    }
}
