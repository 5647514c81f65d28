using System.Diagnostics;

namespace Iscsitop.Tests.Conformance;

/// <summary>What a finished program left behind.</summary>
internal sealed record Output(int ExitCode, string Out, string Error)
{
    public string All => Out + Error;
}

/// <summary>Programs of others, as a person would run them.</summary>
internal static class Client
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static int s_marks;

    /// <summary>The program's path; where it is missing the test is counted as skipped, with the reason.</summary>
    public static string Need(string program)
    {
        string? path = Find(program);
        if (path is null) Assert.Ignore($"{program} is not installed here");
        return path!;
    }

    /// <summary>As <see cref="Need"/>, for what a program can do only sometimes.</summary>
    public static void NeedThat(bool condition, string reason)
    {
        if (!condition) Assert.Ignore(reason);
    }

    /// <summary>QEMU's iSCSI driver is a module in a package of its own.</summary>
    public static void NeedQemu(params string[] programs)
    {
        foreach (string program in programs) Need(program);
        NeedThat(Run("qemu-img", "--help").Out.Contains(" iscsi", StringComparison.Ordinal)
            || Directory.Exists("/usr/lib") && Directory.EnumerateDirectories("/usr/lib").Any(d => File.Exists(Path.Combine(d, "qemu/block-iscsi.so"))),
            "QEMU has no iSCSI driver here");
    }

    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Append("/usr/sbin").Append("/sbin")
            .Select(d => Path.Combine(d, program)).FirstOrDefault(File.Exists);

    /// <summary>Runs to the end. A program that does not come to its end is killed and fails the test.</summary>
    public static Output Run(string program, params string[] arguments) => Run(program, arguments, null);

    public static Output Run(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, TimeSpan? patience = null)
    {
        using Process process = Start(program, arguments, environment);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(patience ?? Patience))
        {
            process.Kill(entireProcessTree: true);
            return new Output(-1, output.Result, error.Result + $"\n{program} did not come to its end");
        }
        return new Output(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>
    /// Has sessions of names of their own until one is seen, which all that was done before it was then too. A subscriber that is not
    /// there yet never sees the first, one on a busy machine sees it late: the next is waited for a little longer.
    /// </summary>
    /// <param name="url">The unit that they ask.</param>
    /// <param name="isSeen">Whether the session of an initiator was seen by this time; waits for it.</param>
    public static bool Mark(string url, Func<string, TimeSpan, bool> isSeen)
    {
        for (int attempt = 1; attempt <= 12; attempt++)
        {
            string initiator = $"iqn.2026-11.example.iscsitop:mark-{Interlocked.Increment(ref s_marks)}";
            Run("iscsi-inq", "-i", initiator, url);
            if (isSeen(initiator, TimeSpan.FromSeconds(attempt))) return true;
        }
        return false;
    }

    /// <summary>Runs to the end and asserts that the program was content.</summary>
    public static Output RunWell(string program, params string[] arguments)
    {
        Output output = Run(program, arguments);
        Assert.That(output.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{output.All}");
        return output;
    }

    public static Process Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(Find(program) ?? program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start");
    }

    /// <summary>Asks a process to end as a terminal's Ctrl-C does.</summary>
    public static void Interrupt(Process process) => Run("kill", "-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
}
