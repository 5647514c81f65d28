using System.Globalization;

namespace Iscsitop.Tests.Conformance;

/// <summary>A shell in a terminal of its own (tmux), which a test types into and looks at.</summary>
internal sealed class Terminal : IDisposable
{
    private readonly string _socket = $"iscsitop-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    public Terminal(int columns, int rows)
    {
        Client.Need("tmux");
        Tmux("-f", "/dev/null", "new-session", "-d", "-x", $"{columns}", "-y", $"{rows}", "env PS1='prompt> ' sh");
        Tmux("set", "-g", "status", "off");
        WaitFor("prompt>");
    }

    /// <summary>The picture: one line a row.</summary>
    public string Screen => Tmux("capture-pane", "-p");

    /// <summary>Whether a program has the second screen, which leaves the first as it was.</summary>
    public bool AlternateScreen => Tmux("display", "-p", "#{alternate_on}").Trim() == "1";

    public void Type(string text) => Tmux("send-keys", "-l", "--", text);

    public void Press(params string[] keys) => Tmux(["send-keys", .. keys]);

    public void Resize(int columns, int rows) => Tmux("resize-window", "-x", columns.ToString(CultureInfo.InvariantCulture), "-y", rows.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits until the picture fulfils a condition, and returns it.</summary>
    public string WaitFor(Func<string, bool> condition, string what)
    {
        DateTime end = DateTime.UtcNow + Client.Patience;
        string screen;
        while (!condition(screen = Screen))
        {
            if (DateTime.UtcNow > end) Assert.Fail($"{what} did not come:\n{screen}");
            Task.Delay(20).Wait();
        }
        return screen;
    }

    public string WaitFor(string text) => WaitFor(s => s.Contains(text, StringComparison.Ordinal), $"\"{text}\"");

    public void Dispose() => Client.Run("tmux", "-L", _socket, "kill-server");

    private string Tmux(params string[] arguments) => Client.RunWell("tmux", ["-L", _socket, .. arguments]).Out;
}
