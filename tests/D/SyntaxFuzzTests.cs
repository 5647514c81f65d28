using System.Text;
using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Tests.D;

/// <summary>Whatever the text: it is understood or refused, and nothing else happens.</summary>
[TestFixture]
public sealed class SyntaxFuzzTests
{
    private static readonly string[] s_pieces =
    [
        "BEGIN", "iscsi*:::data-*", "tick-1s", ":::", "12", "$1", "$$2", "$target", "$", "/", "/*", "*/", "{", "}", "(", ")", "[", "]", ";", ",", "?", ":", "=", "+=", "<<=",
        "++", "--", "->", ".", "...", "&&", "^^", "||", "!", "~", "*", "&", "\"", "'", "\\", "\"a%d\\n\"", "'x'", "0x", "0x1f", "09", "1e", "1u", "18446744073709551616", "@", "@a", "`x",
        "self", "this", "int", "string", "struct", "union", "enum", "typedef", "inline", "sizeof", "offsetof", "stringof", "xlate", "if", "unsigned", "long", "char", "uint32_t", "foo_t",
        "x", "args", "printf", "count", "\n", "\n#", "\n#pragma D option quiet\n", "\n# 5 \"f\"\n", "\n#!x", "\0", "\u00e9", "\ud800", " ",
    ];

    private static readonly string[] s_programs =
    [
        "#!/usr/sbin/dtrace -s\n#pragma D option quiet\ninline int X = 1 << 3;\nstring names[uchar_t];\nself int t;\nBEGIN { names[0x28] = \"read(10)\"; start = timestamp; }\n"
            + "iscsi*:::scsi-command, tick-10s /args[2]->ic_cdb[0] == 0x28 && self->t != NULL/ { this->d = (timestamp - self->t) / 1000; @q[args[0]->ci_remote, X ? \"a\" : \"b\"] = quantize(this->d); }\n"
            + "END { printa(\"%-20s %@8d\\n\", @q); x ? trunc(@q, 5) : exit(0) }\n",
        "typedef struct foo { int a; char b[4], *c; } foo_t;\nenum e { A, B = 'xy', C };\nBEGIN { (foo_t *)x; sizeof (foo_t) + sizeof x; offsetof(foo_t, a); stringof(y); *p++; `lbolt; f(1, g()); $target; $$0 }",
    ];

    // Depth of the stack and time are bounded by the parser itself; here it is only what leaves it.
    private static void Try(string text)
    {
        try
        {
            Written.Parse(text, fromFile: text.Length % 2 == 0, arguments: ["x", "7", "a b"]);
        }
        catch (DCompileException e)
        {
            Assert.That(e.Tag, Does.StartWith("D_"));
            Assert.That(e.Message, Is.Not.Empty);
        }
        catch (Exception e) when (e is not AssertionException)
        {
            Assert.Fail($"{e.GetType().Name} of {text}");
        }
    }

    [Test]
    public void Random_pieces()
    {
        var random = new Random(20070703);
        for (int i = 0; i < 30_000; i++)
        {
            var text = new StringBuilder(i % 3 == 0 ? "" : "BEGIN { ");
            for (int n = random.Next(1, 30); n > 0; n--)
            {
                text.Append(s_pieces[random.Next(s_pieces.Length)]);
                if (random.Next(2) == 0) text.Append(' ');
            }
            Try(text.ToString());
        }
    }

    [Test]
    public void Random_characters()
    {
        var random = new Random(20090526);
        for (int i = 0; i < 10_000; i++)
        {
            char[] text = new char[random.Next(60)];
            for (int j = 0; j < text.Length; j++) text[j] = (char)(random.Next(20) == 0 ? random.Next(65536) : random.Next(128));
            Try(new string(text));
        }
    }

    [Test]
    public void Programs_that_were_changed()
    {
        var random = new Random(20100309);
        for (int i = 0; i < 20_000; i++)
        {
            var text = new StringBuilder(s_programs[i % s_programs.Length]);
            for (int n = random.Next(1, 4); n > 0 && text.Length > 0; n--)
            {
                int at = random.Next(text.Length);
                switch (random.Next(4))
                {
                    case 0: text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at)); break;
                    case 1: text.Insert(at, s_pieces[random.Next(s_pieces.Length)]); break;
                    case 2: text[at] = (char)random.Next(128); break;
                    default: text.Length = at + 1; break;
                }
            }
            Try(text.ToString());
        }
    }

    [Test]
    public void The_programs_that_are_changed_are_right()
    {
        foreach (string text in s_programs) Assert.That(Written.Error(text), Is.EqualTo("none"));
    }

    // A tree of the greatest height on a small stack: whoever walks it like this one does not run out.
    [Test]
    public void The_deepest_fits_on_a_small_stack()
    {
        string deepest = "BEGIN { " + string.Concat(Enumerable.Repeat("a || b ^^ c && d | e ^ f & g == h < i << j + k * (", Parser.MaxNesting)) + "1";
        string? error = null;
        var thread = new Thread(() => error = Written.Error(deepest), 1 << 20);
        thread.Start();
        thread.Join();
        Assert.That(error, Is.EqualTo("D_SYNTAX 1: expression is nested too deeply"));
    }
}
