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

    [TestCase("TERM")]
    [TestCase("HUP")]
    [TestCase("INT")]
    [TestCase("QUIT")]
    public void A_signal_leaves_the_terminal_as_it_was(string signal)
    {
        using var scratch = new Scratch();
        using var terminal = new Terminal(100, 30);
        terminal.Type($"sh -c 'echo $$ >\"{scratch.File("pid")}\"; exec \"{Binary.Path}\" demo'; echo \"[ended]\"");
        terminal.Press("Enter");
        terminal.WaitFor("R/s");

        Client.RunWell("kill", $"-{signal}", File.ReadAllText(scratch.File("pid")).Trim());

        terminal.WaitFor(s => s.Contains("\n[ended]", StringComparison.Ordinal), "the shell");
        Assert.That(terminal.AlternateScreen, Is.False);
        terminal.Type("stty -a");
        terminal.Press("Enter");
        string settings = terminal.WaitFor("echoctl");
        Assert.That(settings, Does.Match(@" icanon\b").And.Match(@" echo\b"));
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
        Assert.That(() => IsAlive(pid), Is.False.After(20_000, 50));
    }

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
