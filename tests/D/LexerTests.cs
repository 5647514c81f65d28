using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Tests.D;

/// <summary>Literals, comments, lines that begin with #, macros.</summary>
[TestFixture]
public sealed class LexerTests
{
    [TestCase("0", "0")]
    [TestCase("2147483647", "2147483647")]
    [TestCase("2147483648", "2147483648l")]
    [TestCase("4294967295", "4294967295l")]
    [TestCase("9223372036854775807", "9223372036854775807l")]
    [TestCase("9223372036854775808", "9223372036854775808ul")]
    [TestCase("18446744073709551615", "18446744073709551615ul")]
    [TestCase("0x7fffffff", "2147483647")]
    [TestCase("0x80000000", "2147483648u")]
    [TestCase("0xFFFFFFFF", "4294967295u")]
    [TestCase("0X100000000", "4294967296l")]
    [TestCase("0x8000000000000000", "9223372036854775808ul")]
    [TestCase("010", "8")]
    [TestCase("037777777777", "4294967295u")]
    [TestCase("1u", "1u")]
    [TestCase("1U", "1u")]
    [TestCase("1l", "1l")]
    [TestCase("1LL", "1l")]
    [TestCase("1ul", "1ul")]
    [TestCase("1ULL", "1ul")]
    [TestCase("4294967296u", "4294967296ul")]
    [TestCase("0xffffffffffffffffl", "18446744073709551615ul")]
    [TestCase("'a'", "97")]
    [TestCase("'ab'", "24930")]
    [TestCase("'abcd'", "1633837924")]
    [TestCase("'\\n'", "10")]
    [TestCase("'\\0'", "0")]
    [TestCase("'\\377'", "255")]
    [TestCase("'\\x41'", "65")]
    [TestCase("'\\''", "39")]
    [TestCase("'\"'", "34")]
    [TestCase("'\\\\'", "92")]
    [TestCase("'\u00e9'", "50089")]
    [TestCase("'abcdefgh'", "7017280452245743464l")]
    [TestCase("'\\377bcdefgh'", "18402380310238357352ul")]
    public void An_integer_has_a_value_and_a_type(string text, string understood) => Assert.That(Written.Expression(text), Is.EqualTo(understood));

    [TestCase("\"\"", "")]
    [TestCase("\"a b\"", "a b")]
    [TestCase("\"a\\tb\"", "a\tb")]
    [TestCase("\"\\a\\b\\f\\n\\r\\t\\v\"", "\a\b\f\n\r\t\v")]
    [TestCase("\"\\\"\\\\\\'\\?\"", "\"\\'?")]
    [TestCase("\"\\033[H\"", "\u001b[H")]
    [TestCase("\"\\1011\"", "A1")]
    [TestCase("\"\\x41g\"", "Ag")]
    [TestCase("\"\\q\"", "\\q")]
    [TestCase("\"\\xg\"", "\\xg")]
    [TestCase("\"a\\0b\"", "a")]
    [TestCase("\"\\342\\202\\254\"", "\u20ac")]
    [TestCase("\"\u20ac\"", "\u20ac")]
    [TestCase("\"/* not a comment */\"", "/* not a comment */")]
    [TestCase("\"$1 @x\"", "$1 @x")]
    public void A_string_has_its_escapes_resolved(string text, string value)
    {
        var clause = (Clause)Written.Parse($"BEGIN {{ {text} }}").Items.Single();
        Assert.That(((StringLiteral)clause.Actions!.Single()).Value, Is.EqualTo(value));
    }

    [TestCase("BEGIN { 18446744073709551616 }", "D_INT_OFLOW 1: constant 18446744073709551616 results in integer overflow")]
    [TestCase("BEGIN { 0x10000000000000000 }", "D_INT_OFLOW 1: constant 0x10000000000000000 results in integer overflow")]
    [TestCase("BEGIN { 089 }", "D_INT_DIGIT 1: constant 089 contains invalid digit 8")]
    [TestCase("BEGIN { 12abc }", "D_SYNTAX 1: syntax error near \"abc\"")]
    [TestCase("BEGIN { 1.5 }", "D_SYNTAX 1: floating-point constants are not permitted")]
    [TestCase("BEGIN { .5 }", "D_SYNTAX 1: floating-point constants are not permitted")]
    [TestCase("BEGIN { 1e5 }", "D_SYNTAX 1: floating-point constants are not permitted")]
    [TestCase("BEGIN { 1. }", "D_SYNTAX 1: floating-point constants are not permitted")]
    [TestCase("BEGIN {\n \"a\nb\" }", "D_STR_NL 2: newline encountered in string literal")]
    [TestCase("BEGIN { \"a\\\nb\" }", "D_STR_NL 1: newline encountered in string literal")]
    [TestCase("BEGIN { \"a }", "D_SYNTAX 1: syntax error near \"\"\"")]
    [TestCase("BEGIN { 'a\nb' }", "D_CHR_NL 1: newline encountered in character constant")]
    [TestCase("BEGIN { '' }", "D_CHR_NULL 1: empty character constant")]
    [TestCase("BEGIN { 'abcdefghi' }", "D_CHR_OFLOW 1: character constant is too long")]
    [TestCase("BEGIN { a /* b", "D_SYNTAX 1: end-of-file encountered before matching */")]
    [TestCase("BEGIN { a\n/* b /* c */ }", "D_SYNTAX 2: /* encountered inside a comment")]
    [TestCase("BEGIN { a \u00e9 }", "D_SYNTAX 1: syntax error near \"\u00e9\"")]
    [TestCase("BEGIN { $ }", "D_SYNTAX 1: syntax error near \"$\"")]
    [TestCase("#define X 1\n", "D_PRAGCTL_INVAL 1: invalid control directive: #define")]
    [TestCase("\n#error no way\n", "D_PRAGERR 2: #error: no way")]
    [TestCase("#pragma D wombat\n", "D_PRAGMA_INVAL 1: invalid D pragma: wombat")]
    [TestCase("#pragma D option\n", "D_PRAGMA_MALFORM 1: malformed #pragma option <option>=<val>")]
    [TestCase("#pragma D option a b\n", "D_PRAGMA_MALFORM 1: superfluous arguments specified for #pragma option")]
    [TestCase("# 40 \"/a/b.d\"\nBEGIN { ) }", "D_SYNTAX /a/b.d:40: extra ) in input stream")]
    [TestCase("#line 40\nBEGIN {\n ) }", "D_SYNTAX 41: extra ) in input stream")]
    public void What_is_no_token_is_said_where_it_is(string text, string message) => Assert.That(Written.Error(text), Is.EqualTo(message));

    [TestCase("#!/usr/sbin/dtrace -s\nBEGIN { a }", ":::BEGIN {a}")]
    [TestCase("/* by \"someone, don't */ BEGIN { a /* it's */ }", ":::BEGIN {a}")]
    [TestCase("BEGIN { a /**/ + /***/ b }", ":::BEGIN {(a + b)}")]
    [TestCase("#pragma ident \"@(#)x.d 1.3 07/03/27 SMI\"\nBEGIN { a }", ":::BEGIN {a}")]
    [TestCase("#ident \"x\"\n#\n#pragma once\nBEGIN { a }", ":::BEGIN {a}")]
    [TestCase("#pragma D option quiet\n#pragma D option switchrate=10hz\nBEGIN { a }", "option quiet\noption switchrate=10hz\n:::BEGIN {a}")]
    [TestCase("  #\tpragma   D option  quiet  \r\nBEGIN { a }\r\n", "option quiet\n:::BEGIN {a}")]
    [TestCase("#pragma D depends_on library iscsi.d\n#pragma D attributes Evolving/Evolving/ISA provider x\n#pragma D binding \"1.5\" x\n", "")]
    [TestCase("#pragma D option quiet", "option quiet")]
    [TestCase("BEGIN {\n#pragma D option quiet\n(\n#pragma D option zdefs\nint)a }", "option quiet\noption zdefs\n:::BEGIN {((int)a)}")]
    [TestCase("BEGIN { a \\\n + b }", ":::BEGIN {(a + b)}")]
    [TestCase("# 1 \"x.d\"\n# 1 \"<built-in>\" 1\n# 1 \"x.d\" 2\nBEGIN { a }", ":::BEGIN {a}")]
    [TestCase("BEGIN { @a9_b = count(); @ = count() }", ":::BEGIN {(@a9_b = count()); (@_ = count())}")]
    [TestCase("", "")]
    [TestCase(" /* nothing */ ", "")]
    public void What_is_between_tokens_is_left_out(string text, string understood) => Assert.That(Written.Of(Written.Parse(text).Items), Is.EqualTo(understood));

    [TestCase("$1", "10", "10")]
    [TestCase("$1", "0x10", "16")]
    [TestCase("$1", "010", "8")]
    [TestCase("$1", "-5", "18446744073709551611")]
    [TestCase("$1", "-2147483648", "18446744071562067968")]
    [TestCase("$1", "+5", "5")]
    [TestCase("$1", "5u", "5u")]
    [TestCase("$1", "3000000000", "3000000000l")]
    [TestCase("$1", "abc", "abc")]
    [TestCase("$1", "10.0.0.1", "\"10.0.0.1\"")]
    [TestCase("$1", "10k", "\"10k\"")]
    [TestCase("$1", "a b", "\"a b\"")]
    [TestCase("$1", "\"abc\"", "\"abc\"")]
    [TestCase("$1", "\"", "\"\"\"")]
    [TestCase("$1", "", "\"\"")]
    [TestCase("$1", "-", "\"-\"")]
    [TestCase("$$1", "abc", "\"abc\"")]
    [TestCase("$$1", "10", "\"10\"")]
    [TestCase("$$1", "a\\nb", "\"a\\nb\"")]
    [TestCase("$1 + 1", "a", "(a + 1)")]
    public void An_argument_is_what_it_looks_like(string text, string argument, string understood) =>
        Assert.That(Written.Expression(text, ["x", argument]), Is.EqualTo(understood));

    [TestCase("$target", "123")]
    [TestCase("$$target", "\"123\"")]
    [TestCase("$pid + 1", "(77 + 1)")]
    [TestCase("$uid", "18446744073709551615")]
    [TestCase("$0", "dtrace")]
    [TestCase("$$0", "\"dtrace\"")]
    public void A_macro_variable_is_a_number(string text, string understood) => Assert.That(Written.Expression(text), Is.EqualTo(understood));

    [TestCase("BEGIN { $1 }", "D_MACRO_UNDEF 1: macro argument $1 is not defined")]
    [TestCase("BEGIN { $$12 }", "D_MACRO_UNDEF 1: macro argument $$12 is not defined")]
    [TestCase("BEGIN { $99999999999 }", "D_MACRO_UNDEF 1: macro argument $99999999999 is not defined")]
    [TestCase("BEGIN { $nobody }", "D_MACRO_UNDEF 1: macro variable $nobody is not defined")]
    [TestCase("BEGIN { $$nobody }", "D_MACRO_UNDEF 1: macro variable $$nobody is not defined")]
    [TestCase("iscsi$1:::{ a }", "D_PDESC_INVAL 1: invalid probe description \"iscsi$1:::\": Undefined macro variable in probe description")]
    public void What_was_not_given_is_not_there(string text, string message) => Assert.That(Written.Error(text), Is.EqualTo(message));

    [Test]
    public void With_defaultargs_what_was_not_given_is_nothing()
    {
        var options = new DOptions { DefaultArgs = true };
        Assert.That(Written.Of(Written.Parse("BEGIN { $1; $$2 } iscsi$3:::{ a }", options: options).Items), Is.EqualTo(":::BEGIN {0; \"\"}\niscsi::: {a}"));
        Assert.That(Written.Of(Written.Parse("#pragma D option defaultargs\nBEGIN { $1 }").Items), Is.EqualTo("option defaultargs\n:::BEGIN {0}"));
    }

    [Test]
    public void The_last_argument_must_be_used()
    {
        string[] arguments = ["x", "a", "b c"];
        Assert.That(Written.Error("BEGIN { $1 }", arguments: arguments), Is.EqualTo("D_MACRO_UNUSED 1: extraneous argument 'b c' ($2 is not referenced)"));
        Assert.That(Written.Error("BEGIN { $2 }", arguments: arguments), Is.EqualTo("none"));
        Assert.That(Written.Error("iscsi$2:::{ a }", arguments: arguments), Is.EqualTo("none"));
        Assert.That(Written.Error("BEGIN { 1 }", arguments: arguments, options: new DOptions { ArgRef = true }), Is.EqualTo("none"));
    }

    [TestCase("BEGIN { $1 }", "99999999999999999999", "D_MACRO_OFLOW 1: macro argument $1 constant 99999999999999999999 results in integer overflow")]
    [TestCase("BEGIN { $1 }", "if", "D_SYNTAX 1: syntax error near \"$1\"")]
    public void An_argument_that_cannot_be(string text, string argument, string message) => Assert.That(Written.Error(text, arguments: ["x", argument]), Is.EqualTo(message));
}
