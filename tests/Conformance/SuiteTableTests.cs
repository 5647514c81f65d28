namespace Iscsitop.Tests.Conformance;

[TestFixture]
public sealed class SuiteTableTests
{
    private static readonly SuiteProfile s_plain = new("plain", "ram:1MiB");
    private static readonly SuiteProfile s_odd = new("odd", "ram:1MiB,ro") { Unfit = [new Unfit("Write", "Simple", "as it is")] };
    private static readonly SuiteProfile s_slow = new("slow", "ram:1MiB,delay=1s") { Only = "Sleep.Long" };

    private static readonly string[] s_tests = ["Read.Simple", "Write.Simple", "Sleep.Long"];

    [Test]
    public void Nothing_is_wrong_when_all_pass_but_what_cannot()
    {
        SuiteTable table = Filled(Verdict.Passed, Verdict.Failed);

        Assert.Multiple(() =>
        {
            foreach (SuiteProfile profile in new[] { s_plain, s_odd, s_slow }) Assert.That(table.Complaints(profile), Is.Empty, profile.Name);
            Assert.That(table.NeverPassed, Is.Empty);
            Assert.That(table.ToString().TrimEnd(), Does.EndWith("2/0/0/0      1/0/0/1      1/0/0/0     3/3"));
        });
    }

    [Test]
    public void A_failure_is_told_with_its_reason() =>
        Assert.That(Filled(Verdict.Failed, Verdict.Failed).Complaints(s_plain), Is.EqualTo(new[] { "Write.Simple failed: so" }));

    [Test]
    public void What_passes_by_now_is_no_exception() =>
        Assert.That(Filled(Verdict.Passed, Verdict.Passed).Complaints(s_odd), Is.EqualTo(new[] { "Write.Simple passes by now: take it off the list" }));

    [Test]
    public void What_has_gone_is_no_exception() =>
        Assert.That(new SuiteTable([s_odd], []).Complaints(s_odd), Is.EqualTo(new[] { "there is no Write.Simple: take it off the list" }));

    [Test]
    public void What_was_not_run_is_told() =>
        Assert.That(new SuiteTable([s_plain, s_slow], s_tests).Complaints(s_plain), Is.EqualTo(new[] { "Read.Simple was not run", "Write.Simple was not run" }));

    [Test]
    public void A_skip_that_nobody_expects_is_told()
    {
        SuiteTable table = Filled(Verdict.Skipped, Verdict.Skipped);
        Assert.That(table.Complaints(s_plain), Is.EqualTo(new[] { "Write.Simple was skipped: so" }));
        Assert.That(table.Complaints(s_odd), Is.EqualTo(new[] { "Write.Simple was skipped: so" }), "it should fail there");
    }

    [Test]
    public void A_skip_that_is_expected_is_not_told_and_has_to_be_one([Values] bool passes)
    {
        SuiteProfile lacks = new("lacks", "ram:1MiB") { Skips = [new Unfit("Write", "Simple Gone", "it has none")] };
        var table = new SuiteTable([lacks], ["Write.Simple"]);
        table.Add(lacks, "Write", [new SuiteResult("Simple", passes ? Verdict.Passed : Verdict.Skipped, "so")]);
        string[] passed = passes ? ["Write.Simple passes by now: take it off the list"] : [];
        Assert.That(table.Complaints(lacks), Is.EqualTo(passed.Append("there is no Write.Gone: take it off the list")));
    }

    [Test]
    public void A_test_that_is_skipped_everywhere_has_not_passed() =>
        Assert.That(Filled(Verdict.Skipped, Verdict.Failed).NeverPassed, Is.EqualTo(new[] { "Write.Simple" }));

    private static SuiteTable Filled(Verdict plain, Verdict odd)
    {
        var table = new SuiteTable([s_plain, s_odd, s_slow], s_tests);
        foreach (SuiteProfile profile in new[] { s_plain, s_odd })
        {
            table.Add(profile, "Read", [new SuiteResult("Simple", Verdict.Passed, "")]);
            table.Add(profile, "Write", [new SuiteResult("Simple", profile == s_plain ? plain : odd, "so")]);
        }
        table.Add(s_slow, "Sleep", [new SuiteResult("Long", Verdict.Passed, "")]);
        return table;
    }
}
