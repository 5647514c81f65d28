using Iscsitop.Cli;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class NumbersTests
{
    [TestCase(double.NaN, "-")]
    [TestCase(0, "0")]
    [TestCase(0.001, "<.01")]
    [TestCase(0.454, "0.45")]
    [TestCase(9.994, "9.99")]
    [TestCase(9.996, "10.0")]
    [TestCase(99.96, "100")]
    [TestCase(9999.4, "9999")]
    [TestCase(9999.6, "10.0k")]
    [TestCase(12345, "12.3k")]
    [TestCase(999_499, "999k")]
    [TestCase(999_600, "1.00M")]
    [TestCase(3e20, "300E")]
    public void Short_numbers(double value, string text) => Assert.That(Text(Numbers.Short, value), Is.EqualTo(text));

    [TestCase(double.NaN, "-")]
    [TestCase(0, "0")]
    [TestCase(99999, "99999")]
    [TestCase(100000, "100k")]
    public void Integers(double value, string text) => Assert.That(Text(Numbers.Integer, value), Is.EqualTo(text));

    [TestCase(double.NaN, "-")]
    [TestCase(0, "0")]
    [TestCase(0.4, "<.001")]
    [TestCase(123, "0.123")]
    [TestCase(12_345, "12.35")]
    [TestCase(123_449, "123.4")]
    [TestCase(1e8, "100k")]
    public void Milliseconds_from_microseconds(double us, string text) => Assert.That(Text(Numbers.Milliseconds, us), Is.EqualTo(text));

    [TestCase(double.NaN, "-")]
    [TestCase(0, "0")]
    [TestCase(0.01, "<0.1")]
    [TestCase(9.94, "9.9")]
    [TestCase(9.96, "10")]
    [TestCase(100, "100")]
    public void Percentages(double value, string text) => Assert.That(Text(Numbers.Percent, value), Is.EqualTo(text));

    [TestCase(double.NaN, "-")]
    [TestCase(0, "0s")]
    [TestCase(0.04, "<.1s")]
    [TestCase(0.44, "0.4s")]
    [TestCase(59.4, "59s")]
    [TestCase(59.6, "1m00s")]
    [TestCase(187, "3m07s")]
    [TestCase(3599.4, "59m59s")]
    [TestCase(3599.6, "1h00m")]
    [TestCase(86_369, "23h59m")]
    [TestCase(86_371, "1d00h")]
    [TestCase(8_640_000, "100d00h")]
    public void Ages(double seconds, string text) => Assert.That(Text(Numbers.Age, seconds), Is.EqualTo(text));

    [TestCase(double.NaN, "-")]
    [TestCase(262144, "262144")]
    public void Exact_numbers(double value, string text) => Assert.That(Text(Numbers.Exact, value), Is.EqualTo(text));

    [Test]
    public void No_number_up_to_10_to_the_20_takes_more_than_five_characters()
    {
        for (double v = 1e-6; v < 1e20; v *= 1.37)
            foreach (ShowNumber show in new ShowNumber[] { Numbers.Short, Numbers.Integer, Numbers.Digits })
                Assert.That(Text(show, v), Has.Length.LessThanOrEqualTo(5));
    }

    private static string Text(ShowNumber show, double value)
    {
        Span<char> into = stackalloc char[Numbers.MaxWidth];
        return new string(into[..show(value, into)]);
    }
}
