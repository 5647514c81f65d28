using CsCheck;
using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

[TestFixture]
public sealed class FormatTests
{
    private static readonly DType Buffer = new(DKind.Array, "char [8]", 8) { Element = DType.Char };
    private static readonly DType Struct = new(DKind.Struct, "conninfo_t", 8);

    private static IEnumerable<TestCaseData> Numbers()
    {
        yield return Case("%d", DType.Int, -5L, "-5");
        yield return Case("%d", DType.UInt32, -1L, "4294967295");
        yield return Case("%d", DType.UInt64, -1L, "18446744073709551615");
        yield return Case("%d", DType.Int64, long.MinValue, "-9223372036854775808");
        yield return Case("%i", DType.UInt8, -1L, "255");
        yield return Case("%i", DType.Int8, -1L, "-1");
        yield return Case("%u", DType.Int, -1L, "4294967295");
        yield return Case("%u", DType.Int16, -1L, "65535");
        yield return Case("%x", DType.Char, -1L, "ff");
        yield return Case("%X", DType.Int64, 0xABCDEFL, "ABCDEF");
        yield return Case("%#x", DType.Int, 255L, "0xff");
        yield return Case("%#X", DType.Int, 255L, "0XFF");
        yield return Case("%#x", DType.Int, 0L, "0");
        yield return Case("%o", DType.Int, 8L, "10");
        yield return Case("%#o", DType.Int, 8L, "010");
        yield return Case("%#o", DType.Int, 0L, "0");
        yield return Case("%p", DType.UInt64, 0xDEADL, "dead");
        yield return Case("%?p", DType.UInt64, 0xDEADL, "            dead");
        yield return Case("%0?x", DType.UInt64, 0xDEADL, "000000000000dead");
        yield return Case("%a", DType.UInt64, 0xDEADL, "0xdead");
        yield return Case("%10a|", DType.UInt64, 0xDEADL, "    0xdead|");
        yield return Case("%A", DType.UInt64, 0xDEADL, "0xdead");
        yield return Case("%+d", DType.Int, 5L, "+5");
        yield return Case("%+d", DType.UInt32, 5L, "5");
        yield return Case("% d", DType.Int, 5L, " 5");
        yield return Case("% +d", DType.Int, 5L, "+5");
        yield return Case("%6d|", DType.Int, -42L, "   -42|");
        yield return Case("%-6d|", DType.Int, -42L, "-42   |");
        yield return Case("%06d", DType.Int, -42L, "-00042");
        yield return Case("%06.3d", DType.Int, -42L, "  -042");
        yield return Case("%.5d", DType.Int, 42L, "00042");
        yield return Case("%.0d", DType.Int, 0L, "0");
        yield return Case("%-06d|", DType.Int, 42L, "000042|");
        yield return Case("%0-6d|", DType.Int, 42L, "42    |");
        yield return Case("%08x", DType.Int, 255L, "000000ff");
        yield return Case("%#08x", DType.Int, 255L, "0x0000ff");
        yield return Case("%#.4o", DType.Int, 8L, "0010");
        yield return Case("%'d", DType.Int, 1234567L, "1234567");
        yield return Case("%hd", DType.Int16, -7L, "-7");
        yield return Case("%hu", DType.UInt16, 7L, "7");
        yield return Case("%hx", DType.Int16, -1L, "ffff");
        yield return Case("%ld", DType.Int64, -7L, "-7");
        yield return Case("%lu", DType.ULong, 7L, "7");
        yield return Case("%lld", DType.Int64, -7L, "-7");
        yield return Case("%llu", DType.UInt64, 7L, "7");
        yield return Case("%llx", DType.UInt64, -1L, "ffffffffffffffff");
        yield return Case("%lX", DType.Int64, 10L, "A");
        yield return Case("%c", DType.Char, 65L, "A");
        yield return Case("%c", DType.Int, 7L, "\a");
        yield return Case("%3c|", DType.Int, 65L, "  A|");
        yield return Case("%-3c|", DType.Int, 321L, "A  |");
        yield return Case("%c", DType.Int, 0L, "\0");
        yield return Case("%wc", DType.Int, 65L, "A");
        yield return Case("%lc", DType.Int, 65L, "A");
        yield return Case("%C", DType.Char, 10L, "\\n");
        yield return Case("%C", DType.Int, 65L, "A");
        yield return Case("%4C|", DType.UInt8, 200L, "\\310|");
        yield return Case("%P", DType.UInt16, 3260L, "3260");
    }

    private static IEnumerable<TestCaseData> Strings()
    {
        yield return Case("%s", DType.String, "abc", "abc");
        yield return Case("%s", DType.String, "", "");
        yield return Case("%6s|", DType.String, "abc", "   abc|");
        yield return Case("%-6s|", DType.String, "abc", "abc   |");
        yield return Case("%.2s|", DType.String, "abc", "ab|");
        yield return Case("%5.2s|", DType.String, "abc", "   ab|");
        yield return Case("%.0s|", DType.String, "abc", "abc|");
        yield return Case("%2s|", DType.String, "abc", "abc|");
        yield return Case("%S", DType.String, "a\"b\\c\n\t\u0001\u00e9", "a\\\"b\\\\c\\n\\t\\001\\351");
        yield return Case("%8S|", DType.String, "a\n", "     a\\n|");
        yield return Case("%s", Buffer, "abc\0x\0\0\0"u8.ToArray(), "abc");
        yield return Case("%S", Buffer, "abc\0x\0\0\0"u8.ToArray(), "abc\\0x\\0\\0\\0");
        yield return Case("%I", DType.String, "192.0.2.14", "192.0.2.14");
        yield return Case("100%% %s%%", DType.String, "x", "100% x%");
    }

    private static TestCaseData Case(string format, DType type, object value, string expected) => new(format, type, value, expected);

    [TestCaseSource(nameof(Numbers))]
    [TestCaseSource(nameof(Strings))]
    public void A_conversion_prints(string format, object type, object value, string expected)
        => Assert.That(DRig.Printf(format, ((DType)type, value)), Is.EqualTo(expected));

    [Test]
    public void Every_conversion_that_takes_a_type_prints_it()
    {
        (DType Type, object Value)[] values = [(DType.Char, 65L), (DType.UInt16, 65L), (DType.Int16, 65L), (DType.Int, 65L), (DType.Int64, 65L), (DType.UInt64, 65L), (DType.String, "A"), (Buffer, new byte[8])];
        foreach (string name in Conversion.Names)
        {
            Conversion conversion = Conversion.Find(name)!;
            foreach ((DType type, object value) in values.Where(pair => conversion.Takes(pair.Type)))
            {
                Assert.That(DRig.Printf("%3" + name, (type, value)).Length, Is.GreaterThanOrEqualTo(3), name);
            }
            bool never = !values.Any(pair => conversion.Takes(pair.Type));
            Assert.That(never, Is.EqualTo(conversion.Rule is ConversionRule.Never or ConversionRule.None), name);
        }
    }

    [Test]
    public void Text_stands_between_conversions()
        => Assert.That(DRig.Printf("<%s: %d>\n", (DType.String, "é"), (DType.Int, 3L)), Is.EqualTo("<é: 3>\n"));

    [TestCase("%*d|", 6L, "    42|")]
    [TestCase("%*d|", -6L, "42    |")]
    [TestCase("%*d|", 0L, "42|")]
    [TestCase("%.*d|", 4L, "0042|")]
    [TestCase("%.*d|", -4L, "42|")]
    [TestCase("%0*d|", 5L, "00042|")]
    public void A_width_or_precision_may_be_an_argument(string format, long argument, string expected)
        => Assert.That(DRig.Printf(format, (DType.Int, argument), (DType.Int, 42L)), Is.EqualTo(expected));

    [Test]
    public void Width_and_precision_may_both_be_arguments()
        => Assert.That(DRig.Printf("%-*.*s|", (DType.Int, 6L), (DType.Int64, 2L), (DType.String, "abc")), Is.EqualTo("ab    |"));

    [TestCase(1183476000_123456789L, "2007 Jul  3 15:20:00")]
    [TestCase(0L, "1970 Jan  1 00:00:00")]
    [TestCase(1292800000_000000000L, "2010 Dec 19 23:06:40")]
    public void Y_is_local_time(long time, string expected)
    {
        DateTime utc = DateTime.ParseExact(expected.Replace("  ", " "), "yyyy MMM d HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(utc, TimeZoneInfo.Local);
        string text = local.ToString("yyyy MMM ", System.Globalization.CultureInfo.InvariantCulture) + $"{local.Day,2}" + local.ToString(" HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(DRig.Printf("%Y", (DType.UInt64, time)), Is.EqualTo(text));
        Assert.That(DRig.Printf("%-22Y|", (DType.Int64, time)), Is.EqualTo(text + "  |"));
        Assert.That(DRig.Printf("%22Y|", (DType.Int64, time)), Is.EqualTo("  " + text + "|"));
    }

    [Test]
    public void T_is_a_time_as_mail_has_it()
        => Assert.That(DRig.Printf("%T", (DType.UInt64, 1183476000_000000000L)), Does.Match("^(Mon|Tue|Wed), 0[234] Jul 2007 [0-9][0-9]:[0-9][0-9]:00 [^ ]+$"));

    private static IEnumerable<TestCaseData> Wrong()
    {
        yield return Error("%q", "D_SYNTAX", "format conversion #1 is undefined: %q");
        yield return Error("%d %hhd", "D_SYNTAX", "format conversion #2 is undefined: %hhd");
        yield return Error("%", "D_SYNTAX", "format conversion #1 name expected before end of format string");
        yield return Error("%d%-5", "D_SYNTAX", "format conversion #2 name expected before end of format string");
        yield return Error("%1$d", "D_SYNTAX", "format conversion #1 uses unsupported positional format (%n$)");
        yield return Error("%-%", "D_SYNTAX", "format conversion #1 cannot be combined with other format flags: %%");
        yield return Error("%..d", "D_SYNTAX", "format conversion #1 has more than one '.' specified");
        yield return Error("%**d", "D_SYNTAX", "format conversion #1 has more than one '*' specified for the output width");
        yield return Error("%.**d", "D_SYNTAX", "format conversion #1 has more than one '*' specified for the output precision");
        yield return Error("", "D_PRINTF_FMT_EMPTY", "printf( ) format string is empty");
        yield return Error("%d %s", "D_PRINTF_ARG_PROTO", "printf( ) prototype mismatch: conversion #2 (%s) is missing a corresponding value argument", DType.Int);
        yield return Error("%*d", "D_PRINTF_DYN_PROTO", "printf( ) prototype mismatch: conversion #1 (%d) is missing a corresponding \"*\" argument");
        yield return Error("%.*d", "D_PRINTF_DYN_PROTO", "printf( ) prototype mismatch: conversion #1 (%d) is missing a corresponding \".*\" argument");
        yield return Error("%*d", "D_PRINTF_DYN_TYPE",
            "printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: % * d\n\t prototype: int\n\t  argument: string", DType.String, DType.Int);
        yield return Error("%@d", "D_PRINTF_AGG_CONV", "%@ conversion requires an aggregation and is not for use with printf( )", DType.Int);
        yield return Error("%d", "D_PRINTF_ARG_EXTRA", "printf( ) prototype mismatch: only 1 arguments required by this format string", DType.Int, DType.Int);
        yield return Mismatch("%d", "char, short, int, long, or long long", DType.String);
        yield return Mismatch("%d", "char, short, int, long, or long long", Struct);
        yield return Mismatch("%d", "char, short, int, long, or long long", DType.Int.PointerTo());
        yield return Mismatch("%s", "char [] or string (or use stringof)", DType.UInt32);
        yield return Mismatch("%s", "char [] or string (or use stringof)", DType.Char.PointerTo());
        yield return Mismatch("%f", "float, double, or long double", DType.Int);
        yield return Mismatch("%Lg", "long double", DType.Int);
        yield return Mismatch("%c", "char, short, or int", DType.Int64);
        yield return Mismatch("%hd", "short", DType.Int);
        yield return Mismatch("%lu", "unsigned long", DType.Int64);
        yield return Mismatch("%Y", "int64_t", DType.Int);
        yield return Mismatch("%k", "stack", DType.Int64);
        yield return Mismatch("%ws", "wchar_t []", DType.String);
    }

    private static TestCaseData Mismatch(string format, string prototype, DType type)
        => Error(format, "D_PRINTF_ARG_TYPE", $"printf( ) argument #2 is incompatible with conversion #1 prototype:\n\tconversion: {format}\n\t prototype: {prototype}\n\t  argument: {type}", type);

    private static TestCaseData Error(string format, string tag, string message, params DType[] types) => new(format, tag, message, types);

    [TestCaseSource(nameof(Wrong))]
    public void A_format_that_is_wrong_says_why(string format, string tag, string message, object types)
    {
        DCompileException wrong = Assert.Throws<DCompileException>(() => Format.OfPrintf(format, (DType[])types, 7))!;
        Assert.That((wrong.Tag, wrong.Message, wrong.Line), Is.EqualTo((tag, message, 7)));
    }

    [Test]
    public void Any_text_is_a_format_or_is_refused_and_output_is_bounded()
    {
        DType[] types = [DType.Int, DType.String, DType.UInt64, DType.Char, Buffer];
        const string letters = "%#0+-' ?*.$@hlLw19dscSYTxXoupaAeqI{}é\0%%%%dd";
        Gen<string> pieces = Gen.Int[0, letters.Length - 1].Array[0, 24].Select(which => string.Concat(which.Select(at => letters[at])));
        Gen.Select(pieces, Gen.Int[0, 4].Array[0, 6], Gen.Long).Sample((text, which, number) =>
        {
            DType[] arguments = [.. which.Select(index => types[index])];
            Format format;
            try
            {
                format = Format.OfPrintf(text, arguments, 1);
            }
            catch (DCompileException)
            {
                return;
            }
            byte[] record = DRig.Record(arguments, [.. arguments.Select(type => type.IsString ? "some\n" : type == Buffer ? new byte[8] : (object)number)]);
            var output = new OutputBuffer();
            format.Write(output, record);
            Assert.That(output.Length, Is.LessThan((arguments.Length + 1) * 2 * FormatPart.Most + 2 * text.Length));
        }, iter: 20_000);
    }
}
