using System.Text;

namespace Iscsitop.Packaging;

/// <summary>The list of licences that goes with the program: who holds the rights to what is in it, and the terms.</summary>
internal static class Notices
{
    private static readonly string s_rule = new('-', 78);

    /// <summary>Writes the list.</summary>
    /// <exception cref="InvalidDataException">A package's licence has no text here: nobody has looked yet whether it may be passed on.</exception>
    public static string Write(IReadOnlyList<Part> parts)
    {
        var text = new StringBuilder("iscsitop is under the MIT licence. It contains these packages of others:\n\n");
        foreach (Part part in parts)
            text.Append($"{part.Name} {part.Version}\n  {part.Terms.Copyright}\n  Licence: {part.Terms.License}\n");
        foreach (string license in parts.Select(p => p.Terms.License).Where(l => l != "file").Distinct().Order(StringComparer.Ordinal))
            Section(text, $"The licence {license}", Text(license));
        // What packages bring themselves is often the same for all of one maker's.
        foreach (IGrouping<string, Part> group in parts.SelectMany(p => p.Terms.Texts.Select(t => (Text: t, Part: p))).GroupBy(p => p.Text, p => p.Part))
            Section(text, "Comes with " + string.Join(", ", group.Select(p => p.Name)), group.Key);
        return text.ToString();
    }

    private static void Section(StringBuilder text, string title, string content) => text.Append($"\n{s_rule}\n{title}\n{s_rule}\n\n{content}\n");

    private static string Text(string license)
    {
        using Stream stream = typeof(Notices).Assembly.GetManifestResourceStream(license)
            ?? throw new InvalidDataException($"packaging/bill has no text of the licence {license}");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Trim('\n');
    }
}
