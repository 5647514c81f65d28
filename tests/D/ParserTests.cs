using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Tests.D;

/// <summary>What programs are understood as.</summary>
[TestFixture]
public sealed class ParserTests
{
    [TestCase("1 + 2 * 3", "(1 + (2 * 3))")]
    [TestCase("1 - 2 - 3", "((1 - 2) - 3)")]
    [TestCase("a << 1 + b", "(a << (1 + b))")]
    [TestCase("a & b == c", "(a & (b == c))")]
    [TestCase("a | b ^ c & d", "(a | (b ^ (c & d)))")]
    [TestCase("a || b ^^ c && d", "(a || (b ^^ (c && d)))")]
    [TestCase("a && b || c && d", "((a && b) || (c && d))")]
    [TestCase("a < b == c >= d", "((a < b) == (c >= d))")]
    [TestCase("(1 + 2) * 3", "((1 + 2) * 3)")]
    [TestCase("a % b / c", "((a % b) / c)")]
    [TestCase("-a * !b", "((-a) * (!b))")]
    [TestCase("~a & b", "((~a) & b)")]
    [TestCase("- -a", "(-(-a))")]
    [TestCase("*p++", "(*(p++))")]
    [TestCase("++*p", "(++(*p))")]
    [TestCase("a---b", "((a--) - b)")]
    [TestCase("&a[1]", "(&a[1])")]
    [TestCase("a ? b : c ? d : e", "(a ? b : (c ? d : e))")]
    [TestCase("a ? b ? c : d : e", "(a ? (b ? c : d) : e)")]
    [TestCase("a = b = c", "(a = (b = c))")]
    [TestCase("a += b ? c : d", "(a += (b ? c : d))")]
    [TestCase("a, b, c", "((a , b) , c)")]
    [TestCase("x ? @a = count() : 1", "(x ? (@a = count()) : 1)")]
    [TestCase("x ? @a = count() : @b = count()", "(x ? (@a = count()) : (@b = count()))")]
    [TestCase("x ? printf(\"a\"), n++ : printf(\"b\")", "(x ? (printf(\"a\") , (n++)) : printf(\"b\"))")]
    [TestCase("args[1]->ii_datalen", "args[1]->ii_datalen")]
    [TestCase("*args[2]->ic_cdb", "(*args[2]->ic_cdb)")]
    [TestCase("args[2]->ic_cdb[0] == 0x28", "(args[2]->ic_cdb[0] == 40)")]
    [TestCase("self->a->b.c", "self->a->b.c")]
    [TestCase("this->x", "this->x")]
    [TestCase("start[arg1, pid] = timestamp", "(start[arg1, pid] = timestamp)")]
    [TestCase("`hp_avenrun[0]", "`hp_avenrun[0]")]
    [TestCase("genunix`lbolt", "genunix`lbolt")]
    [TestCase("@ = count()", "(@_ = count())")]
    [TestCase("@[a, b + 1] = sum(x)", "(@_[a, (b + 1)] = sum(x))")]
    [TestCase("@q[\"k\"] = lquantize(v, 0, 100, 10)", "(@q[\"k\"] = lquantize(v, 0, 100, 10))")]
    [TestCase("(int)a + b", "(((int)a) + b)")]
    [TestCase("(uint64_t)(a + b)", "((uint64_t)(a + b))")]
    [TestCase("(struct foo *)arg0", "((struct foo*)arg0)")]
    [TestCase("((foo_t *)arg0)->x", "((foo_t*)arg0)->x")]
    [TestCase("((thing *)arg0)->x", "((thing*)arg0)->x")]
    [TestCase("(unsigned long long)1", "((unsigned long long)1)")]
    [TestCase("(const char *)a", "((char*)a)")]
    [TestCase("(a) + b", "(a + b)")]
    [TestCase("(last_t) + 1", "(last_t + 1)")]
    [TestCase("(last_t) * 1", "(last_t * 1)")]
    [TestCase("(uint8_t) + 1", "((uint8_t)(+1))")]
    [TestCase("(odd_t)x", "((odd_t)x)")]
    [TestCase("sizeof (last_t)", "sizeof(last_t)")]
    [TestCase("uint8_t = 5", "(uint8_t = 5)")]
    [TestCase("(a) * b", "(a * b)")]
    [TestCase("(a * b)", "(a * b)")]
    [TestCase("(char)-2", "((char)(-2))")]
    [TestCase("(int)(char)x", "((int)((char)x))")]
    [TestCase("sizeof (int)", "sizeof(int)")]
    [TestCase("sizeof (conninfo_t)", "sizeof(conninfo_t)")]
    [TestCase("sizeof (int *) + 1", "(sizeof(int*) + 1)")]
    [TestCase("sizeof a", "sizeof(a)")]
    [TestCase("sizeof (a) + 1", "(sizeof(a) + 1)")]
    [TestCase("sizeof (a)[1]", "sizeof(a[1])")]
    [TestCase("offsetof(iscsiinfo_t, ii_lun)", "offsetof(iscsiinfo_t, ii_lun)")]
    [TestCase("stringof(a) == \"x\"", "(stringof(a) == \"x\")")]
    [TestCase("stringof a->b", "stringof(a->b)")]
    [TestCase("f(g(1), h())", "f(g(1), h())")]
    [TestCase("a / b / c", "((a / b) / c)")]
    [TestCase("a /= 2", "(a /= 2)")]
    [TestCase("a >>= 2, b <<= 3", "((a >>= 2) , (b <<= 3))")]
    [TestCase("x != NULL", "(x != NULL)")]
    public void An_expression_is_understood_as_in_C(string text, string understood) => Assert.That(Written.Expression(text), Is.EqualTo(understood));

    [TestCase("BEGIN{}", ":::BEGIN {}")]
    [TestCase("BEGIN { ; ; }", ":::BEGIN {}")]
    [TestCase("BEGIN { a; b }", ":::BEGIN {a; b}")]
    [TestCase("BEGIN { a; b; }", ":::BEGIN {a; b}")]
    [TestCase("dtrace:::BEGIN", "dtrace:::BEGIN")]
    [TestCase("BEGIN END", ":::BEGIN\n:::END")]
    [TestCase("iscsi*:::{ a }", "iscsi*::: {a}")]
    [TestCase("iscsi*:::, http*:::, cifs::: { a }", "iscsi*:::, http*:::, cifs::: {a}")]
    [TestCase("iscsi*:::data-*,\niscsi*:::login-*\n/a/\n{ b }", "iscsi*:::data-*, iscsi*:::login-* /a/ {b}")]
    [TestCase("foo:bar { a }", "::foo:bar {a}")]
    [TestCase("m:foo:bar { a }", ":m:foo:bar {a}")]
    [TestCase("::: { a }", "::: {a}")]
    [TestCase("12 { a }", "#12 {a}")]
    [TestCase("1, BEGIN { a }", "#1, :::BEGIN {a}")]
    [TestCase("tick-1s { a }", ":::tick-1s {a}")]
    [TestCase("profile:::tick-10sec { a }", "profile:::tick-10sec {a}")]
    [TestCase("tick-1hour/x/{a}", ":::tick-1hour /x/ {a}")]
    [TestCase("iscsi$target:::data-send { a }", "iscsi123:::data-send {a}")]
    [TestCase("a$pid-b$target.c { a }", ":::a77-b123.c {a}")]
    [TestCase("iscsi:::[a-c]?x\\*[!q] { a }", "iscsi:::[a-c]?x\\*[!q] {a}")]
    [TestCase("BEGIN / a / b > c / { d }", ":::BEGIN /((a / b) > c)/ {d}")]
    [TestCase("BEGIN /a/ /* why { */ { b / c }", ":::BEGIN /a/ {(b / c)}")]
    [TestCase("BEGIN /(a / b)/ { c }", ":::BEGIN /(a / b)/ {c}")]
    [TestCase("BEGIN{a}END{b}", ":::BEGIN {a}\n:::END {b}")]
    [TestCase("string { a }", "none")]
    public void A_clause(string text, string understood)
    {
        if (understood == "none") Assert.That(Written.Error(text), Does.StartWith("D_SYNTAX"));
        else Assert.That(Written.Of(Written.Parse(text).Items), Is.EqualTo(understood));
    }

    [TestCase("int x;", "Global int x")]
    [TestCase("int x, *y;", "Global int x\nGlobal int* y")]
    [TestCase("string names[uchar_t];", "Global string names[uchar_t]")]
    [TestCase("int a[uint32_t, string];", "Global int a[uint32_t, string]")]
    [TestCase("self int x;", "Self int x")]
    [TestCase("this string s;", "This string s")]
    [TestCase("self uint64_t t[int];", "Self uint64_t t[int]")]
    [TestCase("uint8_t *p;", "Global uint8_t* p")]
    [TestCase("uint8_t*p;", "Global uint8_t* p")]
    [TestCase("char b[16];", "Global char[16] b")]
    [TestCase("char b[4][8];", "Global char[4][8] b")]
    [TestCase("odd_t x;", "Global odd_t x")]
    [TestCase("int a[odd_t];", "Global int a[odd_t]")]
    [TestCase("long unsigned int x;", "Global unsigned long x")]
    [TestCase("unsigned x;", "Global unsigned int x")]
    [TestCase("long long x;", "Global long long x")]
    [TestCase("short int x;", "Global short x")]
    [TestCase("const volatile int x;", "Global int x")]
    [TestCase("extern int x;", "Global int x")]
    [TestCase("struct foo { int a; char b[8], *c; } x;", "Global struct foo {int a; char[8] b; char* c} x")]
    [TestCase("struct foo { int a; };", "struct foo {int a}")]
    [TestCase("struct foo *x;", "Global struct foo* x")]
    [TestCase("union u { struct { int a; } b; struct foo *c; };", "union u {struct {int a} b; struct foo* c}")]
    [TestCase("enum e { A, B = 5, C, };", "enum e {A, B=5, C}")]
    [TestCase("enum { A };", "enum {A}")]
    [TestCase("typedef unsigned int u; u x;", "u is unsigned int\nGlobal u x")]
    [TestCase("typedef struct foo { int a; } *fp; fp x;", "fp is struct foo {int a}*\nGlobal fp x")]
    [TestCase("typedef int thing; BEGIN { (thing)x }", "thing is int\n:::BEGIN {((thing)x)}")]
    [TestCase("inline int X = 1 + 2;", "inline int X = (1 + 2)")]
    [TestCase("inline string S = \"a\";", "inline string S = \"a\"")]
    [TestCase("inline uint64_t N = 10000000000; BEGIN { N }", "inline uint64_t N = 10000000000l\n:::BEGIN {N}")]
    [TestCase("inline int f[int a, string b] = a;", "inline int f[int a, string b] = a")]
    public void A_declaration(string text, string understood) => Assert.That(Written.Of(Written.Parse(text).Items), Is.EqualTo(understood));

    [TestCase("BEGIN { a", "D_SYNTAX 1: syntax error near end of input")]
    [TestCase("BEGIN {\n a b }", "D_SYNTAX 2: syntax error near \"b\"")]
    [TestCase("BEGIN { \"a\" \"b\" }", "D_SYNTAX 1: syntax error near \"\"b\"\"")]
    [TestCase("BEGIN { if (x) y }", "D_SYNTAX 1: syntax error near \"if\"")]
    [TestCase("BEGIN { a = ; }", "D_SYNTAX 1: syntax error near \";\"")]
    [TestCase("BEGIN { a ? b }", "D_SYNTAX 1: syntax error near \"}\"")]
    [TestCase("BEGIN { @a[] = count(); }", "D_SYNTAX 1: syntax error near \"]\"")]
    [TestCase("BEGIN { a->int }", "D_SYNTAX 1: syntax error near \"int\"")]
    [TestCase("BEGIN { self = 1 }", "D_SYNTAX 1: syntax error near \"=\"")]
    [TestCase("BEGIN { # }", "D_SYNTAX 1: syntax error near \"#\"")]
    [TestCase("BEGIN { (a }", "D_SYNTAX 1: syntax error near \"}\"")]
    [TestCase("BEGIN { offsetof(a_t) }", "D_SYNTAX 1: syntax error near \")\"")]
    [TestCase("BEGIN { a) }", "D_SYNTAX 1: extra ) in input stream")]
    [TestCase("BEGIN { a] }", "D_SYNTAX 1: extra ] in input stream")]
    [TestCase("BEGIN { (a)(b) }", "none")]
    [TestCase("BEGIN { (1)(b) }", "D_FUNC_IDENT 1: function designator is not of function type")]
    [TestCase("BEGIN }", "D_SYNTAX 1: syntax error near \"}\"")]
    [TestCase("BEGIN;", "D_SYNTAX 1: syntax error near \";\"")]
    [TestCase("BEGIN /(a/ { b }", "D_SYNTAX 1: closing ) expected in predicate before /")]
    [TestCase("BEGIN /x[a/ { b }", "D_SYNTAX 1: closing ] expected in predicate before /")]
    [TestCase("BEGIN /a/", "D_SYNTAX 1: expected actions { } following probe description and predicate")]
    [TestCase("BEGIN // { b }", "D_SYNTAX 1: syntax error near \"/\"")]
    [TestCase("a:b:c:d:e { f }", "D_PDESC_INVAL 1: invalid probe description \"a:b:c:d:e\": Overspecified probe description")]
    [TestCase("iscsi$nobody::: { f }", "D_PDESC_INVAL 1: invalid probe description \"iscsi$nobody:::\": Undefined macro variable in probe description")]
    [TestCase("translator a_t < b_t > { };", "D_SYNTAX 1: translator declarations are not supported: the types and probes of iscsitop are built in")]
    [TestCase("\nprovider a { };", "D_SYNTAX 2: provider declarations are not supported: the types and probes of iscsitop are built in")]
    [TestCase("BEGIN { xlate <a_t *>(b) }", "D_SYNTAX 1: xlate is not supported: the types of iscsitop are built in")]
    [TestCase("int;", "D_DECL_USELESS 1: useless declaration")]
    [TestCase("long char x;", "D_DECL_LONGINT 1: long and short may be used with integer types only")]
    [TestCase("unsigned string x;", "D_DECL_SIGNINT 1: signed and unsigned may be used with integer types only")]
    [TestCase("short long x;", "D_DECL_COMBO 1: invalid type combination")]
    [TestCase("static int x;", "D_DECL_BADCLASS 1: invalid declaration class static: not supported in D")]
    [TestCase("float x;", "D_SYNTAX 1: floating-point types are not permitted")]
    public void What_is_not_D_is_said_where_it_is(string text, string message) => Assert.That(Written.Error(text), Is.EqualTo(message));

    [Test]
    public void A_description_alone_is_a_program_on_the_command_line_only()
    {
        Assert.That(Written.Of(Written.Parse("BEGIN").Items), Is.EqualTo(":::BEGIN"));
        Assert.That(Written.Error("\nBEGIN\n", fromFile: true), Is.EqualTo("D_SYNTAX 2: expected predicate and/or actions following probe description"));
    }

    [Test]
    public void Lines_are_those_of_the_text()
    {
        var clause = (Clause)Written.Parse("/* one\n two */\nBEGIN,\nEND\n/a\n/\n{\n  b\n  + c;\n}\n").Items.Single();
        Assert.That((clause.Line, clause.Probes[1].Line, clause.Predicate!.Line, clause.Actions!.Single().Line), Is.EqualTo((3, 4, 5, 8)));
    }

    [TestCase("(", ")")]
    [TestCase("-", "")]
    [TestCase("!", "")]
    [TestCase("(int)", "")]
    [TestCase("a=", "")]
    [TestCase("a?b:", "")]
    [TestCase("x[", "]")]
    [TestCase("f(", ")")]
    [TestCase("sizeof ", "")]
    [TestCase("@a[", "]")]
    [TestCase("a?", ":c")]
    [TestCase("a || b && c | d & e == f < g << h + i * (", ")")]
    public void What_is_nested_too_deeply_is_refused(string open, string close)
    {
        string Nested(int depth) => "BEGIN { " + string.Concat(Enumerable.Repeat(open, depth)) + "1" + string.Concat(Enumerable.Repeat(close, depth)) + " }";
        Assert.That(Written.Error(Nested(20)), Is.EqualTo("none"));
        Assert.That(Written.Error(Nested(100_000)), Is.EqualTo("D_SYNTAX 1: expression is nested too deeply"));
    }

    [TestCase("1", "+1")]
    [TestCase("1", ",1")]
    [TestCase("a", "[1]")]
    [TestCase("a", "->b")]
    [TestCase("a", "++")]
    public void What_is_too_long_a_chain_is_refused(string first, string more)
    {
        string Chain(int length) => "BEGIN { " + first + string.Concat(Enumerable.Repeat(more, length)) + " }";
        Assert.That(Written.Error(Chain(Parser.MaxHeight - 10)), Is.EqualTo("none"));
        Assert.That(Written.Error(Chain(100_000)), Is.EqualTo("D_SYNTAX 1: expression is too long"));
    }

    [Test]
    public void Structs_are_not_nested_without_end()
    {
        Assert.That(Written.Error(string.Concat(Enumerable.Repeat("struct { ", 100_000))), Is.EqualTo("D_SYNTAX 1: expression is nested too deeply"));
    }
}
