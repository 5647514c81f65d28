using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Compilation;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Cli;

/// <summary>iscsi(7), the page of the provider, against the tables of the engine: neither has what the other has not.</summary>
[TestFixture]
public sealed partial class ProviderManTests
{
    private static readonly string s_page = File.ReadAllText(Home("man", "iscsi.7")).ReplaceLineEndings("\n");

    [Test]
    public void Every_probe_is_there_with_its_pdu_and_its_arguments()
    {
        var catalog = new ProbeCatalog();
        catalog.AddEngine(1);
        IEnumerable<string> expected = catalog.Entries.Where(e => e.Source == ProbeSource.Engine).Select(e =>
            $"{e.Name}|{e.Function}|{string.Join(", ", ProbeListing.ArgumentTypes(e))}");
        Assert.That(Row().Matches(Section("PROBES")).Select(m => $"{m.Groups["name"].Value}|{m.Groups["function"].Value}|{m.Groups["arguments"].Value}"), Is.EquivalentTo(expected));
    }

    [Test]
    public void A_probe_names_its_pdu()
    {
        foreach (PduRow row in Pdu.Rows)
            if (row.Probe != Probe.None)
                Assert.That(Section("PROBES"), Does.Match($@"(?m)^\.It Li {row.ProbeName}\n\w+; {Regex.Escape(row.Name)}; "));
    }

    [Test]
    public void Every_member_is_there_with_its_type()
    {
        foreach (DType type in ProviderTypes.Structs.Where(t => t.Name is not ("scsicmd_t" or "cpuinfo_t")))
        {
            Match structure = Regex.Match(s_page, $@"(?ms)^typedef struct {Regex.Replace(type.Name, "_t$", "")} \{{\n(?<members>.*?)^\}} {type.Name};$");
            Assert.That(structure.Success, type.Name);
            Assert.That(
                Member().Matches(structure.Groups["members"].Value).Select(m => $"{m.Groups["type"].Value} {m.Groups["name"].Value}"),
                Is.EqualTo(ProviderTypes.FieldsOf(type)!.Select(f => $"{f.Type.Name} {f.Name}")), type.Name);
        }
    }

    [Test]
    public void Every_member_is_explained()
    {
        string[] members = [.. ProviderTypes.Structs.Where(t => t.Name is not ("scsicmd_t" or "cpuinfo_t")).SelectMany(t => ProviderTypes.FieldsOf(t)!).Select(f => f.Name)];
        IEnumerable<string> explained = Item().Matches(Section("FIELDS")).SelectMany(m => m.Groups[1].Value.Split(" , "));
        Assert.That(explained, Is.EquivalentTo(members));
    }

    [Test]
    public void Stability_is_what_the_listing_says()
    {
        var catalog = new ProbeCatalog();
        catalog.AddEngine(1);
        catalog.AddTimer("tick-1s", 1_000_000_000);
        foreach (ProbeEntry entry in catalog.Entries)
        {
            Stability stability = Stability.OfArguments(entry.Source);
            string provider = entry.Source == ProbeSource.Engine ? "iscsi" : entry.Provider;
            Assert.That(Section("STABILITY"), Does.Match($@"(?m)^\.It {provider} arguments Ta {stability.Name} Ta {stability.Data} Ta {stability.ClassName}$"));
        }
    }

    [Test]
    public void The_document_has_the_same_probes()
    {
        string document = File.ReadAllText(Home("docs", "provider.md"));
        for (int i = 0; i < ProbeSet.Count; i++) Assert.That(document, Does.Contain($"`{((Probe)i).Name()}`"));
        IEnumerable<string> named = Regex.Matches(document, @"(?m)^\| (`[a-z]+-[a-z]+`(?:, `[a-z]+-[a-z]+`)*) \|").SelectMany(m => Regex.Matches(m.Groups[1].Value, "`([^`]+)`")).Select(m => m.Groups[1].Value);
        Assert.That(named, Is.EquivalentTo(Enumerable.Range(0, ProbeSet.Count).Select(i => ((Probe)i).Name())));
    }

    private static string Section(string name) => Regex.Match(s_page, $@"(?ms)^\.Sh {name}\n(.*?)(?=^\.Sh )").Groups[1].Value;

    private static string Home(string folder, string file, [CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", "..", folder, file));

    [GeneratedRegex(@"(?m)^\.It Li (?<name>[a-z]+-[a-z]+)\n(?<function>\w+); [^;\n]+; (?<arguments>.+)\.$")]
    private static partial Regex Row();

    [GeneratedRegex(@"(?m)^\t(?<type>\S+(?: \*)?) ?(?<name>\w+);")]
    private static partial Regex Member();

    [GeneratedRegex(@"(?m)^\.It Li (.*)$")]
    private static partial Regex Item();
}
