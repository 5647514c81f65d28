using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// The Linux kernel's initiator, in a guest (tests/guest): mutual CHAP and both digests, a file system with files in it, and a
/// target that is killed and started again while the guest writes.
/// </summary>
[TestFixture]
public sealed class GuestTests
{
    private const string Iqn = "iqn.2026-11.example.iscsitop:guest";
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(8);
    private static readonly string? s_guest = Environment.GetEnvironmentVariable("ISCSITOP_GUEST");

    private static readonly string[] s_steps =
    [
        "discovery", "secure", "login", "digests", "disk", "mkfs", "mount", "fill", "remount", "compare", "load", "remount-after-load",
        "compare-after-load", "compare-load", "trim", "umount", "fsck", "reserve", "logout",
    ];

    [Test]
    public void A_kernel_initiator_uses_the_disk_and_survives_the_targets_death()
    {
        Client.Need("qemu-system-x86_64");
        Client.NeedThat(s_guest is not null && File.Exists(Path.Combine(s_guest, "initrd.gz")), "there is no guest (tests/guest/build.sh makes one, tests/run.sh calls it)");
        using var scratch = new Scratch();
        string configuration = Configure(scratch, out int port);
        using Process first = Target(scratch, configuration, out Reader log);
        using Process guest = Boot(port);
        var console = new Reader(guest.StandardOutput);
        bool loaded = console.WaitFor(t => t.Contains("LOADED", StringComparison.Ordinal) || t.Contains("END", StringComparison.Ordinal), s_patience);
        Assert.That(loaded, $"the guest has not come so far\n{console.Text}\n{log.Text}");
        first.Kill();
        first.WaitForExit();
        using Process second = Target(scratch, configuration, out log);
        try
        {
            bool ended = guest.WaitForExit(s_patience);
            Assert.That(ended, $"the guest does not end\n{console.Text}\n{log.Text}");
            string text = console.Text.Replace("\r", "", StringComparison.Ordinal);
            Assert.That(text, Does.Not.Contain("FAIL"), log.Text);
            foreach (string step in s_steps) Assert.That(text, Does.Contain($"PASS {step}\n"));
            Assert.That(text, Does.Contain("END"));
        }
        finally
        {
            if (!guest.HasExited) guest.Kill();
            second.Kill();
            second.WaitForExit();
        }
    }

    private static string Configure(Scratch scratch, out int port)
    {
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }
        Secret(scratch, "theirs", "what the guest knows");
        Secret(scratch, "ours", "what the target knows");
        string path = scratch.File("target.conf");
        File.WriteAllText(path, $"""
            [[portal_group]]
            tag = 1
            portals = ["127.0.0.1:{port}"]

            [[target]]
            name = "{Iqn}"
            luns = ["1=file:{scratch.File("disk")},size=256MiB,thin"]

            [[target.account]]
            user = "guest"
            secret_file = "theirs"

            [target.mutual]
            user = "target"
            secret_file = "ours"
            """);
        return path;
    }

    // Words are one on a kernel's command line.
    private static void Secret(Scratch scratch, string name, string secret)
    {
        File.WriteAllText(scratch.File(name), secret.Replace(' ', '-'));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(scratch.File(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static Process Target(Scratch scratch, string configuration, out Reader log)
    {
        Process process = Client.Start(Binary.Path, ["target", "--config", configuration], new Dictionary<string, string> { ["ISCSITOP_RUNTIME_DIR"] = scratch.Path });
        log = new Reader(process.StandardError);
        Assert.That(log.WaitFor(t => t.Contains("listening on", StringComparison.Ordinal), Client.Patience), log.Text);
        return process;
    }

    private static Process Boot(int port)
    {
        string words = string.Create(CultureInfo.InvariantCulture, $"guest.port={port} guest.target={Iqn} guest.lun=1 guest.user=guest guest.secret=what-the-guest-knows")
            + " guest.user_in=target guest.secret_in=what-the-target-knows";
        return Client.Start("qemu-system-x86_64",
        [
            "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "640", "-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio",
            "-kernel", Path.Combine(s_guest!, "vmlinuz"), "-initrd", Path.Combine(s_guest!, "initrd.gz"),
            "-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile=",
            "-append", $"console=ttyS0 quiet panic=-1 {words}",
        ]);
    }
}
