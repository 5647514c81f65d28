using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Iscsitop.Tests.Conformance;

/// <summary>A target of somebody else's on a free loopback port, with one memory-backed unit.</summary>
internal sealed class PeerProcess : IDisposable
{
    private const int UnitSize = 64 << 20;

    private readonly Scratch _scratch = new();
    private readonly Process _process;
    private readonly Reader _log;

    private PeerProcess(string program, int port, string iqn, int lun, Func<Scratch, int, string[]> arguments)
    {
        Client.Need(program);
        Port = port;
        Url = $"iscsi://127.0.0.1:{port}/{iqn}/{lun}";
        using (FileStream unit = File.Create(_scratch.File("unit"))) unit.SetLength(UnitSize);
        _process = Client.Start(program, arguments(_scratch, port));
        _log = new Reader(_process.StandardError);
        _ = new Reader(_process.StandardOutput);
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (!Listens(port))
            if (_process.HasExited || DateTime.UtcNow > end) Assert.Fail($"{program} does not start: {_log.Text}");
    }

    public int Port { get; }

    public string Url { get; }

    /// <summary>tgtd of Debian's package tgt.</summary>
    public static PeerProcess Tgtd()
    {
        const string iqn = "iqn.2026-11.example.iscsitop:tgtd";
        // Names a socket, and may not be above 32767.
        string control = Random.Shared.Next(10000, 32767).ToString(CultureInfo.InvariantCulture);
        var peer = new PeerProcess("tgtd", Free(), iqn, 1, (_, port) => ["-f", "-C", control, "-t", "2", "--iscsi", $"portal=127.0.0.1:{port}"]);
        foreach (string line in new[]
        {
            $"--mode target --op new --tid 1 -T {iqn}",
            $"--mode logicalunit --op new --tid 1 --lun 1 -b {peer._scratch.File("unit")}",
            "--mode target --op bind --tid 1 -I ALL",
        })
            Client.RunWell("tgtadm", ["-C", control, "--lld", "iscsi", .. line.Split(' ')]);
        return peer;
    }

    /// <summary>istgt of Debian's package of that name.</summary>
    public static PeerProcess Istgt() => new("istgt", Free(), "iqn.2026-11.example.iscsitop:istgt", 0, (scratch, port) =>
    {
        string auth = scratch.File("auth.conf"), configuration = scratch.File("istgt.conf");
        File.WriteAllText(auth, "");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(auth, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.WriteAllText(configuration, $"""
            [Global]
              NodeBase "iqn.2026-11.example.iscsitop"
              PidFile {scratch.File("istgt.pid")}
              AuthFile {auth}
              MediaDirectory {scratch.Path}
              LogFacility "local7"
              DiscoveryAuthMethod None
            [UnitControl]
              AuthMethod None
              Portal UC1 127.0.0.1:{Free()}
              Netmask 127.0.0.1
            [PortalGroup1]
              Portal DA1 127.0.0.1:{port}
            [InitiatorGroup1]
              InitiatorName "ALL"
              Netmask 127.0.0.0/8
            [LogicalUnit1]
              TargetName istgt
              Mapping PortalGroup1 InitiatorGroup1
              AuthMethod None
              UseDigest Auto
              UnitType Disk
              LUN0 Storage {scratch.File("unit")} {UnitSize >> 20}MB
            """);
        return ["-D", "-c", configuration];
    });

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _scratch.Dispose();
    }

    private static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static bool Listens(int port)
    {
        using var client = new TcpClient();
        return client.ConnectAsync(IPAddress.Loopback, port).ContinueWith(t => t.IsCompletedSuccessfully, TaskScheduler.Default).Result;
    }
}
