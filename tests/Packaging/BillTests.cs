using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Iscsitop.Packaging;

namespace Iscsitop.Tests.Packaging;

/// <summary>What the bill of materials and the list of licences say against what the program really uses.</summary>
[TestFixture]
public sealed class BillTests
{
    private static readonly IReadOnlyList<Part> s_parts = Resolved.Read(Path.Combine(Home(), "cli", "obj", "project.assets.json"), "", carriesRuntime: false);

    [Test]
    public void The_bill_has_the_packages_that_the_program_runs_with_and_no_others()
    {
        using var bom = JsonDocument.Parse(Bom.Write("1.2.3", "abc", "linux-x64", DateTimeOffset.UnixEpoch, s_parts));
        IEnumerable<string> billed = bom.RootElement.GetProperty("components").EnumerateArray().Select(c => $"{c.GetProperty("name")}/{c.GetProperty("version")}");
        using var dependencies = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "iscsitop.deps.json")));
        JsonElement resolved = dependencies.RootElement.GetProperty("targets").EnumerateObject().Single().Value;
        JsonElement kinds = dependencies.RootElement.GetProperty("libraries");
        IEnumerable<string> used = resolved.EnumerateObject()
            .Where(l => kinds.GetProperty(l.Name).GetProperty("type").GetString() == "package" && (l.Value.TryGetProperty("runtime", out _) || l.Value.TryGetProperty("runtimeTargets", out _)))
            .Select(l => l.Name);

        Assert.That(billed, Is.EquivalentTo(used));
    }

    [Test]
    public void Every_assembly_the_program_refers_to_is_its_own_or_the_frameworks_or_of_a_billed_package()
    {
        var billed = s_parts.SelectMany(p => p.Files).ToHashSet(StringComparer.OrdinalIgnoreCase);
        IEnumerable<string> referred = Referred().Where(a => !a.StartsWith("Iscsitop.", StringComparison.Ordinal) && a != "iscsitop.dll").ToArray();

        Assert.That(referred, Does.Contain("System.CommandLine.dll").And.Contain("Tomlyn.dll"));
        Assert.That(referred.Where(a => !billed.Contains(a)), Is.Empty);
    }

    [Test]
    public void The_bill_is_the_same_bytes_each_time_and_names_what_was_built()
    {
        string bill = Bom.Write("1.2.3", "abc", "linux-x64", DateTimeOffset.UnixEpoch, s_parts);
        using var bom = JsonDocument.Parse(bill);
        JsonElement root = bom.RootElement;
        JsonElement[] components = [.. root.GetProperty("components").EnumerateArray()];
        string[] references = [.. components.Select(c => c.GetProperty("bom-ref").GetString()!), root.GetProperty("metadata").GetProperty("component").GetProperty("bom-ref").GetString()!];

        Assert.That(Bom.Write("1.2.3", "abc", "linux-x64", DateTimeOffset.UnixEpoch, s_parts), Is.EqualTo(bill));
        Assert.That((root.GetProperty("bomFormat").GetString(), root.GetProperty("specVersion").GetString()), Is.EqualTo(("CycloneDX", "1.6")));
        Assert.That(root.GetProperty("metadata").GetProperty("timestamp").GetString(), Is.EqualTo("1970-01-01T00:00:00Z"));
        Assert.That(bill, Does.Contain("\"iscsitop:commit\"").And.Contain("\"abc\"").And.Contain("pkg:nuget/Tomlyn@"));
        Assert.That(components.Select(c => c.GetProperty("hashes")[0].GetProperty("content").GetString()!.Length), Is.All.EqualTo(128));
        Assert.That(root.GetProperty("dependencies").EnumerateArray().Select(d => d.GetProperty("ref").GetString()), Is.EquivalentTo(references));
        Assert.That(references, Is.Unique);
    }

    [Test]
    public void The_notices_name_each_package_with_its_licence_and_have_the_text_of_each()
    {
        string notices = Notices.Write(s_parts);
        foreach (Part part in s_parts)
        {
            Assert.That(notices, Does.Contain($"\n{part.Name} {part.Version}\n  {part.Terms.Copyright}\n  Licence: {part.Terms.License}\n"));
            Assert.That(part.Terms.License == "file" ? part.Terms.Texts : [part.Terms.License], Is.Not.Empty);
        }
        foreach (string license in s_parts.Select(p => p.Terms.License).Where(l => l != "file").Distinct())
            Assert.That(notices, Does.Match($@"\nThe licence {license}\n-+\n\n *(Permission|Redistribution|Apache License)"));
        Assert.That(notices, Does.Contain("K.Kosako"), "what a package says about its own parts");
    }

    [Test]
    public void A_licence_nobody_has_looked_at_stops_the_build() =>
        Assert.That(() => Notices.Write([s_parts[0] with { Terms = s_parts[0].Terms with { License = "GPL-3.0-only" } }]), Throws.TypeOf<InvalidDataException>().With.Message.Contains("GPL-3.0-only"));

    [Test]
    public void Our_own_licence_is_the_text_that_the_notices_quote() =>
        Assert.That(File.ReadAllText(Path.Combine(Home(), "LICENSE")), Does.EndWith(File.ReadAllText(Path.Combine(Home(), "packaging", "bill", "MIT.txt"))));

    private static HashSet<string> Referred()
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "iscsitop.dll" };
        var open = new Queue<string>(seen);
        while (open.TryDequeue(out string? file))
        {
            foreach (AssemblyName name in Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, file)).GetReferencedAssemblies())
            {
                // What does not lie beside the program is the framework's.
                string next = name.Name + ".dll";
                if (File.Exists(Path.Combine(AppContext.BaseDirectory, next)) && seen.Add(next)) open.Enqueue(next);
            }
        }
        return seen;
    }

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));
}
