using System.Text;
using CsCheck;
using Iscsitop.Target.Iscsi;
using Text = Iscsitop.Target.Iscsi.Text;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class TextTests
{
    private readonly List<KeyValuePair<string, string>> _pairs = [];

    [Test]
    public void Pairs_are_split_at_the_first_equals_sign()
    {
        Assert.That(Parse("A=1\0Bc=x=y\0"), Is.Null);
        Assert.That(_pairs, Is.EqualTo(new KeyValuePair<string, string>[] { new("A", "1"), new("Bc", "x=y") }));
    }

    [Test]
    public void Nothing_and_padding_are_no_pairs([Values("", "\0", "\0\0\0\0")] string text)
    {
        Assert.That(Parse(text), Is.Null);
        Assert.That(_pairs, Is.Empty);
    }

    [Test]
    public void Trailing_padding_is_tolerated() => Assert.That(Parse("A=1\0\0\0\0"), Is.Null);

    [TestCase("A=1", Description = "not terminated")]
    [TestCase("A\0")]
    [TestCase("=1\0")]
    [TestCase("a=1\0", Description = "lower case")]
    [TestCase("A B=1\0")]
    [TestCase("A=1\0\0B=2\0", Description = "an empty pair between")]
    public void Malformed_text_is_refused(string text) => Assert.That(Parse(text), Is.Not.Null);

    [Test]
    public void A_key_has_63_characters_at_most()
    {
        Assert.That(Parse($"A{new string('b', 62)}=1\0"), Is.Null);
        Assert.That(Parse($"A{new string('b', 63)}=1\0"), Is.Not.Null);
    }

    [Test]
    public void There_are_so_many_pairs_and_not_more()
    {
        Assert.That(Parse(string.Concat(Enumerable.Range(0, Text.MaxPairs).Select(i => $"X{i}=1\0"))), Is.Null);
        Assert.That(Parse(string.Concat(Enumerable.Range(0, Text.MaxPairs + 1).Select(i => $"X{i}=1\0"))), Is.Not.Null);
    }

    [Test]
    public void Bytes_that_are_no_UTF8_are_refused() => Assert.That(Text.Parse([(byte)'A', (byte)'=', 0xff, 0], _pairs), Is.Not.Null);

    [Test]
    public void Random_bytes_never_throw() =>
        Gen.Byte.Array[0, 300].Sample(bytes => { Text.Parse(bytes, []); });

    [TestCase("0", 0ul)]
    [TestCase("8192", 8192ul)]
    [TestCase("0x2000", 8192ul)]
    [TestCase("0XfF", 255ul)]
    [TestCase("18446744073709551615", ulong.MaxValue)]
    public void Numbers_are_decimal_or_hex(string text, ulong number)
    {
        Assert.That(Text.TryNumber(text, out ulong parsed));
        Assert.That(parsed, Is.EqualTo(number));
    }

    [TestCase("")]
    [TestCase("0x")]
    [TestCase("-1")]
    [TestCase("+5")]
    [TestCase("007")]
    [TestCase("8192 ")]
    [TestCase(" 1")]
    [TestCase("1,5")]
    [TestCase("18446744073709551616")]
    [TestCase("0x10000000000000000")]
    public void Other_numbers_are_not(string text) => Assert.That(Text.TryNumber(text, out _), Is.False);

    [Test]
    public void Text_of_a_peer_cannot_move_the_cursor()
    {
        Assert.That(Text.Escape("iqn.ok:x"), Is.EqualTo("iqn.ok:x"));
        Assert.That(Text.Escape("a\x1b[2J\n"), Is.EqualTo("a\\x1b[2J\\x0a"));
    }

    private string? Parse(string text) => Text.Parse(Encoding.ASCII.GetBytes(text), _pairs);
}
