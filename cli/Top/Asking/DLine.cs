using System.Text.RegularExpressions;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Top.Asking;

/// <summary>A line of D: an aggregation alone, which is of every probe of the provider, or whole clauses.</summary>
internal static partial class DLine
{
    private const string Everywhere = "iscsi*:::{ ";

    /// <summary>Whether a line that is no command is D.</summary>
    public static bool Is(string line) => IsAlone(line) || line.Contains('{', StringComparison.Ordinal);

    /// <summary>The program of a line.</summary>
    public static string Program(string line) => IsAlone(line) ? $"{Everywhere}{line} }}" : line;

    /// <summary>What is wrong with the program of a line, in one line, and which of the line's characters it is about.</summary>
    public static Reply Wrong(string line, DCompileException wrong)
    {
        int before = IsAlone(line) ? Everywhere.Length : 0;
        int at = wrong.At >= 0 ? wrong.At - before : Named(line, wrong.Message);
        return new(Blanks().Replace(wrong.Message, " "), Math.Clamp(at, 0, line.Length));
    }

    private static bool IsAlone(string line) => line.TrimStart().StartsWith('@');

    // Where only the program's line is known, the first word of the message that stands in it is what it is about.
    private static int Named(string line, string message)
    {
        foreach (Match word in Words().Matches(message))
            foreach (Match there in Words().Matches(line))
                if (there.Value == word.Value) return there.Index;
        return 0;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@"[@A-Za-z_][A-Za-z0-9_-]*")]
    private static partial Regex Words();
}
