namespace Iscsitop.Cli.Top.Saving;

/// <summary>A filled part of a cell, in shares of it.</summary>
internal readonly record struct Shape(double X, double Y, double Width, double Height, double Strength = 1);

/// <summary>
/// Characters that are drawn rather than set, because they must meet their neighbours whatever the font: blocks, shades and lines.
/// </summary>
internal static class Shapes
{
    private const double Thin = 1.0 / 12;

    /// <summary>The parts of a character; false when it is one to be set.</summary>
    public static bool Of(char glyph, out Shape first, out Shape second)
    {
        second = default;
        first = glyph switch
        {
            >= '▁' and <= '█' => Lower(glyph - '▁' + 1),
            > '█' and <= '▏' => new(0, 0, ('▏' - glyph + 1) / 8.0, 1),
            >= '░' and <= '▓' => new(0, 0, 1, 1, (glyph - '░' + 1) / 4.0),
            '▀' => new(0, 0, 1, 0.5),
            '─' => Across(0, 1),
            '│' => Down(0, 1),
            '╭' or '╰' => Across(0.5, 1),
            '╮' or '╯' => Across(0, 0.5),
            _ => default,
        };
        if (glyph is '╭' or '╮') second = Down(0.5, 1);
        if (glyph is '╰' or '╯') second = Down(0, 0.5);
        return first != default;
    }

    private static Shape Lower(int eighths) => new(0, 1 - eighths / 8.0, 1, eighths / 8.0);

    private static Shape Across(double from, double to) => new(from, 0.5 - Thin / 2, to - from, Thin);

    private static Shape Down(double from, double to) => new(0.5 - Thin, from, 2 * Thin, to - from);
}
