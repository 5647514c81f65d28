using System.Diagnostics;
using System.Text.RegularExpressions;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>Somebody at a terminal of a machine, who types what a document says and presses Ctrl-C when it goes on and on.</summary>
internal sealed partial class Manual(CleanRoot root)
{
    /// <summary>What goes on for this long and has said something goes on until Ctrl-C.</summary>
    private static readonly TimeSpan s_enough = TimeSpan.FromSeconds(3);

    /// <summary>Where the commands are typed.</summary>
    public string Directory { get; set; } = "/root";

    /// <summary>Types a command that goes on, and leaves it.</summary>
    public Typed Leave(string command, string says)
    {
        var typed = new Typed(root, Directory, command);
        if (!typed.Out.WaitFor(t => t.Contains(says, StringComparison.Ordinal), Client.Patience)) Assert.Fail($"{command}\n{typed.Out.Text}");
        return typed;
    }

    /// <summary>Types a command and sees it to its end; says what was wrong, or null.</summary>
    /// <param name="command">The command.</param>
    /// <param name="least">How long it is left alone, at least; <see cref="s_enough"/> unless given.</param>
    public string? Try(string command, TimeSpan? least = null)
    {
        using var typed = new Typed(root, Directory, command);
        if (!typed.Ended(least ?? s_enough))
        {
            if (!Quiet().IsMatch(command)) _ = typed.Out.WaitFor(t => t.Trim().Length > 0, Client.Patience);
            if (!typed.Ended(TimeSpan.FromSeconds(1))) typed.Interrupt();
            if (!typed.Ended(Client.Patience)) return $"$ {command}\ndoes not end:\n{typed.Said}";
        }
        typed.Out.ToEnd();
        string said = typed.Said;
        string? wrong = !Documents.Statuses(command).Contains(typed.Status) ? $"ends with {typed.Status}"
            : said.Trim('^', 'C', '\r', '\n', ' ').Length == 0 && !Quiet().IsMatch(command) ? "says nothing"
            : Complaint().IsMatch(said) && !command.Contains("--fail-if", StringComparison.Ordinal) ? "complains"
            : null;
        return wrong is null ? null : $"$ {command}\n{wrong}:\n{said}";
    }

    // What has nothing to say when all is well, or says it elsewhere.
    [GeneratedRegex(@"^cp |--into |> ?[\w./]+$")]
    private static partial Regex Quiet();

    // What was not seen is told with its number, and is no fault of the command's.
    [GeneratedRegex(@"(?m)^iscsi\w+: (?![0-9])|Unhandled")]
    private static partial Regex Complaint();

    /// <summary>A command on a terminal.</summary>
    internal sealed partial class Typed : IDisposable
    {
        private readonly Process _process;

        public Typed(CleanRoot root, string directory, string command)
        {
            _process = root.Process("script", "-qec", $"stty cols 160 rows 50; cd {directory}; {command}", "/dev/null");
            Out = new Reader(_process.StandardOutput);
            _ = new Reader(_process.StandardError);
        }

        public Reader Out { get; }

        public int Status => _process.ExitCode;

        /// <summary>What was on the terminal, without what moves the cursor; the last of it.</summary>
        public string Said
        {
            get
            {
                string text = Control().Replace(Out.Text, "").Replace("\r", "", StringComparison.Ordinal);
                return text.Length > 3000 ? text[^3000..] : text;
            }
        }

        public bool Ended(TimeSpan patience) => _process.WaitForExit(patience);

        public void Interrupt()
        {
            _process.StandardInput.Write('\x03');
            _process.StandardInput.Flush();
        }

        /// <summary>Presses Ctrl-C.</summary>
        public void Dispose()
        {
            if (!_process.HasExited)
            {
                Interrupt();
                if (!Ended(Client.Patience)) _process.Kill(entireProcessTree: true);
            }
            _process.Dispose();
        }

        [GeneratedRegex(@"\x1b\[[0-9;?<>=]*[a-zA-Z]|\x1b[()][A-Z0-9]|\x1b[=>78]|\x1b\][^\x07]*\x07")]
        private static partial Regex Control();
    }
}
