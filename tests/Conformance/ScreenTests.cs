using Iscsitop.Cli;

namespace Iscsitop.Tests.Conformance;

/// <summary>The full screen as a person has it: in a terminal, with a load behind it.</summary>
[TestFixture]
public sealed class ScreenTests
{
    [Test]
    public void Demo_shows_its_load_and_leaves_the_terminal_as_it_was()
    {
        using var terminal = new Terminal(120, 40);
        terminal.Type($"'{Binary.Path}' demo; echo \"[exit $?]\"");
        terminal.Press("Enter");

        string screen = terminal.WaitFor(s => s.Contains("R/s", StringComparison.Ordinal) && s.Contains("iqn.", StringComparison.Ordinal), "the table");
        Assert.That(screen, Does.Contain("QDmx").And.Contain("BSY%"));
        terminal.WaitFor("READ(");
        Assert.That(terminal.AlternateScreen);

        terminal.Press("?");
        terminal.WaitFor(s => s.Contains("quit", StringComparison.OrdinalIgnoreCase) && s.Contains("interval", StringComparison.OrdinalIgnoreCase), "the help");
        terminal.Press("?");
        terminal.WaitFor("READ(");

        terminal.Press("q");
        terminal.WaitFor("[exit 0]");
        Assert.That(terminal.AlternateScreen, Is.False);
    }

    [TestCase(60, 16)]
    [TestCase(200, 60)]
    public void Screen_follows_the_terminals_size(int columns, int rows)
    {
        using var terminal = new Terminal(100, 30);
        terminal.Type($"'{Binary.Path}' demo");
        terminal.Press("Enter");
        terminal.WaitFor("R/s");

        terminal.Resize(columns, rows);

        string screen = terminal.WaitFor(s => s.Contains("R/s", StringComparison.Ordinal) && s.TrimEnd('\n').Split('\n').Length == rows, "a screen of the new size");
        Assert.That(screen.Split('\n').Select(l => l.Length), Has.All.LessThanOrEqualTo(columns));
    }

    // Nothing happens by these but the end, or a sleep.
    private static readonly KeyAction[] s_endings = [KeyAction.Quit, KeyAction.Suspend];

    [Test]
    public void Every_key_of_the_table_can_be_pressed()
    {
        using var scratch = new Scratch();
        using var terminal = new Terminal(120, 40);
        terminal.Type($"cd '{scratch.Path}'; '{Binary.Path}' demo; echo \"[exit $?]\"");
        terminal.Press("Enter");
        terminal.WaitFor("READ(");
        foreach (string key in Keys.Table.Where(row => !s_endings.Contains(row.Action)).SelectMany(row => row.Keys))
        {
            terminal.Press(TmuxName(key));
            // Out of whatever it opened, twice where there is something within it; then the help says that keys are heard.
            terminal.Press("Escape");
            terminal.Press("Escape");
            terminal.Press("?");
            string screen = terminal.WaitFor(s => s.Contains("this help: keys and columns", StringComparison.Ordinal), $"the help after {key}");
            Assert.That(screen, Does.StartWith("iscsitop "), key);
            terminal.Press("Escape");
            terminal.WaitFor(s => !s.Contains("this help: keys and columns", StringComparison.Ordinal), $"the table after {key}");
        }
        terminal.Press("q");
        terminal.WaitFor("[exit 0]");
    }

    [Test]
    public void It_survives_a_storm_of_sizes()
    {
        using var terminal = new Terminal(100, 30);
        terminal.Type($"'{Binary.Path}' demo");
        terminal.Press("Enter");
        terminal.WaitFor("R/s");
        (int Columns, int Rows)[] sizes = [(20, 3), (300, 100), (60, 16), (59, 16), (2, 2), (80, 24), (100, 22), (90, 21), (250, 16), (61, 90)];
        foreach ((int columns, int rows) in sizes.Concat(sizes.Reverse())) terminal.Resize(columns, rows);
        foreach ((int columns, int rows) in sizes)
        {
            terminal.Resize(columns, rows);
            bool small = columns < 60 || rows < 16;
            terminal.WaitFor(s => columns < 20 || s.Contains(small ? "window is too small" : "R/s", StringComparison.Ordinal)
                && s.TrimEnd('\n').Split('\n').All(l => l.Length <= columns), $"a screen of {columns}x{rows}");
        }
        terminal.Resize(100, 30);
        terminal.WaitFor(s => s.Contains("R/s", StringComparison.Ordinal) && s.Contains("q quit", StringComparison.Ordinal), "the whole screen");
    }

    [Test]
    public void It_can_be_suspended_and_comes_back()
    {
        using var terminal = new Terminal(100, 30);
        string before = Settings(terminal);
        terminal.Type($"'{Binary.Path}' demo");
        terminal.Press("Enter");
        terminal.WaitFor("R/s");

        for (int i = 0; i < 2; i++)
        {
            terminal.Press("C-z");
            terminal.WaitFor(s => s.Contains("Stopped", StringComparison.Ordinal) && s.TrimEnd().EndsWith("prompt>", StringComparison.Ordinal), "the shell");
            Assert.That(terminal.AlternateScreen, Is.False);
            Assert.That(Settings(terminal), Is.EqualTo(before));

            terminal.Type("clear; fg");
            terminal.Press("Enter");
            terminal.WaitFor(s => s.StartsWith("iscsitop ", StringComparison.Ordinal) && s.Contains("R/s", StringComparison.Ordinal), "the table");
            Assert.That(terminal.AlternateScreen);
        }

        terminal.Press("q");
        terminal.WaitFor(s => s.TrimEnd().EndsWith("prompt>", StringComparison.Ordinal), "the shell");
        Assert.That(terminal.AlternateScreen, Is.False);
        Assert.That(Settings(terminal), Is.EqualTo(before));
    }

    [TestCase("TERM=linux", "")]
    [TestCase("TERM=vt100", "")]
    [TestCase("LC_ALL=C", "")]
    [TestCase("LC_ALL=C.UTF-8", "--ascii")]
    public void A_terminal_of_7_bits_gets_7_bits(string environment, string option)
    {
        using var terminal = new Terminal(80, 24);
        terminal.Type($"{environment} '{Binary.Path}' {option} -r '{Pipeline.Corpus.PathOf("reads.pcap")}'");
        terminal.Press("Enter");
        terminal.WaitFor("ptures:disk ");
        Assert.That(terminal.Screen, Does.Match("^[ -~\\n]*$").And.Contain(" latency "));
        terminal.Press("?");
        string screen = terminal.WaitFor("this help");
        Assert.That(screen, Does.Match("^[ -~\n]*$").And.Contain("+--help--"));
    }

    [Test]
    public void A_terminal_whose_cursor_does_not_move_gets_reports()
    {
        using var terminal = new Terminal(120, 40);
        terminal.Type($"TERM=dumb '{Binary.Path}' demo | cat -v; echo \"[$?]\"; TERM=dumb '{Binary.Path}' demo; echo \"[exit $?]\"");
        terminal.Press("Enter");
        string screen = terminal.WaitFor("[exit 0]");
        Assert.That(terminal.AlternateScreen, Is.False);
        Assert.That(screen, Does.Contain("R/s").And.Not.Contain("^["));
    }

    [TestCase("TERM")]
    [TestCase("HUP")]
    [TestCase("INT")]
    [TestCase("QUIT")]
    public void A_signal_leaves_the_terminal_as_it_was(string signal)
    {
        using var scratch = new Scratch();
        using var terminal = new Terminal(100, 30);
        string before = Settings(terminal);
        terminal.Type($"sh -c 'echo $$ >\"{scratch.File("pid")}\"; exec \"{Binary.Path}\" demo'; echo \"[ended]\"");
        terminal.Press("Enter");
        terminal.WaitFor("R/s");

        Client.RunWell("kill", $"-{signal}", File.ReadAllText(scratch.File("pid")).Trim());

        terminal.WaitFor(s => s.Contains("\n[ended]", StringComparison.Ordinal), "the shell");
        Assert.That(terminal.AlternateScreen, Is.False);
        Assert.That(Settings(terminal), Is.EqualTo(before).And.Match(@" icanon\b").And.Match(@" echo\b"));
    }

    [Test]
    public void A_terminal_that_goes_takes_the_program_with_it()
    {
        using var scratch = new Scratch();
        using (var terminal = new Terminal(100, 30))
        {
            terminal.Type($"sh -c 'echo $$ >\"{scratch.File("pid")}\"; exec \"{Binary.Path}\" demo'");
            terminal.Press("Enter");
            terminal.WaitFor("R/s");
        }
        int pid = int.Parse(File.ReadAllText(scratch.File("pid")), System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(() => IsAlive(pid), Is.False.After(60_000, 50));
    }

    // What stty says, on a screen of its own.
    private static string Settings(Terminal terminal)
    {
        string mark = $"[{Guid.NewGuid():N}]";
        terminal.Type("clear; stty -a; echo '" + mark[..^1] + "''" + mark[^1..] + "'");
        terminal.Press("Enter");
        string screen = terminal.WaitFor(mark);
        return screen[screen.IndexOf("speed", StringComparison.Ordinal)..screen.IndexOf(mark, StringComparison.Ordinal)];
    }

    private static string TmuxName(string key) => key switch
    {
        "PgUp" => "PPage",
        "PgDn" => "NPage",
        "Esc" => "Escape",
        "Shift-Tab" => "BTab",
        _ => key.Replace("Ctrl-", "C-", StringComparison.Ordinal),
    };

    private static bool IsAlive(int pid)
    {
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
