namespace Iscsitop.Cli.Top.Saving;

/// <summary>A screen as PNG, in the font of <see cref="Font"/>, two pixels a dot.</summary>
internal static class PngPicture
{
    /// <summary>Pixels of a cell.</summary>
    public const int CellWidth = Dot * 6;

    /// <summary>Pixels of a cell.</summary>
    public const int CellHeight = Dot * 12;

    /// <summary>Pixels around the screen.</summary>
    public const int Margin = 12;

    private const int Dot = 2;
    private const int Top = 2;

    /// <summary>Writes it.</summary>
    public static void Write(Canvas canvas, Tones tones, Stream into)
    {
        int width = canvas.Width * CellWidth + 2 * Margin;
        using var png = new PngFile(into, width, canvas.Height * CellHeight + 2 * Margin);
        var band = new Band(width, CellHeight);
        Blank(png, band, tones);
        for (int y = 0; y < canvas.Height; y++)
        {
            band.Fill(0, 0, width, CellHeight, tones.Ground);
            for (int x = 0; x < canvas.Width; x++) Draw(band, Margin + x * CellWidth, canvas[x, y].Glyph, tones.Styles[Palette.Index(canvas[x, y].Style)]);
            for (int row = 0; row < CellHeight; row++) png.Row(band.Row(row));
        }
        Blank(png, band, tones);
    }

    private static void Blank(PngFile png, Band band, Tones tones)
    {
        band.Fill(0, 0, band.Width, 1, tones.Ground);
        for (int row = 0; row < Margin; row++) png.Row(band.Row(0));
    }

    private static void Draw(Band band, int left, char glyph, Tone tone)
    {
        if (!tone.OwnPaper) band.Fill(left, 0, CellWidth, CellHeight, tone.Paper);
        if (Shapes.Of(glyph, out Shape first, out Shape second))
        {
            Draw(band, left, first, tone);
            if (second != default) Draw(band, left, second, tone);
            return;
        }
        for (int row = 0; row < Font.Height; row++)
            for (int x = 0; x < Font.Width; x++)
                if (Font.Dot(glyph, x, row))
                    band.Fill(left + x * Dot, (Top + row) * Dot, tone.Bold ? Dot + 1 : Dot, Dot, tone.Ink);
    }

    private static void Draw(Band band, int left, Shape shape, Tone tone)
    {
        int x = (int)Math.Round(shape.X * CellWidth), y = (int)Math.Round(shape.Y * CellHeight);
        int right = (int)Math.Round((shape.X + shape.Width) * CellWidth), bottom = (int)Math.Round((shape.Y + shape.Height) * CellHeight);
        band.Fill(left + x, y, Math.Max(1, right - x), Math.Max(1, bottom - y), tone.Paper.Toward(tone.Ink, shape.Strength));
    }

    /// <summary>The pixels of one line of cells.</summary>
    private sealed class Band(int width, int height)
    {
        private readonly byte[] _rgb = new byte[width * height * 3];

        public int Width => width;

        public ReadOnlySpan<byte> Row(int row) => _rgb.AsSpan(row * width * 3, width * 3);

        public void Fill(int left, int top, int columns, int rows, Rgb color)
        {
            for (int y = top; y < top + rows; y++)
                for (int x = left; x < left + columns; x++)
                    (_rgb[(y * width + x) * 3], _rgb[(y * width + x) * 3 + 1], _rgb[(y * width + x) * 3 + 2]) = (color.R, color.G, color.B);
        }
    }
}
