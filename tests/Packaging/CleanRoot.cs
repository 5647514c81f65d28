using System.Runtime.CompilerServices;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>A Debian of the essential packages alone, in a directory, to install into; made once and unpacked for each test.</summary>
internal sealed class CleanRoot : IDisposable
{
    // mmdebstrap's first run fetches some 30 MB and unpacks 80 packages.
    private static readonly TimeSpan s_making = TimeSpan.FromMinutes(8);

    // The network is the host's, so that its initiators reach a target inside; the program is the process that was started.
    private const string Enter = "mount -t proc proc \"$0/proc\" && exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 chroot \"$0\" \"$@\"";

    private readonly Scratch _scratch = new();

    private CleanRoot(string archive) => Client.RunWell("tar", "-C", Path, "-xpf", archive);

    /// <summary>The directory.</summary>
    public string Path => _scratch.Path;

    /// <summary>One that has these packages too. Where none can be made the test is skipped, with the reason.</summary>
    public static CleanRoot With(IEnumerable<string> packages)
    {
        Client.NeedThat(Environment.IsPrivilegedProcess, "a root to install into needs the user root");
        Client.NeedThat(Client.Run("unshare", "--mount", "true").ExitCode == 0, "this sandbox lets nobody mount");
        string[] names = [.. packages.Order(StringComparer.Ordinal)];
        string directory = System.IO.Path.Combine(Home(), "artifacts", "cleanroot");
        string archive = System.IO.Path.Combine(directory, string.Join('+', names) + ".tar");
        if (!File.Exists(archive))
        {
            Client.Need("mmdebstrap");
            Directory.CreateDirectory(directory);
            Output made = Client.Run("mmdebstrap", ["--mode=root", "--variant=essential", "--include=" + string.Join(',', names), "bookworm", archive + ".new.tar"], null, s_making);
            Client.NeedThat(made.ExitCode == 0, "no clean root could be made: " + made.Error.Trim().Split('\n')[^1]);
            File.Move(archive + ".new.tar", archive, overwrite: true);
        }
        return new CleanRoot(archive);
    }

    /// <summary>Runs a program inside to its end.</summary>
    public Output Run(string program, params string[] arguments) => Client.Run("unshare", Arguments(program, arguments), null);

    /// <summary>The same, and asserts that it was content.</summary>
    public string RunWell(string program, params string[] arguments)
    {
        Output output = Run(program, arguments);
        Assert.That(output.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{output.All}");
        return output.Out;
    }

    /// <summary>Starts a program inside.</summary>
    public Subscriber Start(string program, params string[] arguments) => new(Client.Start("unshare", Arguments(program, arguments)));

    /// <summary>A path inside, as the outside sees it.</summary>
    public string At(string path) => System.IO.Path.Combine(Path, path.TrimStart('/'));

    /// <summary>All files and directories but those that change by themselves: what package managers and useradd remember.</summary>
    public string[] Entries() =>
        [.. Client.RunWell("find", Path, "-mindepth", "1", "-printf", "%P\\n").Out.Trim().Split('\n')
            .Where(e => !e.StartsWith("var/lib/rpm", StringComparison.Ordinal) && !e.StartsWith("var/lib/dpkg/", StringComparison.Ordinal)
                && !e.StartsWith("var/log/", StringComparison.Ordinal) && !(e.StartsWith("etc/", StringComparison.Ordinal) && e.EndsWith('-')))
            .Order(StringComparer.Ordinal)];

    public void Dispose() => _scratch.Dispose();

    private string[] Arguments(string program, string[] arguments) =>
        ["--mount", "sh", "-c", Enter, Path, program, .. arguments];

    private static string Home([CallerFilePath] string here = "") => System.IO.Path.GetFullPath(System.IO.Path.Combine(here, "..", "..", ".."));
}
