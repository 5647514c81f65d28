using Iscsitop.Engine.Filtering;

namespace Iscsitop.Tests.Engine.Filtering;

/// <summary>What is wrong with an expression, and where.</summary>
[TestFixture]
public sealed class ParserTests
{
    [TestCase("", 0, "the filter is empty (a condition is wanted, like lun==3)")]
    [TestCase("   ", 0, "the filter is empty (a condition is wanted, like lun==3)")]
    [TestCase("luns==3", 0, "there is no field luns (lun?)")]
    [TestCase("lun==3 && initator~x", 10, "there is no field initator (initiator?)")]
    [TestCase("lun=3", 3, "'=' is no operator (== is wanted)")]
    [TestCase("lun==3 & op==read", 7, "'&' is no operator (&& is wanted)")]
    [TestCase("lun==3 | op==read", 7, "'|' is no operator (|| is wanted)")]
    [TestCase("lun==", 5, "a value is missing (a number, like 3 or 0x10)")]
    [TestCase("lun==x", 5, "x is no value of lun (a number, like 3 or 0x10 is wanted)")]
    [TestCase("lun 3", 4, "an operator is wanted after lun (== != < <= > >= ~ !~ in)")]
    [TestCase("lat>20", 4, "20 is no value of lat (a time with its unit, like 500us, 20ms or 1.5s is wanted)")]
    [TestCase("lat>20mz", 4, "20mz is no value of lat (a time with its unit, like 500us, 20ms or 1.5s is wanted)")]
    [TestCase("bytes>4x", 6, "4x is no value of bytes (bytes, like 4096, 64k or 1Mi is wanted)")]
    [TestCase("initiator<x", 9, "initiator has no order (== != ~ !~ in are for it)")]
    [TestCase("sense<05", 5, "sense has no order (== != in are for it)")]
    [TestCase("lat~5", 3, "lat has no text to search (== != < <= > >= in are for it)")]
    [TestCase("op==writ", 4, "writ is no value of op (write? a SCSI operation, like READ(10), 0x28 or 0x9e/0x10, or read, write, other is wanted)")]
    [TestCase("op==0x2", 4, "0x2 is no value of op (a SCSI operation, like READ(10), 0x28 or 0x9e/0x10, or read, write, other is wanted)")]
    [TestCase("kind==reed", 6, "reed is no value of kind (read? one of read, write, other is wanted)")]
    [TestCase("ip==192.0.2", 4, "192.0.2 is no value of remote (an address, like 192.0.2.7, 192.0.2.0/24 or 192.0.2.7:3260 is wanted)")]
    [TestCase("ip==192.0.2.0/33", 4, "192.0.2.0/33 is no value of remote (an address, like 192.0.2.7, 192.0.2.0/24 or 192.0.2.7:3260 is wanted)")]
    [TestCase("sense==5/2/4/1", 7, "5/2/4/1 is no value of sense (sense key, ASC and ASCQ in hexadecimal, like 05, 05/24 or 05/24/00 is wanted)")]
    [TestCase("initiator~\"es[x\"", 15, "this is no regular expression")]
    [TestCase("initiator~\"(?=x)\"", 10, "this regular expression is too large, or looks around or back")]
    [TestCase("initiator==\"x", 11, "the text in quotes has no end (\" is wanted)")]
    [TestCase("(lun==3", 0, "the ( has no )")]
    [TestCase("lun==3)", 6, "there is no ( for this )")]
    [TestCase("lun==3 op==read", 7, "&& or || is wanted before this")]
    [TestCase("lun==3 &&", 9, "a condition is missing at the end")]
    [TestCase("&& lun==3", 0, "a field is wanted here, like lun or initiator")]
    [TestCase("lun in 3", 7, "{ is wanted after in, like lun in {1,2,5..9}")]
    [TestCase("lun in {3", 9, ", or } is wanted")]
    [TestCase("lun in {}", 8, "a value is missing (a number, like 3 or 0x10)")]
    [TestCase("lun in {1,}", 10, "a value is missing (a number, like 3 or 0x10)")]
    [TestCase("lun in {9..5}", 8, "the range 9..5 is empty (lun from less to more is wanted)")]
    public void Errors_say_where_and_what_would_be_right(string expression, int position, string problem)
    {
        FilterException e = Assert.Throws<FilterException>(() => Filter.Parse(expression))!;
        Assert.That((e.Problem, e.Position, e.Expression), Is.EqualTo((problem, position, expression)));
    }

    [Test]
    public void Without_a_near_name_all_are_told() =>
        Assert.That(Assert.Throws<FilterException>(() => Filter.Parse("quux==1"))!.Problem, Does.Contain("target, initiator").And.Contain("lat, svc"));

    [Test]
    public void Depth_and_length_are_bounded()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Filter.Parse(new string('(', 2000)), Throws.TypeOf<FilterException>());
            Assert.That(() => Filter.Parse(new string('!', 2000) + "lun"), Throws.TypeOf<FilterException>());
            Assert.That(() => Filter.Parse("lun==1" + new string(' ', 5000)), Throws.TypeOf<FilterException>());
            Assert.That(() => Filter.Parse(string.Join("||", Enumerable.Repeat("lun==1", 500))), Throws.Nothing);
        });
    }

    [Test]
    public void Whatever_is_typed_it_is_an_expression_or_an_error_with_a_place([Values(1, 2, 3, 4)] int seed)
    {
        string[] pieces =
        [
            .. FilterFields.Names, "==", "!=", "<", "<=", ">", ">=", "~", "!~", "&&", "||", "!", "(", ")", "{", "}", ",", "in", "and", "or", "not", "..", "/", ":", "\"", "'", "\\",
            "3", "0x28", "20ms", "64k", "1e9", "-5", "192.0.2.0/24", "[::1]:3260", "::", "05/24/00", "READ(10)", "esx.*", "[", "(?=", "(?<n>", "*", "\0", "\u202e", "é", " ", "\t", "NaN", "∞", "9..5",
        ];
        var random = new Random(seed);
        int right = 0;
        for (int i = 0; i < 20000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => pieces[random.Next(pieces.Length)] + (random.Next(3) == 0 ? " " : "")));
            try
            {
                Filter filter = Filter.Parse(text);
                right++;
                Assert.That(filter.Text, Is.EqualTo(text));
            }
            catch (FilterException e)
            {
                Assert.That(e.Position, Is.InRange(0, text.Length), text);
            }
        }
        Assert.That(right, Is.InRange(10, 19000));
    }

    [Test]
    public void Every_field_can_be_asked_for_by_each_of_its_names_and_has_its_own()
    {
        Assert.Multiple(() =>
        {
            foreach (string name in FilterFields.Names) Assert.That(() => Filter.Parse(name), Throws.Nothing, name);
            Assert.That(FilterFields.Names, Is.Unique);
            foreach (FilterField field in FilterFields.All)
                foreach ((string word, int _) in field.Words)
                    Assert.That(() => Filter.Parse($"{field.Name}=={word}"), Throws.Nothing);
        });
    }

    [TestCase("esx", false)]
    [TestCase("!esx|win", false)]
    [TestCase("lun==3", true)]
    [TestCase("initiator~x", true)]
    [TestCase("lat>5ms", true)]
    [TestCase("lun in {1}", true)]
    public void A_filter_is_told_from_a_part_of_a_name(string text, bool expression) => Assert.That(Filter.LooksLike(text), Is.EqualTo(expression));

    [TestCase("192.0.2.7", "0::ffff:192.0.2.7")]
    [TestCase("::1", "0:0:0:0:0:0:0:1")]
    [TestCase("1::", "1:0:0:0:0:0:0:0")]
    [TestCase("fe80::1%eth0", "fe80::1")]
    [TestCase("2001:db8::192.0.2.7", "2001:db8::c000:207")]
    public void One_address_has_many_spellings(string one, string other)
    {
        Assert.That(Network.TryAddress(one, out UInt128 a, out _) & Network.TryAddress(other, out UInt128 b, out _), Is.True);
        Assert.That(a, Is.EqualTo(b));
    }

    [TestCase(":::1")]
    [TestCase("1:2:3:4:5:6:7")]
    [TestCase("1:2:3:4:5:6:7:8:9")]
    [TestCase("1::2::3")]
    [TestCase("12345::")]
    [TestCase("1:")]
    [TestCase(":1")]
    [TestCase("1:2:3:4:5:6:7::8")]
    [TestCase("256.0.0.1")]
    [TestCase("1.2.3.4.5")]
    [TestCase("1.2.3.4:65536")]
    [TestCase("[::1")]
    [TestCase("[1.2.3.4]:1")]
    [TestCase("")]
    public void What_is_no_address(string text) => Assert.That(Network.TryAddress(text, out _, out _), Is.False);

    [Test]
    public void Addresses_are_read_as_the_system_reads_them([Values(1, 2)] int seed)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[16];
        for (int i = 0; i < 2000; i++)
        {
            random.NextBytes(bytes);
            for (int j = random.Next(16); j > 0; j--) bytes[random.Next(16)] = 0;
            var address = new System.Net.IPAddress(bytes);
            Assert.That(Network.TryAddress(address.ToString(), out UInt128 value, out _), Is.True, address.ToString());
            Assert.That(value, Is.EqualTo(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes)), address.ToString());
        }
    }
}
