using System.Globalization;
using System.Text;

namespace Iscsitop.Cli.Top.Saving;

/// <summary>
/// A screen as SVG 1.1: text in a monospaced font, which can be searched and copied, each run as wide as its cells whatever the font.
/// </summary>
internal static class SvgPicture
{
    private const double CellWidth = 8.5;
    private const double CellHeight = 18;
    private const double Baseline = 13.5;
    private const double Margin = 8;
    private const double FontSize = 14;

    /// <summary>Writes it.</summary>
    public static void Write(Canvas canvas, Tones tones, Stream into)
    {
        var svg = new StringBuilder();
        double width = canvas.Width * CellWidth + 2 * Margin, height = canvas.Height * CellHeight + 2 * Margin;
        Line(svg, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:0.##}\" height=\"{height:0.##}\" viewBox=\"0 0 {width:0.##} {height:0.##}\">");
        Line(svg, $"<title>iscsitop</title>");
        Line(svg, $"<rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{tones.Ground.Hex}\"/>");
        Line(svg, $"<g transform=\"translate({Margin:0.##} {Margin:0.##})\" font-family=\"'DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace\" font-size=\"{FontSize:0.##}\" xml:space=\"preserve\">");
        for (int y = 0; y < canvas.Height; y++)
        {
            Runs(canvas, y, (x, end, tone) => Paper(svg, x, end, y, tone), tones);
            Runs(canvas, y, (x, end, tone) => Ink(svg, canvas, x, end, y, tone), tones);
        }
        svg.Append("</g>\n</svg>\n");
        into.Write(Encoding.UTF8.GetBytes(svg.ToString()));
    }

    private static void Line(StringBuilder svg, FormattableString text) => svg.Append(FormattableString.Invariant(text)).Append('\n');

    // Runs of cells of one style.
    private static void Runs(Canvas canvas, int y, Action<int, int, Tone> run, Tones tones)
    {
        for (int x = 0; x < canvas.Width;)
        {
            int end = x + 1;
            while (end < canvas.Width && canvas[end, y].Style == canvas[x, y].Style) end++;
            run(x, end, tones.Styles[Palette.Index(canvas[x, y].Style)]);
            x = end;
        }
    }

    private static void Paper(StringBuilder svg, int x, int end, int y, Tone tone)
    {
        if (!tone.OwnPaper) Rect(svg, x, y, end - x, 1, tone.Paper, 1);
    }

    private static void Ink(StringBuilder svg, Canvas canvas, int x, int end, int y, Tone tone)
    {
        while (x < end)
        {
            char glyph = canvas[x, y].Glyph;
            if (glyph == ' ') x++;
            else if (Shapes.Of(glyph, out Shape first, out Shape second))
            {
                int same = x + 1;
                while (first is { X: 0, Width: 1 } && same < end && canvas[same, y].Glyph == glyph) same++;
                Rect(svg, x + first.X, y + first.Y, first.Width * (same - x), first.Height, tone.Ink, first.Strength);
                if (second != default) Rect(svg, x + second.X, y + second.Y, second.Width, second.Height, tone.Ink, second.Strength);
                x = same;
            }
            else x = Text(svg, canvas, x, end, y, tone);
        }
    }

    // Up to the next shape, or a gap that is worth a run of its own.
    private static int Text(StringBuilder svg, Canvas canvas, int x, int end, int y, Tone tone)
    {
        int last = x, stop = x;
        while (stop < end && stop - last <= 3 && !Shapes.Of(canvas[stop, y].Glyph, out _, out _))
        {
            if (canvas[stop, y].Glyph != ' ') last = stop;
            stop++;
        }
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x * CellWidth:0.##}\" y=\"{y * CellHeight + Baseline:0.##}\" textLength=\"{(last - x + 1) * CellWidth:0.##}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{tone.Ink.Hex}\"");
        if (tone.Bold) svg.Append(" font-weight=\"bold\"");
        svg.Append('>');
        for (int i = x; i <= last; i++) Character(svg, canvas[i, y].Glyph);
        svg.Append("</text>\n");
        return last + 1;
    }

    private static void Character(StringBuilder svg, char c) => svg.Append(c switch
    {
        '<' => "&lt;",
        '>' => "&gt;",
        '&' => "&amp;",
        _ => null,
    } ?? c.ToString());

    private static void Rect(StringBuilder svg, double x, double y, double width, double height, Rgb fill, double strength)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x * CellWidth:0.##}\" y=\"{y * CellHeight:0.##}\" width=\"{width * CellWidth:0.##}\" height=\"{height * CellHeight:0.##}\" fill=\"{fill.Hex}\"");
        if (strength < 1) svg.Append(CultureInfo.InvariantCulture, $" fill-opacity=\"{strength:0.##}\"");
        svg.Append("/>\n");
    }
}
