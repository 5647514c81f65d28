using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Iscsitop.Engine.Sources;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// Captures of tgtd, istgt and LIO beside the repository, with what an independent reassembler that verifies every digest says of
/// them: our PDUs, our commands by LUN and our service times must be the same.
/// </summary>
[TestFixture]
public sealed class GroundTruthTests
{
    private static readonly string s_captures = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "shared", "captures"));

    private static IEnumerable<TestCaseData> Captures =>
        Directory.Exists(s_captures)
            ? Directory.EnumerateFiles(s_captures, "*.walk.tsv").Order(StringComparer.Ordinal).Select(f => f.Replace(".walk.tsv", ".pcap", StringComparison.Ordinal)).Select(f => new TestCaseData(f).SetArgDisplayNames(Path.GetFileNameWithoutExtension(f)))
            : [new TestCaseData("").SetArgDisplayNames("none")];

    [TestCaseSource(nameof(Captures))]
    public void Pdus_by_probe_equal_the_walkers(string capture)
    {
        Walked[] walked = Walk(capture);
        string[] events = Snoop(capture, "--pdu");

        var ours = new Tally();
        foreach (JsonElement e in Tally.Json(events))
            if (e.GetProperty("probe").GetString() is not ("xfer-start" or "xfer-done") and var probe)
                ours.Add(probe!, new Count(1, e.GetProperty("datalen").GetInt64()));
        var theirs = new Tally();
        foreach (Walked pdu in walked)
            if (Pdu.Row(pdu.Opcode).Probe != Probe.None)
                theirs.Add(Pdu.Row(pdu.Opcode).ProbeName, new Count(1, pdu.DataLength));
        Assert.That(ours.ToString(), Is.EqualTo(theirs.ToString()));
    }

    [TestCaseSource(nameof(Captures))]
    public void Commands_by_lun_equal_the_walkers(string capture)
    {
        Walked[] walked = Walk(capture);
        string[] events = Snoop(capture, "--pdu");

        var ours = new Tally();
        foreach (JsonElement e in Tally.Json(events))
            if (e.GetProperty("probe").GetString() == "scsi-command")
                ours.Add($"lun {e.GetProperty("lun")} 0x{e.GetProperty("cdb").GetString()![..2]}", new Count(1, 0));
        var theirs = new Tally();
        foreach (Walked pdu in walked)
            if (pdu.Opcode == Opcode.ScsiCommand)
                theirs.Add($"lun {pdu.Lun} 0x{pdu.Cdb0}", new Count(1, 0));
        Assert.That(ours.ToString(), Is.EqualTo(theirs.ToString()));
    }

    [TestCaseSource(nameof(Captures))]
    public void Service_times_equal_the_walkers(string capture)
    {
        Walked[] walked = Walk(capture);
        string[] commands = Snoop(capture);

        List<string> ours = [], theirs = [];
        foreach (JsonElement c in Tally.Json(commands))
            if (c.GetProperty("status").ValueKind == JsonValueKind.String)
                ours.Add(Line(c.GetProperty("itt").GetUInt32(), (long)Math.Round(c.GetProperty("lat_us").GetDouble() * 1000)));
        // From the last byte of a command to the first of its status; a tag is used again once it is answered.
        var open = new Dictionary<(string Connection, uint Itt), Walked>();
        foreach (Walked pdu in walked)
        {
            if (pdu.Opcode == Opcode.ScsiCommand) open[(pdu.Connection, pdu.Itt)] = pdu;
            else if (pdu.HasStatus && open.Remove((pdu.Connection, pdu.Itt), out Walked command)) theirs.Add(Line(pdu.Itt, pdu.First - command.Last));
        }
        ours.Sort(StringComparer.Ordinal);
        theirs.Sort(StringComparer.Ordinal);
        Assert.That(ours, Is.EqualTo(theirs));

        static string Line(uint itt, long ns) => string.Create(CultureInfo.InvariantCulture, $"{itt:x8} {ns}");
    }

    [Test]
    public void A_capture_cut_to_128_bytes_has_the_commands_of_the_whole_one()
    {
        string cut = Path.Combine(s_captures, "tgtd-fio-mixed-snap128.pcap"), whole = Path.Combine(s_captures, "tgtd-fio-mixed.pcap");
        Client.NeedThat(File.Exists(cut), "there are no captures beside the repository");

        // What stands behind the cut in a packet of several PDUs is lost; nothing else is, and nothing is invented.
        List<string> all = [.. Pdus(whole)], seen = [.. Pdus(cut)];
        var left = all.GroupBy(l => l).ToDictionary(g => g.Key, g => g.Count());
        foreach (string line in seen) Assert.That(left.TryGetValue(line, out int count) && --left[line] >= 0 && count > 0, $"invented: {line}");
        Assert.That(seen, Has.Count.AtLeast(all.Count * 95 / 100));

        static IEnumerable<string> Pdus(string capture) => Tally.Json(Snoop(capture, "--pdu")).Select(e =>
            string.Join(' ', e.GetProperty("probe"), e.GetProperty("itt"), e.GetProperty("lun"), e.GetProperty("datasn"), e.GetProperty("datalen"), e.GetProperty("cdb")));
    }

    private static string[] Snoop(string capture, params string[] options)
    {
        string name = Path.GetFileName(capture);
        string port = name.StartsWith("istgt", StringComparison.Ordinal) ? "13270" : name.Contains("tgtd", StringComparison.Ordinal) ? "13260" : "13280";
        Output output = Client.RunWell(Binary.Path, ["snoop", "-r", capture, "--port", port, "-o", "ndjson", .. options]);
        return output.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static Walked[] Walk(string capture)
    {
        Client.NeedThat(capture.Length > 0, "there are no captures beside the repository");
        string walk = Path.ChangeExtension(capture, ".walk.tsv");
        List<long> times = [0];
        using (PacketSource packets = CaptureFile.Open(capture))
            while (packets.MoveNext(0) == Moved.Packet) times.Add(packets.Current.Time);
        return [.. File.ReadLines(walk).Skip(1).Select(l => Walked.Parse(l, times))];
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    /// <summary>A line of the walker's.</summary>
    private readonly record struct Walked(string Connection, Opcode Opcode, byte Flags, string Lun, uint Itt, long DataLength, string Cdb0, long First, long Last)
    {
        public bool HasStatus => Opcode == Opcode.ScsiResponse || (Opcode == Opcode.DataIn && (Flags & BhsFlags.Status) != 0);

        // frame_last time frame_first conn dir opcode name flags lun itt ttt_or_edtl dsl cdb0 hd dd bad; frames count from 1.
        public static Walked Parse(string line, List<long> times)
        {
            string[] f = line.Split('\t');
            return new Walked(f[3], (Opcode)Hex(f[5]), (byte)Hex(f[7]), f[8], uint.Parse(f[9], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                long.Parse(f[11], CultureInfo.InvariantCulture), f[12], times[Number(f[2])], times[Number(f[0])]);
        }

        private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

        private static int Hex(string text) => int.Parse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
