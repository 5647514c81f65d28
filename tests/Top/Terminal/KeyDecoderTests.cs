using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Top.Terminal;

namespace Iscsitop.Tests.Top.Terminal;

[TestFixture]
public sealed class KeyDecoderTests
{
    private static List<Keystroke> Decode(params ReadOnlySpan<string> reads)
    {
        var decoder = new KeyDecoder();
        var keys = new List<Keystroke>();
        foreach (string read in reads) decoder.Decode(Encoding.Latin1.GetBytes(read), 0, keys);
        if (decoder.Holds) decoder.GiveUp(keys);
        Assert.That(decoder.Holds, Is.False);
        return keys;
    }

    private static string Text(IEnumerable<Keystroke> keys) => string.Concat(keys.Select(k => k.Key));

    // What xterm, rxvt, the Linux console and tmux send, in normal and application mode.
    private static readonly Dictionary<string, string[]> s_sent = new()
    {
        ["Up"] = ["\e[A", "\eOA", "\e[1;5A"],
        ["Down"] = ["\e[B", "\eOB"],
        ["Right"] = ["\e[C", "\eOC"],
        ["Left"] = ["\e[D", "\eOD"],
        ["Home"] = ["\e[H", "\eOH", "\e[1~", "\e[7~"],
        ["End"] = ["\e[F", "\eOF", "\e[4~", "\e[8~"],
        ["PgUp"] = ["\e[5~"],
        ["PgDn"] = ["\e[6~"],
        ["F1"] = ["\eOP", "\e[11~", "\e[[A", "\e[P"],
        ["F6"] = ["\e[17~"],
        ["Shift-Tab"] = ["\e[Z"],
        ["Enter"] = ["\r", "\n"],
        ["Tab"] = ["\t"],
        ["Space"] = [" "],
        ["Esc"] = ["\e"],
    };

    [Test]
    public void Every_key_of_the_table_can_be_typed()
    {
        foreach (string name in Keys.Table.SelectMany(row => row.Keys))
        {
            string[] sent = s_sent.TryGetValue(name, out string[]? known) ? known
                : name.StartsWith("Ctrl-", StringComparison.Ordinal) ? [((char)(name[5] & 0x1f)).ToString()] : [name];
            foreach (string bytes in sent)
                Assert.That(Text(Decode(bytes)), Is.EqualTo(Keys.Parse(name).ToString()), name);
        }
    }

    [Test]
    public void A_sequence_may_come_in_any_pieces()
    {
        const string Sent = "a\e[Bb\e[<0;3;4M\u00c3\u00a9\e[17~c";
        string whole = string.Join(' ', Decode(Sent));
        for (int cut = 1; cut < Sent.Length; cut++)
            Assert.That(string.Join(' ', Decode(Sent[..cut], Sent[cut..])), Is.EqualTo(whole), $"cut at {cut}");
        Assert.That(string.Join(' ', Decode([.. Sent.Select(c => c.ToString())])), Is.EqualTo(whole));
    }

    [Test]
    public void Esc_is_a_key_when_nothing_follows()
    {
        var decoder = new KeyDecoder();
        var keys = new List<Keystroke>();
        decoder.Decode("\e"u8, 0, keys);
        Assert.That((keys.Count, decoder.Holds), Is.EqualTo((0, true)));
        decoder.GiveUp(keys);
        Assert.That((Text(keys), decoder.Holds), Is.EqualTo(("\e", false)));
    }

    [TestCase("\eq", "\eq", TestName = "Esc and a key are two keys however close")]
    [TestCase("\e\e\e?", "\e\e\e?", TestName = "So are several")]
    [TestCase("\e[200~x", "x", TestName = "A paste has marks that are no keys")]
    [TestCase("\e[?1;2cx", "x", TestName = "An answer is swallowed")]
    [TestCase("\e[1\rx", "\rx", TestName = "A broken sequence ends where it breaks")]
    [TestCase("\u00e9x", "x", TestName = "Bytes that are no UTF-8 are swallowed")]
    [TestCase("\u00f0\u009f\u0098\u0080x", "x", TestName = "Characters beyond the first plane are swallowed")]
    [TestCase("\u00ee\u0080\u0080x", "x", TestName = "Nobody types our private characters")]
    [TestCase("\u00c3\u00a9", "\u00e9", TestName = "UTF-8 is decoded")]
    [TestCase("\0x", "x", TestName = "NUL is nothing")]
    [TestCase("\x7f\b", "\b\b", TestName = "DEL and BS are backspace")]
    [TestCase("\e[3~", "\b", TestName = "Delete is backspace")]
    public void Decodes(string sent, string keys) => Assert.That(Text(Decode(sent)), Is.EqualTo(keys));

    [Test]
    public void A_sequence_without_end_is_given_up()
    {
        List<Keystroke> keys = Decode("\e[" + new string('1', 500) + "~q");
        Assert.That(keys[^1].Key, Is.EqualTo('q'));
    }

    [Test]
    public void Random_bytes_never_stop_it()
    {
        var random = new Random(7);
        var decoder = new KeyDecoder();
        var keys = new List<Keystroke>();
        byte[] bytes = new byte[40];
        byte[] likely = "\e[<;M~OA0123456789"u8.ToArray();
        for (int i = 0; i < 20_000; i++)
        {
            int n = random.Next(1, bytes.Length);
            for (int k = 0; k < n; k++) bytes[k] = random.Next(3) == 0 ? (byte)random.Next(256) : likely[random.Next(likely.Length)];
            decoder.Decode(bytes.AsSpan(0, n), i, keys);
        }
        decoder.GiveUp(keys);
        keys.Clear();
        decoder.Decode("q"u8, 0, keys);
        Assert.That(Text(keys), Is.EqualTo("q"));
    }

    [TestCase("\e[<0;1;1M", Pointer.Click, 0, 0)]
    [TestCase("\e[<0;200;80M", Pointer.Click, 199, 79)]
    [TestCase("\e[<4;5;6M", Pointer.Click, 4, 5, Description = "with Shift")]
    [TestCase("\e[<64;5;6M", Pointer.WheelUp, 4, 5)]
    [TestCase("\e[<65;5;6M", Pointer.WheelDown, 4, 5)]
    public void The_mouse_is_heard(string sent, object pointer, int x, int y) =>
        Assert.That(Decode(sent), Is.EqualTo([new Keystroke('\0', (Pointer)pointer, x, y)]));

    [TestCase("\e[<0;5;6m", Description = "released")]
    [TestCase("\e[<2;5;6M", Description = "another button")]
    [TestCase("\e[<32;5;6M", Description = "moved")]
    [TestCase("\e[<66;5;6M", Description = "wheel to the left")]
    [TestCase("\e[<0;0;1M")]
    [TestCase("\e[<0;;M")]
    [TestCase("\e[<0M")]
    [TestCase("\e[<99999999999;1;1M")]
    public void Other_mouse_reports_are_nothing(string sent) => Assert.That(Decode(sent), Is.Empty);

    [Test]
    public void Two_clicks_at_one_place_in_time_are_a_double_click()
    {
        var decoder = new KeyDecoder();
        var keys = new List<Keystroke>();
        foreach (long time in (long[])[1000, 1200, 1300, 2000]) decoder.Decode("\e[<0;5;6M"u8, time, keys);
        decoder.Decode("\e[<0;5;7M"u8, 2001, keys);
        Assert.That(keys.Select(k => k.Pointer), Is.EqualTo([Pointer.Click, Pointer.DoubleClick, Pointer.Click, Pointer.Click, Pointer.Click]));
    }
}
