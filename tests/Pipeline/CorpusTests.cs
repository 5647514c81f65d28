using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Pipeline;

/// <summary>What the captures of tests/Captures tell is what tshark counts in them, and what was done to make them.</summary>
[TestFixture]
public sealed class CorpusTests
{
    private const string Talk = "iqn.2026-11.example.captures:talk";
    private const string Disk = "iqn.2026-11.example.captures:disk";
    private const string Inq = "iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-inq";

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Pdus_are_those_that_tshark_counts(string name)
    {
        var told = Told.By(Corpus.Read(name));
        SortedDictionary<byte, (long, long)> expected = Corpus.Expected(name);
        foreach (PduRow row in Pdu.Rows)
            if (row.Probe == Probe.None) expected.Remove((byte)row.Opcode);
        Assert.That(Told.Text(told.Pdus), Is.EqualTo(Told.Text(expected)));
        Assert.That((told.Problem, told.Coverage.Evicted, told.Coverage.Undecodable), Is.EqualTo(("", 0L, 0L)));
    }

    [TestCaseSource(typeof(Corpus), nameof(Corpus.Names))]
    public void Nothing_is_missing_but_where_packets_were_cut(string name)
    {
        Coverage seen = Told.By(Corpus.Read(name)).Coverage;
        bool cut = name == "snap128.pcap";
        // Of a packet of two PDUs the second is behind the cut, and so is the end of the login's text.
        Assert.That((seen.Resyncs, seen.MidStream, seen.MissingBytes > 0), Is.EqualTo(cut ? (1L, 1L, true) : (0L, 0L, false)));
    }

    [TestCase("reads.pcap.gz", "reads.pcap")]
    [TestCase("vlan.pcap", "units.pcap")]
    public void The_same_packets_otherwise_wrapped_tell_the_same(string name, string other) =>
        Assert.That(Told.By(Corpus.Read(name)).Events, Is.EqualTo(Told.By(Corpus.Read(other)).Events).And.Not.Empty);

    [Test]
    public void Commands_go_to_their_units() =>
        Assert.That(Told.By(Corpus.Read("units.pcap")).Commands, Is.EqualTo(new SortedDictionary<ulong, long> { [0] = 4, [1] = 4 }));

    [Test]
    public void Rejects_and_SNACKs_are_facts_of_the_session()
    {
        var told = Told.By(Corpus.Read("errors.pcap"));
        SortedDictionary<byte, (long Pdus, long)> expected = Corpus.Expected("errors.pcap");
        Iscsitop.Engine.ConnectionFacts facts = told.Connections.Values.Single().Total;
        Assert.That((facts[Iscsitop.Engine.Fact.Snacks], facts[Iscsitop.Engine.Fact.Rejects]), Is.EqualTo((expected[0x10].Pdus, expected[0x3f].Pdus)));
    }

    private static IEnumerable<TestCaseData> Ended =>
    [
        new("chap.pcap", new[] { $"{Inq} {Disk} 0 Logout", $"{Inq} {Disk} 0 LoginRejected", $"{Inq} {Disk} 0 LoginRejected", $"{Inq} {Disk} 0 Logout" }),
        new("reinstated.pcap", new[] { $"{Talk} {Disk} 0 Reinstated", $"{Talk} {Disk} 0 Logout" }),
        new("connections.pcap", new[] { $"{Talk} {Disk} 0 Logout", $"{Talk} {Disk} 1 Logout", $"{Talk} {Disk} 2 Logout" }),
        new("tasks.pcap", new[] { $"{Talk} {Disk} 0 TaskEscalation" }),
        new("both-digests.pcap", new[] { $"{Talk} {Disk} 0 Logout" }),
        new("ipv6.pcap", new[] { $"{Talk} {Disk} 0 Logout" }),
    ];

    [TestCaseSource(nameof(Ended))]
    public void Sessions_end_as_they_did(string name, string[] ends) => Assert.That(Told.By(Corpus.Read(name)).Ends, Is.EqualTo(ends));

    [TestCase("header-digest.pcap", true, false)]
    [TestCase("both-digests.pcap", true, true)]
    [TestCase("reads.pcap", false, false)]
    public void Digests_are_known_and_match(string name, bool header, bool data)
    {
        Iscsitop.Engine.ConnectionDelta connection = Told.By(Corpus.Read(name)).Connections.Values.Single();
        Assert.That((connection.Connection.Parameters!.HeaderDigest, connection.Connection.Parameters.DataDigest), Is.EqualTo((header, data)));
        Assert.That((connection.Total[Iscsitop.Engine.Fact.HeaderDigestErrors], connection.Total[Iscsitop.Engine.Fact.DataDigestErrors]), Is.EqualTo((0L, 0L)));
    }

    [Test]
    public void No_capture_is_large()
    {
        long[] lengths = [.. Corpus.Names.Select(n => new FileInfo(Corpus.PathOf(n)).Length)];
        Assert.That(lengths, Has.Length.AtLeast(15).And.All.LessThanOrEqualTo(40 << 10));
        Assert.That(lengths.Sum(), Is.LessThanOrEqualTo(300 << 10));
    }
}
