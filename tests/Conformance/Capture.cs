using System.Diagnostics;
using System.Globalization;

namespace Iscsitop.Tests.Conformance;

/// <summary>A packet capture of one loopback port, and what tshark sees in it.</summary>
internal sealed class Capture : IDisposable
{
    private readonly int _port;
    private readonly string _file;
    private readonly Process _tcpdump;
    private readonly Reader _log;

    public Capture(int port, string file)
    {
        _port = port;
        _file = file;
        _tcpdump = Client.Start("tcpdump", ["-i", "lo", "-s", "0", "-B", "65536", "-U", "-w", file, "tcp", "port", $"{port}"]);
        _log = new Reader(_tcpdump.StandardError);
        Assert.That(_log.WaitFor(t => t.Contains("listening on", StringComparison.Ordinal), Client.Patience), _log.Text);
    }

    /// <summary>Why a capture cannot be made here, null when it can.</summary>
    public static string? Obstacle =>
        Client.Find("tcpdump") is null ? "tcpdump is not installed here"
        : Client.Find("tshark") is null ? "tshark is not installed here"
        : !OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess ? "a capture needs root"
        : null;

    /// <summary>Ends the capture once it holds the end of so many sessions, and asserts that the kernel lost nothing.</summary>
    public void StopAfter(int logouts)
    {
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (Pdus().GetValueOrDefault("0x26").Commands < logouts)
            if (DateTime.UtcNow > end) Assert.Fail($"the capture does not hold {logouts} sessions:\n{Pdus()}");
        Client.Interrupt(_tcpdump);
        Assert.That(_log.ToEnd(), Does.Contain("\n0 packets dropped by kernel"));
        _tcpdump.WaitForExit();
    }

    /// <summary>PDUs and bytes of their data segments, by opcode.</summary>
    public Tally Pdus() => PdusOf(_file, _port);

    /// <summary>The same of any capture.</summary>
    public static Tally PdusOf(string file, int port)
    {
        // tshark complains of a file that is cut in the middle of a packet, which one still being written may be.
        Output output = Client.Run("tshark", "-n", "-r", file,
            "-o", $"iscsi.target_ports:3260,{port}", "-d", $"tcp.port=={port},iscsi",
            "-Y", "iscsi", "-T", "fields", "-E", "occurrence=a", "-e", "iscsi.opcode", "-e", "iscsi.datasegmentlength");
        var tally = new Tally();
        foreach (string frame in output.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // A frame may carry the ends of several PDUs: two lists of equal length.
            string[] fields = frame.Split('\t');
            string[] lengths = fields[1].Split(',');
            foreach ((string opcode, string length) in fields[0].Split(',').Zip(lengths))
                tally.Add(opcode, new Count(1, length.Length == 0 ? 0 : long.Parse(length, CultureInfo.InvariantCulture)));
        }
        return tally;
    }

    public void Dispose()
    {
        if (!_tcpdump.HasExited) _tcpdump.Kill();
        _tcpdump.Dispose();
    }
}
