using System.Text.Json;
using Iscsitop.Engine.Wire;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.Pipeline;

/// <summary>Captures whose begin is missing: what was joined late has a stand-in for a name, or the one it was given; never a wrong one.</summary>
[TestFixture]
public sealed class MidStreamTests
{
    private const string Talk = "iqn.2026-11.example.captures:talk";
    private const string Disk = "iqn.2026-11.example.captures:disk";

    // The login of the first connection is in its first packets.
    private static List<Sample> From(string name, int first) => [.. Packets.Of(Corpus.Read(name)).Skip(first)];

    [Test]
    public void No_name_is_made_up([Values("qemu.pcapng", "units.pcap", "connections.pcap", "both-digests.pcap", "tasks.pcap")] string name)
    {
        HashSet<string> real = Told.By(Corpus.Read(name)).Names;
        int packets = Packets.Of(Corpus.Read(name)).Count;
        bool stoodIn = false;
        for (int first = 1; first < packets; first++)
        {
            var told = Told.By(Packets.Pcap(From(name, first)));
            IEnumerable<string> strange = told.Names.Except(real).Except(["", "?127.0.0.1:3260", "?127.0.0.1"]);
            Assert.That(strange, Is.Empty, $"from packet {first} on");
            bool stand = told.Names.Contains("?127.0.0.1:3260");
            Assert.That(told.Coverage.MidStream > 0, Is.EqualTo(told.Connections.Values.Any(c => c.Connection.MidStream)), $"from packet {first} on");
            if (stand) Assert.That(told.Coverage.MidStream, Is.Positive);
            stoodIn |= stand;
        }
        Assert.That(stoodIn);
    }

    [Test]
    public void Pdus_are_the_whole_ones_from_there_on()
    {
        List<string> whole = Told.By(Corpus.Read("qemu.pcapng")).Events;
        List<string> part = Told.By(Packets.Pcap(From("qemu.pcapng", 30))).Events;
        Assert.That(part, Has.Count.GreaterThan(10).And.Count.LessThan(whole.Count));
        Assert.That(part.Select(Nameless), Is.SubsetOf(whole.Select(Nameless)));

        // The LUN of what answers a command that was not seen is not known either.
        static string Nameless(string line) => line.Split(' ') is var f ? $"{f[0]} {f[^2]}" : "";
    }

    [TestCase("127.0.0.1:3260=iqn.a", "iqn.a", "?127.0.0.1")]
    [TestCase("127.0.0.1=iqn.b", "iqn.b", "iqn.b")]
    public void An_alias_names_it(string alias, string target, string initiator)
    {
        string[] parts = alias.Split('=');
        var options = new WireOptions { Aliases = new Dictionary<string, string> { [parts[0]] = parts[1] } };
        var told = Told.By(Packets.Pcap(From("nops.pcap", 8)), options);
        Assert.That(told.Names, Is.EquivalentTo(new[] { target, initiator }.Distinct()));
        Assert.That(Told.By(Corpus.Read("nops.pcap"), options).Names.Where(n => n.Length > 0), Is.EquivalentTo(new[] { Talk, Disk }), "a login that was seen says more");
    }

    [Test]
    public void A_report_says_so_in_words_and_in_numbers()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch.File("late.pcap"), Packets.Pcap(From("units.pcap", 8)));
        Output table = Client.RunWell(Binary.Path, "-b", "-r", scratch.File("late.pcap"));
        Output json = Client.RunWell(Binary.Path, "-b", "-r", scratch.File("late.pcap"), "-o", "json");
        Assert.That(table.Out, Does.Contain("?127.0.0.1:3260"));
        Assert.That(table.Error, Does.Contain("1 connections whose login was not seen (?)"));
        JsonElement report = JsonDocument.Parse(json.Out).RootElement[0];
        Assert.That(report.GetProperty("engines")[0].GetProperty("midstream").GetInt64(), Is.EqualTo(1));
        Assert.That(report.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("target").GetString()), Is.EquivalentTo(new[] { null, Disk, Disk }).Or.EquivalentTo(new[] { null, Disk }));
    }
}
