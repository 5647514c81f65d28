namespace Iscsitop.Engine.Filtering;

/// <summary>What somebody may have meant who typed something else.</summary>
public static class Near
{
    private const int Longest = 64;

    /// <summary>The nearest of some words, "" when none is near.</summary>
    public static string Of(string word, IEnumerable<string> among)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(among);
        if (word.Length is 0 or > Longest) return "";
        string nearest = "";
        int least = 1 + Math.Max(1, word.Length / 3);
        foreach (string one in among)
        {
            int distance = word.Length > 1 && one.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? 1 : Distance(word, one);
            if (distance >= least) continue;
            (nearest, least) = (one, distance);
        }
        return nearest;
    }

    // Letters to put in, take out, or change (Levenshtein), two that changed places being one.
    private static int Distance(string a, string b)
    {
        if (b.Length > Longest) return int.MaxValue;
        Span<int> before = stackalloc int[b.Length + 1], last = stackalloc int[b.Length + 1], row = stackalloc int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++) last[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                row[j] = Math.Min(Math.Min(row[j - 1], last[j]) + 1, last[j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = Math.Min(row[j], before[j - 2] + 1);
            }
            last.CopyTo(before);
            row.CopyTo(last);
        }
        return last[b.Length];
    }
}
