using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Iscsitop.Tests.Conformance;

/// <summary>A command of a document, and the lines that it is shown to say; none where nothing is shown.</summary>
internal sealed record Example(string Command, string[] Output)
{
    /// <summary>In what this is not what was said; null where it is. Each line is to come in its order, "…" is for what is left out.</summary>
    public string? Differs(string all)
    {
        string[] said = [.. all.Split('\n').Select(l => l.TrimEnd())];
        int at = 0;
        foreach (string line in Output.Where(l => l != "…"))
        {
            int found = Array.IndexOf(said, line, at);
            if (found < 0) return $"$ {Command}\ndoes not say\n{line}\nbut\n{all}";
            at = found + 1;
        }
        return said.FirstOrDefault(l => Regex.IsMatch(l, @"^iscsi\w+: ") && !Output.Contains(l)) is { } other ? $"$ {Command}\nalso says\n{other}" : null;
    }
}

/// <summary>The commands of documents.</summary>
internal static partial class Documents
{
    /// <summary>The text of one, by its path in the repository.</summary>
    public static string Text(string document) => File.ReadAllText(Path.Combine(Home(), document)).ReplaceLineEndings("\n");

    /// <summary>All in their order: the lines of consoles after "$ ", and code, which is indented by four; comments left out.</summary>
    public static IEnumerable<Example> Examples(string document)
    {
        string fence = "";
        string? command = null;
        List<string> output = [];
        foreach (string line in Text(document).Split('\n'))
        {
            bool mark = line.StartsWith("```", StringComparison.Ordinal);
            bool prompt = fence == "```console" && line.StartsWith("$ ", StringComparison.Ordinal);
            if (command is not null && (mark || prompt))
            {
                yield return new Example(command, [.. output]);
                command = null;
            }
            if (mark) fence = fence.Length > 0 ? "" : line;
            else if (prompt) (command, output) = (line[2..], []);
            else if (command is not null) output.Add(line);
            else if (fence.Length == 0 && Code().Match(line) is { Success: true } code) yield return new Example(code.Groups[1].Value, []);
        }
    }

    /// <summary>What stands in the first fenced block of a language.</summary>
    public static string Block(string document, string language) => Regex.Match(Text(document), $@"(?ms)^```{language}\n(.*?)^```").Groups[1].Value;

    /// <summary>The exit statuses that say that a command worked: others than 0 are what conditions are for.</summary>
    public static int[] Statuses(string command) =>
        command.StartsWith("iscsitop check", StringComparison.Ordinal) ? [0, 1, 2]
        : command.Contains("--fail-if", StringComparison.Ordinal) ? [0, 4]
        : [0];

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));

    [GeneratedRegex(@"^    (\S.*?)(?:\s{2,}#.*)?$")]
    private static partial Regex Code();
}
