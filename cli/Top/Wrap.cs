namespace Iscsitop.Cli.Top;

/// <summary>Breaks texts that are longer than a line.</summary>
internal static class Wrap
{
    /// <summary>Characters of a text that fit into a line: up to a blank where it has any.</summary>
    public static int Length(ReadOnlySpan<char> text, int width)
    {
        if (text.Length <= width) return text.Length;
        return text[..(width + 1)].LastIndexOf(' ') is > 0 and var blank ? blank : width;
    }

    /// <summary>Adds a text with its name before it as so many lines as it takes; a name without a text goes on over the whole line.</summary>
    public static void Add(List<(string Name, string Text)> lines, string name, string text, int nameWidth, int width)
    {
        ReadOnlySpan<char> names = name, rest = text;
        do
        {
            string left = Take(ref names, text.Length > 0 ? nameWidth : width), right = Take(ref rest, width - nameWidth - 1);
            lines.Add((left, text.Length > 0 && right.Length == 0 ? " " : right));
        }
        while (names.Length + rest.Length > 0);
    }

    private static string Take(ref ReadOnlySpan<char> text, int width)
    {
        int length = Length(text, Math.Max(width, 1));
        string line = text[..length].ToString();
        text = text[length..].TrimStart();
        return line;
    }
}
