using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

[TestFixture]
public sealed class TracingTests
{
    private const string DumpHeader = "\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n";
    private static readonly DType Bytes = Array("uint8_t [12]", DType.UInt8, 12);

    private static IEnumerable<TestCaseData> Traces()
    {
        yield return new TestCaseData(DType.Int, -5L, "       -5", "-5");
        yield return new TestCaseData(DType.UInt32, -1L, "       -1", "-1");
        yield return new TestCaseData(DType.UInt64, 7L, "                7", "7");
        yield return new TestCaseData(DType.Int16, -1L, " 65535", "65535");
        yield return new TestCaseData(DType.Char, 65L, "  65", "65");
        yield return new TestCaseData(DType.Int.PointerTo(), 16L, "               16", "16");
        yield return new TestCaseData(DType.String, "abc", "  abc                              ", "abc");
        yield return new TestCaseData(DType.String, "", "                                   ", "");
        yield return new TestCaseData(Bytes, "abcdefg\0\0\0\0\0"u8.ToArray(), "  abcdefg                          ", "abcdefg");
        yield return new TestCaseData(Bytes, "abcdefghijkl"u8.ToArray(), "  abcdefghijkl                     ", "abcdefghijkl");
    }

    [TestCaseSource(nameof(Traces))]
    public void Trace_has_default_widths_or_none_when_quiet(object type, object value, string expected, string quiet)
    {
        var of = (DType)type;
        byte[] record = DRig.Record([of], value);
        Assert.That(DRig.Text(output => Tracing.Trace(output, of, record, new DOptions())), Is.EqualTo(expected));
        Assert.That(DRig.Text(output => Tracing.Trace(output, of, record, new DOptions { Quiet = true })), Is.EqualTo(quiet));
    }

    [Test]
    public void Bytes_that_are_no_text_are_dumped()
    {
        byte[] bytes = [0x34, 0x12, 0, 0, 0, 0, 0, 0, 0x76, 0x98, 0, 0x7e];
        const string dump = DumpHeader + "         0: 34 12 00 00 00 00 00 00 76 98 00 7e              4.......v..~\n";
        Assert.That(DRig.Text(output => Tracing.Trace(output, Bytes, bytes, new DOptions())), Is.EqualTo(dump));
        Assert.That(DRig.Text(output => Tracing.Trace(output, Bytes, bytes, new DOptions { Quiet = true })), Is.EqualTo(dump));
    }

    [Test]
    public void Rawbytes_dumps_a_string_as_well()
    {
        DType small = new(DKind.String, "string", 4);
        byte[] record = DRig.Record([small], "ab");
        Assert.That(DRig.Text(output => Tracing.Trace(output, small, record, new DOptions { RawBytes = true })),
            Is.EqualTo(DumpHeader + "         0: 61 62 00 00                                      ab..\n"));
    }

    [Test]
    public void A_dump_has_sixteen_bytes_a_line()
    {
        byte[] bytes = [.. Enumerable.Range(0x60, 33).Select(value => (byte)value)];
        Assert.That(DRig.Text(output => Tracing.Memory(output, bytes)), Is.EqualTo(DumpHeader
            + "         0: 60 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f  `abcdefghijklmno\n"
            + "        10: 70 71 72 73 74 75 76 77 78 79 7a 7b 7c 7d 7e 7f  pqrstuvwxyz{|}~.\n"
            + "        20: 80                                               .\n"));
        Assert.That(DRig.Text(output => Tracing.Memory(output, [])), Is.Empty);
    }

    private static IEnumerable<TestCaseData> Typed()
    {
        yield return new TestCaseData(DType.Int, 20L, "int 0x14\n");
        yield return new TestCaseData(DType.Int, 0L, "int 0\n");
        yield return new TestCaseData(DType.UInt32, 42L, "uint32_t 0x2a\n");
        yield return new TestCaseData(DType.Int16, -1L, "int16_t 0xffff\n");
        yield return new TestCaseData(DType.Char, 97L, "char 'a'\n");
        yield return new TestCaseData(DType.Char, 0L, "char '\\0'\n");
        yield return new TestCaseData(DType.Char, 7L, "char '\\007'\n");
        yield return new TestCaseData(DType.UInt8.PointerTo(), 255L, "uint8_t * 0xff\n");
        yield return new TestCaseData(DType.String, "I like", "string \"I like\"\n");
        yield return new TestCaseData(Array("char [4]", DType.Char, 4), "abc\0"u8.ToArray(), "char [4] \"abc\"\n");
        yield return new TestCaseData(Array("int [2]", DType.Int, 8), new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 }, "int [2] [ 0x1, 0 ]\n");
    }

    [TestCaseSource(nameof(Typed))]
    public void Print_says_the_type(object type, object value, string expected)
    {
        byte[] record = DRig.Record([(DType)type], value);
        Assert.That(DRig.Text(output => Tracing.Print(output, (DType)type, record)), Is.EqualTo(expected));
    }

    [Test]
    public void A_struct_has_a_member_a_line()
    {
        DType name = new(DKind.String, "string", 4);
        DType point = new(DKind.Struct, "point_t", 8) { Members = [new("x", DType.Int, 0), new("y", DType.UInt16, 4)] };
        DType outer = new(DKind.Struct, "outer_t", 32)
        {
            Members = [new("at", point, 0), new("s", name, 8), new("p", DType.UInt8.PointerTo(), 16), new("all", Array("point_t [1]", point, 8), 24)],
        };
        byte[] bytes = [1, 0, 0, 0, 2, 0, 0, 0, (byte)'h', (byte)'i', 0, 0, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0];
        Assert.That(DRig.Text(output => Tracing.Print(output, outer, bytes)), Is.EqualTo(
            """
            outer_t {
                point_t at = {
                    int x = 0x1
                    uint16_t y = 0x2
                }
                string s = [ "hi" ]
                uint8_t *p = 0xff
                point_t [1] all = [ 
                    point_t {
                        int x = 0x3
                        uint16_t y = 0x4
                    }
                ]
            }

            """));
    }

    [Test]
    public void Printing_a_line_allocates_nothing()
    {
        DType[] types = [DType.String, DType.UInt64, DType.UInt64, DType.Int];
        Format format = Format.OfPrintf("%-20s %16x %-20Y %d\n", types, 1);
        byte[] record = DRig.Record(types, "192.0.2.14", 77L, 1183476000_000000000L, -3L);
        var output = new OutputBuffer();
        Assert.That(Allocated.By(() =>
        {
            output.Clear();
            format.Write(output, record);
        }), Is.Zero);
    }

    private static DType Array(string name, DType element, int size) => new(DKind.Array, name, size) { Element = element };
}
