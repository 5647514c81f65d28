using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Iscsitop.Tests.Conformance;

/// <summary>The binary under test: <c>ISCSITOP_BIN</c>, or the one built beside the tests.</summary>
internal static class Binary
{
    public static string Path { get; } = Environment.GetEnvironmentVariable("ISCSITOP_BIN") is { Length: > 0 } path
        ? path
        : System.IO.Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "iscsitop.exe" : "iscsitop");
}

/// <summary>A directory of a test's own, gone with it.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("iscsitop-test-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>A real <c>iscsitop target</c> on a free loopback port, with pipes in a directory of its own.</summary>
internal sealed partial class TargetProcess : IDisposable
{
    public const string Iqn = "iqn.2026-11.example.iscsitop:conformance";

    private readonly Scratch _scratch;
    private readonly Process _process;

    private TargetProcess(Scratch scratch, IEnumerable<string> arguments, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        _scratch = scratch;
        Dictionary<string, string> all = Environment;
        foreach ((string name, string value) in environment) all[name] = value;
        _process = Client.Start(Binary.Path, ["target", .. arguments], all);
        Log = new Reader(_process.StandardError);
        Assert.That(Log.WaitFor(Ready().IsMatch, Client.Patience), $"the target is not ready:\n{Log.Text}");
        Port = int.Parse(Ready().Match(Log.Text).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    public Reader Log { get; }

    public int Port { get; }

    public int Pid => _process.Id;

    public bool Alive => !_process.HasExited;

    public string Portal => $"iscsi://127.0.0.1:{Port}";

    private Dictionary<string, string> Environment => new() { ["ISCSITOP_RUNTIME_DIR"] = _scratch.Path };

    /// <summary>Starts a target with these units, each as <c>--lun</c> takes it.</summary>
    public static TargetProcess Start(params string[] luns) => StartWith(luns);

    /// <summary>The same with other options beside.</summary>
    public static TargetProcess StartWith(string[] luns, params string[] options) =>
        new(new Scratch(), ["--portal", "127.0.0.1:0", "--name", Iqn, .. luns.SelectMany(l => new[] { "--lun", l }), .. options]);

    /// <summary>Starts another, which is found where this one is.</summary>
    public TargetProcess StartBeside(params string[] luns) =>
        new(new Scratch(), ["--portal", "127.0.0.1:0", "--name", Iqn, .. luns.SelectMany(l => new[] { "--lun", l })], ("ISCSITOP_RUNTIME_DIR", _scratch.Path));

    /// <summary>Starts a target with a configuration, which <see cref="Reconfigure"/> may change.</summary>
    public static TargetProcess StartConfigured(string configuration, params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var scratch = new Scratch();
        File.WriteAllText(scratch.File("target.conf"), configuration);
        return new TargetProcess(scratch, ["--config", scratch.File("target.conf")], environment);
    }

    /// <summary>Writes a new configuration, and has it read.</summary>
    public void Reconfigure(string configuration)
    {
        File.WriteAllText(_scratch.File("target.conf"), configuration);
        Signal("HUP");
    }

    /// <summary>Sends a signal by its name.</summary>
    public void Signal(string name) => Client.RunWell("kill", "-" + name, Pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>Waits for its end, and gives the exit code.</summary>
    public int WaitForExit()
    {
        Assert.That(_process.WaitForExit(Client.Patience), "the target does not end");
        return _process.ExitCode;
    }

    /// <summary>The ports of so many portals, which it listens on one after the other.</summary>
    public IEnumerable<int> Ports(int count)
    {
        Assert.That(Log.WaitFor(text => Ready().Count(text) >= count, Client.Patience), $"there are not {count} portals:\n{Log.Text}");
        return Ready().Matches(Log.Text).Take(count).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    public string Url(int lun) => $"{Portal}/{Iqn}/{lun}";

    /// <summary>Runs <c>iscsitop</c> where it finds this target and no other.</summary>
    public Output Iscsitop(params string[] arguments) => Client.Run(Binary.Path, arguments, Environment);

    /// <summary>Runs a program in whose surroundings <c>iscsitop</c> finds this target and no other.</summary>
    public Output Beside(string program, params string[] arguments) => Client.Run(program, arguments, Environment);

    /// <summary>Attaches a subscriber, and leaves it running.</summary>
    public Subscriber Attach(params string[] arguments) =>
        new(Client.Start(Binary.Path, [.. arguments, "-p", Pid.ToString(CultureInfo.InvariantCulture)], Environment));

    /// <summary>Runs <c>iscsitop</c> where it finds this target, and leaves it running.</summary>
    public Subscriber Run(params string[] arguments) => new(Client.Start(Binary.Path, arguments, Environment));

    /// <summary>Asks it to end, and gives the exit code.</summary>
    public int Stop()
    {
        Client.Interrupt(_process);
        return WaitForExit();
    }

    /// <summary>Kills it, as a crash would end it.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _scratch.Dispose();
    }

    [GeneratedRegex(@"listening on 127\.0\.0\.1:([1-9][0-9]*)\b")]
    private static partial Regex Ready();
}

/// <summary>A running <c>iscsitop</c> or <c>iscsisnoop</c>.</summary>
internal sealed class Subscriber : IDisposable
{
    private readonly Process _process;

    public Subscriber(Process process)
    {
        _process = process;
        Out = new Reader(process.StandardOutput);
        Error = new Reader(process.StandardError);
    }

    public Reader Out { get; }

    public Reader Error { get; }

    public int Pid => _process.Id;

    /// <summary>Ctrl-C, then everything it said.</summary>
    public Output Stop(string signal = "INT")
    {
        Client.RunWell("kill", "-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture));
        return ToEnd();
    }

    /// <summary>Everything it said, once it has ended.</summary>
    public Output ToEnd()
    {
        string text = Out.ToEnd();
        string error = Error.ToEnd();
        _process.WaitForExit();
        return new Output(_process.ExitCode, text, error);
    }

    /// <summary>Stops it where it stands, so that it reads no more.</summary>
    public void Freeze() => Signal("-STOP");

    public void Thaw() => Signal("-CONT");

    /// <summary>Sends a signal: <c>-TERM</c>.</summary>
    public void Signal(string signal) => Client.RunWell("kill", signal, _process.Id.ToString(CultureInfo.InvariantCulture));

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
