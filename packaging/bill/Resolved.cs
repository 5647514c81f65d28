using System.Text.Json;
using System.Xml.Linq;

namespace Iscsitop.Packaging;

/// <summary>What a build resolved, read from the <c>project.assets.json</c> that it left behind, and from the packages themselves.</summary>
internal static class Resolved
{
    private const string Runtime = "Microsoft.NETCore.App.Runtime.";
    private static readonly string[] s_assets = ["runtime", "native", "runtimeTargets"];
    private static readonly string[] s_texts = ["LICENSE*", "LICENCE*", "THIRD-PARTY-NOTICES*", "NOTICE*"];

    // Packages that only link to their licence, with what is found there.
    private static readonly Dictionary<string, string> s_linked = new(StringComparer.OrdinalIgnoreCase) { ["K4os.Compression.LZ4"] = "MIT" };

    /// <summary>The packages whose files are part of the program, by name; with the .NET runtime where the program carries it.</summary>
    /// <param name="assets">Path of <c>project.assets.json</c>.</param>
    /// <param name="platform">The runtime identifier that was built for; empty for a build that runs on any.</param>
    /// <param name="carriesRuntime">Whether the program brings the .NET runtime.</param>
    public static IReadOnlyList<Part> Read(string assets, string platform, bool carriesRuntime)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(assets));
        JsonElement root = document.RootElement;
        string[] folders = [.. root.GetProperty("packageFolders").EnumerateObject().Select(f => f.Name)];
        var parts = new List<Part>();
        foreach (JsonProperty entry in Target(root, platform).EnumerateObject())
        {
            string[] files = [.. s_assets.SelectMany(a => Names(entry.Value, a)).Where(f => !f.EndsWith("_._", StringComparison.Ordinal)).Select(f => Path.GetFileName(f)).Distinct()];
            if (entry.Value.GetProperty("type").GetString() != "package" || files.Length == 0) continue;
            JsonElement library = root.GetProperty("libraries").GetProperty(entry.Name);
            string[] name = entry.Name.Split('/');
            parts.Add(new Part(name[0], name[1], Hexadecimal(library), files, [.. Names(entry.Value, "dependencies")],
                ReadTerms(Folder(folders, library.GetProperty("path").GetString()!))));
        }
        if (carriesRuntime) parts.Add(RuntimePack(root, folders, platform));
        return [.. parts.OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase)];
    }

    private static JsonElement Target(JsonElement root, string platform) =>
        root.GetProperty("targets").EnumerateObject().Single(t => platform.Length == 0 ? !t.Name.Contains('/') : t.Name.EndsWith("/" + platform, StringComparison.Ordinal)).Value;

    private static IEnumerable<string> Names(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement found) ? found.EnumerateObject().Select(p => p.Name) : [];

    // Packs are downloaded beside the graph of packages. A native program has the pack of that kind.
    private static Part RuntimePack(JsonElement root, string[] folders, string platform)
    {
        JsonElement[] packs = [.. root.GetProperty("project").GetProperty("frameworks").EnumerateObject()
            .Where(f => f.Value.TryGetProperty("downloadDependencies", out _))
            .SelectMany(f => f.Value.GetProperty("downloadDependencies").EnumerateArray())
            .Where(p => p.GetProperty("name").GetString()!.StartsWith(Runtime, StringComparison.OrdinalIgnoreCase)
                && p.GetProperty("name").GetString()!.EndsWith("." + platform, StringComparison.OrdinalIgnoreCase))];
        JsonElement pack = packs.OrderByDescending(p => p.GetProperty("name").GetString()!.Contains(".NativeAOT.", StringComparison.OrdinalIgnoreCase)).First();
        string name = pack.GetProperty("name").GetString()!;
        string version = pack.GetProperty("version").GetString()!.Trim('[', ']').Split(',')[0];
        string folder = Folder(folders, Path.Combine(name.ToLowerInvariant(), version));
        string hash = Directory.EnumerateFiles(folder, "*.nupkg.sha512").Select(File.ReadAllText).FirstOrDefault("");
        return new Part(name, version, Hexadecimal(hash.Trim()), [], [], ReadTerms(folder));
    }

    private static string Folder(string[] folders, string path) =>
        folders.Select(f => Path.Combine(f, path)).FirstOrDefault(Directory.Exists) ?? throw new DirectoryNotFoundException($"the package {path} is in none of {string.Join(", ", folders)}");

    private static string Hexadecimal(JsonElement library) => Hexadecimal(library.TryGetProperty("sha512", out JsonElement hash) ? hash.GetString()! : "");

    private static string Hexadecimal(string base64) => Convert.ToHexStringLower(Convert.FromBase64String(base64));

    private static Terms ReadTerms(string folder)
    {
        XElement metadata = XDocument.Load(Directory.EnumerateFiles(folder, "*.nuspec").Single()).Root!.Elements().Single(e => e.Name.LocalName == "metadata");
        XElement? license = metadata.Elements().FirstOrDefault(e => e.Name.LocalName == "license");
        bool isExpression = license?.Attribute("type")?.Value == "expression";
        IEnumerable<string> files = s_texts.SelectMany(t => Directory.EnumerateFiles(folder, t, new EnumerationOptions { MatchCasing = MatchCasing.CaseInsensitive }));
        if (license is not null && !isExpression) files = files.Prepend(Path.Combine(folder, license.Value.Replace('\\', '/')));
        string copyright = Text(metadata, "copyright") is { Length: > 0 } line ? line : "Copyright " + Text(metadata, "authors");
        string terms = isExpression ? license!.Value.Trim() : license is not null ? "file"
            : s_linked.GetValueOrDefault(Text(metadata, "id")) ?? throw new InvalidDataException($"the package {Text(metadata, "id")} says no licence: look at {Text(metadata, "licenseUrl")}, and add it to the linked ones");
        return new Terms(terms, copyright, [.. files.Distinct().Order(StringComparer.Ordinal).Select(f => File.ReadAllText(f).ReplaceLineEndings("\n").Trim('\n', '\uFEFF'))]);
    }

    private static string Text(XElement metadata, string name) => metadata.Elements().FirstOrDefault(e => e.Name.LocalName == name)?.Value.Trim() ?? "";
}
