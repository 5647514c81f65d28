using System.ComponentModel;
using System.Diagnostics;
using Iscsitop.Cli.Top.Terminal;

namespace Iscsitop.Cli.Tracing;

/// <summary>What -c names: there before the program is compiled, so that $target is known, and stopped until tracing begins.</summary>
internal sealed class TracedCommand : IDisposable
{
    // SIGCONT, where the number is not 18.
    private static readonly int s_continue = OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD() ? 19 : 18;

    private readonly Process _process;
    private bool _begun;

    private TracedCommand(Process process) => _process = process;

    /// <summary>Its process id.</summary>
    public int Pid => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool Ended => _process.HasExited;

    /// <summary>Starts it; blanks divide its words.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static TracedCommand Start(string command)
    {
        string[] words = command.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) throw new UsageException("-c needs a command");
        try
        {
            Process process = OperatingSystem.IsWindows()
                ? Process.Start(words[0], words[1..])
                : Process.Start("/bin/sh", ["-c", "kill -STOP $$; exec \"$@\"", "sh", .. words]);
            return new TracedCommand(process);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"failed to execute {words[0]}: {e.Message}", e);
        }
    }

    /// <summary>Lets it run. Called again and again, for it may not have come to stop itself yet.</summary>
    public void Begin()
    {
        _begun = true;
        if (!OperatingSystem.IsWindows() && !_process.HasExited) LibC.Kill(_process.Id, s_continue);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_begun && !_process.HasExited) _process.Kill();
        _process.Dispose();
    }
}
