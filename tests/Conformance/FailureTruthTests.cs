using System.Globalization;
using System.Runtime.CompilerServices;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// Captures of tgtd, istgt and LIO beside the repository: what we say failed is what tshark and the walker see, each by itself, and
/// where the clients said what they saw, that too.
/// </summary>
[TestFixture]
public sealed class FailureTruthTests
{
    private static readonly string s_captures = Path.GetFullPath(Path.Combine(Here(), "..", "..", "..", "shared", "captures"));

    // tshark loses its place where a digest has a segment of its own, and in packets that are cut.
    private static IEnumerable<TestCaseData> Captures =>
        Directory.Exists(s_captures)
            ? Directory.EnumerateFiles(s_captures, "*.pdus.tsv").Order(StringComparer.Ordinal).Where(f => !f.Contains("digests", StringComparison.Ordinal) && !f.Contains("snap128", StringComparison.Ordinal))
                .Select(f => f.Replace(".pdus.tsv", "", StringComparison.Ordinal)).Select(f => new TestCaseData(f).SetArgDisplayNames(Path.GetFileName(f)))
            : [new TestCaseData("").SetArgDisplayNames("none")];

    [TestCaseSource(nameof(Captures))]
    public void Statuses_and_sense_are_those_that_tshark_sees(string capture)
    {
        Snapshot told = Read(capture);
        var ours = new Tally();
        foreach (FailureDelta f in told.Failures.Where(f => f.Key.Kind == FailureKind.Status)) ours.Add(Words(f.Key.Code), new Count(f.Total, 0));
        var theirs = new Tally();
        foreach (string[] pdu in Pdus(capture, ".pdus.tsv").Where(p => p[4] == "0x21" && p[18] is not ("0x00" or "")))
            theirs.Add($"{pdu[18]} {pdu[20]}", new Count(1, 0));
        Assert.That(ours.ToString(), Is.EqualTo(theirs.ToString()));

        static string Words(uint code) => string.Create(CultureInfo.InvariantCulture, $"0x{code >> 24:x2} {((code & 0xffffff) == 0 ? "" : $"0x{code >> 16 & 0xff:x2}/0x{code & 0xffff:x4}")}");
    }

    [TestCaseSource(nameof(Captures))]
    public void Residuals_are_those_of_the_walker(string capture)
    {
        Snapshot told = Read(capture);
        HashSet<(string Frame, string Itt)> bad = [.. Pdus(capture, ".pdus.tsv").Where(p => p[4] == "0x21" && p[18] is not ("0x00" or "")).Select(p => (p[0], p[8][2..]))];
        int under = 0, over = 0;
        foreach (string[] pdu in Pdus(capture, ".walk.tsv"))
        {
            int flags = int.Parse(pdu[7].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            bool status = pdu[5] == "0x21" || (pdu[5] == "0x25" && (flags & BhsFlags.Status) != 0);
            if (!status || bad.Contains((pdu[0], pdu[9]))) continue;
            if ((flags & BhsFlags.Underflow) != 0) under++;
            if ((flags & BhsFlags.Overflow) != 0) over++;
        }
        long[] ours = [.. new uint[] { 0, 1 }.Select(code => told.Failures.Where(f => f.Key.Kind == FailureKind.Residual && f.Key.Code == code).Sum(f => f.Total))];
        Assert.That(ours, Is.EqualTo((long[])[under, over]));
    }

    [TestCaseSource(nameof(Captures))]
    public void Reads_and_writes_that_have_a_place_are_those_of_the_walker(string capture)
    {
        Snapshot told = Read(capture);
        string[] reads = ["08", "28", "a8", "88"], writes = ["0a", "2a", "aa", "8a", "2e", "ae", "8e", "89"];
        string[] begun = [.. Pdus(capture, ".walk.tsv").Where(p => p[5] == "0x01").Select(p => p[12])];
        long[] ours = [.. new[] { false, true }.Select(w => told.Patterns.Where(p => p.Key.Writes == w).Sum(p => p.Pattern.Count))];
        // Of a command of no blocks there is nothing to say: the conformance tests among them send some.
        Assert.That(ours[0], Is.InRange(begun.Count(reads.Contains) - 12, begun.Count(reads.Contains)));
        Assert.That(ours[1], Is.InRange(begun.Count(writes.Contains) - 24, begun.Count(writes.Contains)));
        foreach (PatternDelta p in told.Patterns)
        {
            long sizes = 0, aligned = 0, seeks = 0;
            foreach (long count in p.Pattern.Sizes) sizes += count;
            foreach (long count in p.Pattern.Aligned) aligned += count;
            foreach (long count in p.Pattern.Seeks) seeks += count;
            Assert.That((sizes, seeks), Is.EqualTo((p.Pattern.Count, p.Pattern.Count - p.Pattern.Unplaced)));
            Assert.That(aligned, Is.InRange(seeks, p.Pattern.Count));
            Assert.That(p.Pattern.Interarrival?.Count ?? 0, Is.EqualTo(p.Pattern.Count - 1));
        }
    }

    [TestCase("istgt-errors", 0, "CHECK ", 6)]
    [TestCase("tgtd-errors", 1, "CHECK ", 6)]
    [TestCase("tgtd-errors", 9, "CHECK ", 2)]
    public void Clients_saw_as_many(string capture, int lun, string word, int atLeast)
    {
        Snapshot told = Read(Path.Combine(s_captures, capture));
        string[] said = [.. File.ReadLines(Path.Combine(s_captures, capture + ".client.txt")).Where(l => l.Contains(word, StringComparison.Ordinal))];
        Assert.That(said, Has.Length.AtLeast(atLeast));
        Assert.That(told.Failures.Where(f => f.Key.Kind == FailureKind.Status && f.Key.Lun == (ulong)lun).Sum(f => f.Total), Is.AtLeast(atLeast - 2));
    }

    private static IEnumerable<string[]> Pdus(string capture, string suffix) => File.ReadLines(capture + suffix).Skip(1).Select(l => l.Split('\t'));

    private static Snapshot Read(string capture)
    {
        Client.NeedThat(capture.Length > 0 && File.Exists(capture + ".pcap"), "there are no captures beside the repository");
        string name = Path.GetFileName(capture);
        int port = name.StartsWith("istgt", StringComparison.Ordinal) ? 13270 : name.Contains("tgtd", StringComparison.Ordinal) ? 13260 : 13280;
        using Feed feed = Feed.Open(new CaptureOptions { File = capture + ".pcap", Wire = new WireOptions { Ports = [(ushort)port] } }, new Wants(0, Feed.WholeFile));
        while (!feed.Ended) feed.WaitForSnapshot(TimeSpan.FromSeconds(60), default);
        return feed.Take();
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
