using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.D;

/// <summary>The scripts that come with iscsitop: each is found by its name, runs on a capture, and its figures are those that tshark counts.</summary>
[TestFixture]
public sealed partial class ShippedTests
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "d");

    private static IEnumerable<string> Names => Directory.EnumerateFiles(s_folder, "*.d").Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal);

    [Test]
    public void They_are_those_of_the_man_page() =>
        Assert.That(Names, Is.EqualTo("cmds.d errors.d io.d rwlat.d rwsnoop.d rwtime.d top.d who.d".Split(' ')));

    [TestCaseSource(nameof(Names))]
    public void Each_shows_what_it_prints(string name)
    {
        string text = File.ReadAllText(Path.Combine(s_folder, name));
        string head = text[..text.IndexOf("*/", StringComparison.Ordinal)];
        string sample = head[head.IndexOf("Sample output:", StringComparison.Ordinal)..];
        Assert.That(text, Does.StartWith("#!/usr/bin/env -S iscsitrace -s\n"));
        Assert.That(head, Does.Contain($"iscsitrace -r FILE -s {name}"));
        // The line of column titles, or the title above a distribution, is really printed.
        string title = sample.Split('\n').Skip(2).First(l => l.Trim(' ', '*').Length > 0 && !l.Contains("Tracing", StringComparison.Ordinal) && !char.IsAsciiDigit(l.Trim(' ', '*')[0])).Trim(' ', '*');
        Assert.That(Run(name, "errors.pcap"), Does.Contain(title));
    }

    [TestCase("reads.pcap")]
    [TestCase("writes.pcapng")]
    [TestCase("discovery.pcap")]
    public void Who_counts_what_tshark_counts(string capture)
    {
        string output = Run("who.d", capture);
        foreach ((byte opcode, string name) in ((byte, string)[])[(0x01, "scsi-command"), (0x21, "scsi-response"), (0x05, "data-receive"), (0x25, "data-send"), (0x31, "data-request"), (0x03, "login-command")])
        {
            long counted = Lines(output, name).Sum(Last);
            Assert.That(counted, Is.EqualTo(Pdus(capture, opcode)), name);
        }
    }

    [Test]
    public void Io_adds_up_the_bytes()
    {
        Assert.That(Run("io.d", "reads.pcap"), Does.Match($@"\n127\.0\.0\.1 +read +4 +{Bytes("reads.pcap", 0x25) / 1000} +\d+\n"));
        long written = Bytes("writes.pcapng", 0x01) + Bytes("writes.pcapng", 0x05);
        Assert.That(Run("io.d", "writes.pcapng"), Does.Match($@"\n127\.0\.0\.1 +write +12 +{written / 1000} +\d+\n"));
    }

    [Test]
    public void Rwsnoop_has_a_line_for_each_PDU_with_data()
    {
        string[] lines = Lines(Run("rwsnoop.d", "reads.pcap"), " read ");
        Assert.That((lines.Length, lines.Sum(Last)), Is.EqualTo(((int)Pdus("reads.pcap", 0x25), Bytes("reads.pcap", 0x25))));
        Assert.That(Lines(Run("rwsnoop.d", "writes.pcapng"), " write ").Sum(Last), Is.EqualTo(Bytes("writes.pcapng", 0x01) + Bytes("writes.pcapng", 0x05)));
    }

    // The reads of the capture end with a status in a Data-In each; a write with a SCSI Response, as the 12 commands before that move nothing.
    [TestCase("rwlat.d", "reads.pcap", "read", 4)]
    [TestCase("rwlat.d", "writes.pcapng", "write", 12)]
    [TestCase("rwtime.d", "reads.pcap", "read", 4)]
    [TestCase("rwtime.d", "writes.pcapng", "write", 20)]
    public void Distributions_count_every_one(string name, string capture, string direction, int count)
    {
        string output = Run(name, capture);
        Assert.That(output, Does.Contain(direction));
        Assert.That(Bar().Matches(output).Sum(m => long.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)), Is.EqualTo(count));
    }

    [TestCase("qemu.pcapng")]
    [TestCase("errors.pcap")]
    public void Cmds_names_all_commands(string capture) =>
        Assert.That(Lines(Run("cmds.d", capture), "127.0.0.1").Sum(Last), Is.EqualTo(Pdus(capture, 0x01)));

    // Each SCSI Response that has data has 20 bytes of it, and that is sense data.
    [TestCase("errors.pcap", "0x28", "ILLEGAL REQUEST  21/00")]
    [TestCase("tasks.pcap", "0x0", "UNIT ATTENTION   29/03")]
    public void Errors_tells_every_one(string capture, string operation, string sense)
    {
        string output = Run("errors.d", capture);
        Assert.That(Lines(output, "CHECK CONDITION").Sum(Last), Is.EqualTo(Bytes(capture, 0x21) / 20));
        Assert.That(output, Does.Match($@"{operation} +CHECK CONDITION +0 {sense}"));
    }

    [Test]
    public void Top_has_a_line_for_each_unit()
    {
        string[] lines = Lines(Run("top.d", "units.pcap", "1", "1"), "iqn.2026-11.example.captures:disk");
        Assert.That(lines.Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]).Order(StringComparer.Ordinal), Is.EqualTo("0 1".Split(' ')));
    }

    private static string Run(string name, string capture, params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(["trace", "-r", Corpus.PathOf(capture), "-s", name, .. arguments], new Streams(output, error, false, false));
        Assert.That((code, error.ToString()), Is.EqualTo((0, "")));
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static string[] Lines(string output, string with) => [.. output.Split('\n').Where(l => l.Contains(with, StringComparison.Ordinal))];

    private static long Last(string line) => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1], CultureInfo.InvariantCulture);

    private static long Pdus(string capture, byte opcode) => Corpus.Expected(capture).GetValueOrDefault(opcode).Pdus;

    private static long Bytes(string capture, byte opcode) => Corpus.Expected(capture).GetValueOrDefault(opcode).Bytes;

    [GeneratedRegex(@"\|@* +(\d+) +\n")]
    private static partial Regex Bar();
}
