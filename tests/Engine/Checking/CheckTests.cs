using CsCheck;
using Iscsitop.Engine.Checking;
using Iscsitop.Engine.Filtering;
using Check = Iscsitop.Engine.Checking.Check;

namespace Iscsitop.Tests.Engine.Checking;

/// <summary>From texts to conditions.</summary>
[TestFixture]
public sealed class CheckTests
{
    [TestCase("p99.read(lun=3) > 20ms for 30s", "p99.read(lun=3) > 20ms for 30s")]
    [TestCase("p99.9.write>=1.5s", "p999.write >= 1.5s")]
    [TestCase("(iops<10)and(errors!=0 or not busy>90%)", "iops < 10 && (errors != 0 || !(busy > 90%))")]
    [TestCase("errors>0||iops<1 && drops>0", "errors > 0 || iops < 1 && drops > 0")]
    [TestCase("bandwidth.write(target==\"iqn.a)b\", lun in {1,2..4} && (op==READ(10))) > 64MiB/s", "bandwidth.write(target==\"iqn.a)b\", lun in {1,2..4} && (op==READ(10))) > 64MiB/s")]
    [TestCase("sessions( initiator~^esx )==2 for 5m", "sessions(initiator~^esx) == 2 for 5m")]
    public void Text_that_is_read_says_the_same_when_written(string text, string written)
    {
        Assert.That(Check.Parse(text).ToString(), Is.EqualTo(written));
        Assert.That(Check.Parse(written).ToString(), Is.EqualTo(written));
    }

    [TestCase("p99.read > 20ms", 20e6)]
    [TestCase("avg > 500us", 500e3)]
    [TestCase("iops > 1k/s", 1000)]
    [TestCase("bandwidth < 100MB/s", 100e6)]
    [TestCase("bandwidth < 1KiB", 1024)]
    [TestCase("size > 64k", 64e3)]
    [TestCase("busy > 90%", 90)]
    [TestCase("errors > 0", 0)]
    public void Limits_have_the_unit_of_their_metric(string text, double limit) => Assert.That(Check.Parse(text).Comparisons[0].Limit, Is.EqualTo(limit));

    [TestCase("", 0, "the condition is empty")]
    [TestCase("p98 > 3ms", 0, "there is no metric p98 (p9")]
    [TestCase("errors > 0 && p99.reed > 3ms", 18, "reed is no direction")]
    [TestCase("errors.read > 0", 6, "errors has no direction")]
    [TestCase("p99 > 20", 6, "20 is no value of p99 (a time with its unit")]
    [TestCase("p99 = 20ms", 4, "a comparison is wanted after p99")]
    [TestCase("bandwidth > 100", 12, "100 is no value of bandwidth (bytes a second with their unit")]
    [TestCase("p99 > 20ms for", 14, "a time is wanted after for")]
    [TestCase("p99 > 20ms for 2d", 15, "a time is wanted after for")]
    [TestCase("p99 > 20ms errors > 0", 11, "&& or || is wanted before this")]
    [TestCase("p99(lun=3 > 20ms", 3, "the ( has no )")]
    [TestCase("p99() > 20ms", 4, "the selector is empty")]
    [TestCase("p99(lum=3) > 20ms", 4, "there is no field lum (lun?)")]
    [TestCase("p99(lun=x) > 20ms", 8, "x is no value of lun")]
    [TestCase("p99(lat>1ms) > 20ms", 4, "lat is no part of a selector")]
    [TestCase("p99 > +20%", 6, "a change in percent is for two spans of time")]
    [TestCase("(errors > 0", 0, "the ( has no )")]
    [TestCase("errors > 0)", 10, "there is no ( for this )")]
    [TestCase("errors > 'x", 9, "the text in quotes has no end")]
    public void An_error_points_at_the_character(string text, int position, string problem)
    {
        FilterException e = Assert.Throws<FilterException>(() => Check.Parse(text))!;
        Assert.That((e.Position, e.What), Is.EqualTo((position, "condition")), e.Message);
        Assert.That(e.Problem, Does.StartWith(problem));
    }

    [Test]
    public void A_change_is_of_two_spans_and_nothing_lasts_there()
    {
        Term c = Check.Parse("p99.read > +20%", changes: true).Comparisons[0];
        Assert.That((c.IsChange, c.Limit), Is.EqualTo((true, 20)));
        Assert.That(Check.Parse("iops < -5.5%", changes: true).Comparisons[0].Limit, Is.EqualTo(-5.5));
        Assert.That(() => Check.Parse("iops < 5 for 3s", changes: true), Throws.TypeOf<FilterException>());
    }

    [Test]
    public void Whatever_the_text_nothing_else_is_thrown()
    {
        string[] pieces =
        [
            "p99", ".read", ".write", "iops", "errors", "p99.9", "busy", "bandwidth", "(", ")", "{", "}", "lun", "=", "==", "!=", "<", ">=", "~", "!~", "!", "&&", "||", "and", "or", "not", "in",
            ",", "3", "20ms", "5..9", "100MB/s", "90%", "+5%", "-%", "for", "30s", "m", "h", "\"a\"", "'", "\\", "/", "0x", "µs", "\ud800", "\0", " ", ".", "READ(10)", "target", "[", "*",
        ];
        Among(pieces).Array[0, 24].Select(string.Concat).Sample(Try, iter: 20_000);
        Among(pieces).Array[0, 24].Select(p => string.Join(' ', p)).Sample(Try, iter: 20_000);
        Gen.String[0, 60].Sample(Try, iter: 5_000);
        Try(new string('(', 5000));
        Try(new string('!', 4000) + "errors>0");

        static void Try(string text)
        {
            try
            {
                string written = Check.Parse(text, changes: text.Length % 2 == 0).ToString();
                Assert.That(Check.Parse(written, changes: text.Length % 2 == 0).ToString(), Is.EqualTo(written));
            }
            catch (FilterException e)
            {
                Assert.That(e.Position, Is.InRange(0, text.Length));
            }
        }
    }

    [Test]
    public void What_is_written_of_any_condition_is_read_as_the_same()
    {
        Gen<string> leaf = Gen.Select(Among([.. CheckMetrics.All]), Among("", ".read", ".write"), Among("", "(lun=3)", "(target~\"a|b\", lun in {1,2})"), Among(">", "<=", "==", "!="), Among("", " for 30s"),
            (m, direction, selector, sign, time) => m.Name + (m.Directed ? direction : "") + selector + sign + Example(m) + time);
        Gen<string> any = Gen.Recursive<string>((depth, inner) => depth > 4 ? leaf : Gen.OneOf(
            leaf, inner.Select(x => $"!({x})"), Gen.Select(inner, inner, (a, b) => $"({a}) && ({b})"), Gen.Select(inner, inner, (a, b) => $"({a})||({b})")));
        any.Sample(text =>
        {
            Check check = Check.Parse(text);
            Check again = Check.Parse(check.ToString());
            Assert.That(again.ToString(), Is.EqualTo(check.ToString()));
            Assert.That(again.Comparisons.Select(c => c.ToString()), Is.EqualTo(check.Comparisons.Select(c => c.ToString())));
        }, iter: 2000);
    }

    private static Gen<T> Among<T>(params T[] all) => Gen.Int[0, all.Length - 1].Select(i => all[i]);

    private static string Example(Metric m) => m.Quantity switch { Quantity.Duration => "20ms", Quantity.Bandwidth => "5MB/s", Quantity.Percent => "90%", _ => "7" };
}
