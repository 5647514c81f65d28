using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>A Debian of the essential packages alone, in a directory, to install into; made once and unpacked for each test.</summary>
internal sealed class CleanRoot : IDisposable
{
    // mmdebstrap's first run fetches some 30 MB and unpacks 80 packages.
    private static readonly TimeSpan s_making = TimeSpan.FromMinutes(8);

    // The network is the host's unless another is asked for, so that its initiators reach a target inside; the program is the process that was started.
    private const string Enter = "mount -t proc proc \"$0/proc\" && mount -t devpts -o newinstance,ptmxmode=666 devpts \"$0/dev/pts\" "
        + "&& exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 TERM=xterm-256color SHELL=/bin/bash chroot \"$0\" \"$@\"";

    private readonly Scratch _scratch = new();

    private CleanRoot(string archive) => Client.RunWell("tar", "-C", Path, "-xpf", archive);

    /// <summary>The directory.</summary>
    public string Path => _scratch.Path;

    /// <summary>The network that programs inside have; null for the host's.</summary>
    public Machine? Machine { get; init; }

    /// <summary>One that has these packages too. Where none can be made the test is skipped, with the reason.</summary>
    public static CleanRoot With(IEnumerable<string> packages)
    {
        string[] names = [.. packages.Order(StringComparer.Ordinal)];
        return new CleanRoot(Archive(string.Join('+', names), "--variant=essential", "--include=" + string.Join(',', names)));
    }

    /// <summary>
    /// One with apt and nothing else, which needs no network to install what these lines of <c>apt-get install</c> name: it was fetched before.
    /// </summary>
    /// <param name="machine">Where it is.</param>
    /// <param name="lines">Names of packages, and options before them.</param>
    public static CleanRoot WithApt(Machine machine, params IEnumerable<string> lines)
    {
        string hook = "export APT_CONFIG=\"$MMDEBSTRAP_APT_CONFIG\"; " + string.Join(" && ", lines.Select(l => $"apt-get install --yes --download-only -o APT::Install-Recommends=true {l}"));
        string name = "apt-" + Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(hook)))[..16];
        var root = new CleanRoot(Archive(name, "--variant=apt", "--skip=cleanup/apt", "--customize-hook=" + hook)) { Machine = machine };
        // What an installer writes; somebody who answers yes; and no services, for there is no init.
        File.WriteAllText(root.At("etc/hosts"), "127.0.0.1 localhost\n::1 localhost\n");
        File.WriteAllText(root.At("etc/apt/apt.conf.d/99yes"), "APT::Get::Assume-Yes \"true\";\n");
        File.WriteAllText(root.At("etc/dpkg/dpkg.cfg.d/fast"), "force-unsafe-io\n");
        File.WriteAllText(root.At("usr/sbin/policy-rc.d"), "#!/bin/sh\nexit 101\n");
        root.RunWell("chmod", "755", "/usr/sbin/policy-rc.d");
        return root;
    }

    private static string Archive(string name, params string[] options)
    {
        Client.NeedThat(Environment.IsPrivilegedProcess, "a root to install into needs the user root");
        Client.NeedThat(Client.Run("unshare", "--mount", "true").ExitCode == 0, "this sandbox lets nobody mount");
        string directory = System.IO.Path.Combine(Home(), "artifacts", "cleanroot");
        string archive = System.IO.Path.Combine(directory, name + ".tar");
        if (!File.Exists(archive))
        {
            Client.Need("mmdebstrap");
            Directory.CreateDirectory(directory);
            Output made = Client.Run("mmdebstrap", ["--mode=root", .. options, "bookworm", archive + ".new.tar"], null, s_making);
            Client.NeedThat(made.ExitCode == 0, "no clean root could be made: " + made.Error.Trim().Split('\n')[^1]);
            File.Move(archive + ".new.tar", archive, overwrite: true);
        }
        return archive;
    }

    /// <summary>Runs a program inside to its end.</summary>
    public Output Run(string program, params string[] arguments) => Client.Run("nsenter", Arguments(program, arguments), null);

    /// <summary>The same, and asserts that it was content.</summary>
    public string RunWell(string program, params string[] arguments)
    {
        Output output = Run(program, arguments);
        Assert.That(output.ExitCode, Is.Zero, $"{program} {string.Join(' ', arguments)}\n{output.All}");
        return output.Out;
    }

    /// <summary>Starts a program inside, to be spoken to.</summary>
    public Process Process(string program, params string[] arguments) => Client.Start("nsenter", Arguments(program, arguments));

    /// <summary>Starts a program inside.</summary>
    public Subscriber Start(string program, params string[] arguments) => new(Client.Start("nsenter", Arguments(program, arguments)));

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
        [.. Machine?.Entry ?? [], "unshare", "--mount", "sh", "-c", Enter, Path, program, .. arguments];

    private static string Home([CallerFilePath] string here = "") => System.IO.Path.GetFullPath(System.IO.Path.Combine(here, "..", "..", ".."));
}
