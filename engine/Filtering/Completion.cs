using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Filtering;

/// <summary>What may come next while an expression is typed.</summary>
public static class Completion
{
    /// <summary>The words that go on from the end of a text: names of fields, or of values after an operator.</summary>
    /// <param name="text">What has been typed.</param>
    /// <param name="begin">Where the word under way begins.</param>
    public static IReadOnlyList<string> Of(string text, out int begin)
    {
        ArgumentNullException.ThrowIfNull(text);
        begin = text.Length;
        while (begin > 0 && (char.IsAsciiLetterOrDigit(text[begin - 1]) || text[begin - 1] is '_' or '-')) begin--;
        string word = text[begin..];
        IEnumerable<string> among = ValuesOf(text[..begin].TrimEnd()) ?? FilterFields.Names;
        return [.. among.Where(w => w.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
    }

    // Null where a field is due.
    private static IEnumerable<string>? ValuesOf(string before)
    {
        int brace = before.LastIndexOf('{');
        if (brace > before.LastIndexOf('}')) before = before[..brace].TrimEnd() is var set && set.EndsWith(" in", StringComparison.Ordinal) ? set[..^3] + "==" : before;
        string left = before.TrimEnd('=', '!', '~', '<', '>');
        if (left.Length == before.Length || (before.EndsWith('!') && !before.EndsWith("=!", StringComparison.Ordinal))) return null;
        left = left.TrimEnd();
        int name = left.Length;
        while (name > 0 && (char.IsAsciiLetterOrDigit(left[name - 1]) || left[name - 1] == '_')) name--;
        return FilterFields.Find(left[name..]) switch
        {
            { Type: FilterType.Operation } => [.. FilterFields.Kind.Words.Select(w => w.Word), .. Command.Rows.ToArray().Select(r => r.Name)],
            { Words: { Count: > 0 } words } => words.Select(w => w.Word),
            _ => [],
        };
    }
}
