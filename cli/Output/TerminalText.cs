using System.Globalization;
using System.Text;

namespace Iscsitop.Cli.Output;

/// <summary>
/// Text that peers supply, made safe to show: what would steer a terminal or break a line is spelled out as
/// <c>\x1b</c> or <c>\u202e</c>.
/// </summary>
public static class TerminalText
{
    // Blocks that terminals draw two cells wide (Unicode Standard Annex 11, classes W and F), first and last.
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115f), (0x2e80, 0xa4cf), (0xac00, 0xd7a3), (0xf900, 0xfaff), (0xfe30, 0xfe6f), (0xff00, 0xff60),
        (0xffe0, 0xffe6), (0x1f300, 0x1faff), (0x20000, 0x3fffd),
    ];

    /// <summary>The text with control, format and unpaired characters spelled out; the same object when there are none.</summary>
    public static string Escape(string text)
    {
        foreach (char c in text)
            if (c is < ' ' or > '~')
                return EscapeEach(text);
        return text;
    }

    /// <summary>Cells an escaped text takes on a terminal.</summary>
    public static int Width(ReadOnlySpan<char> text)
    {
        int width = 0;
        foreach (Rune rune in text.EnumerateRunes()) width += Width(rune);
        return width;
    }

    private static int Width(Rune rune)
    {
        if (rune.IsAscii) return 1;
        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark) return 0;
        foreach ((int first, int last) in s_wide)
            if (rune.Value >= first && rune.Value <= last)
                return 2;
        return 1;
    }

    private static string EscapeEach(string text)
    {
        var safe = new StringBuilder(text.Length + 8);
        for (int i = 0; i < text.Length;)
        {
            bool valid = Rune.TryGetRuneAt(text, i, out Rune rune);
            int value = valid ? rune.Value : text[i];
            if (valid && IsPrintable(rune)) safe.Append(text, i, rune.Utf16SequenceLength);
            else safe.Append(CultureInfo.InvariantCulture, $"{(value < 0x100 ? $"\\x{value:x2}" : value < 0x10000 ? $"\\u{value:x4}" : $"\\U{value:x8}")}");
            i += valid ? rune.Utf16SequenceLength : 1;
        }
        return safe.ToString();
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate);
}
