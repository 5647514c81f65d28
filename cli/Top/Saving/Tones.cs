using System.Globalization;
using System.Text;

namespace Iscsitop.Cli.Top.Saving;

/// <summary>A colour of a picture.</summary>
internal readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>As <c>#rrggbb</c>.</summary>
    public string Hex => string.Create(CultureInfo.InvariantCulture, $"#{R:x2}{G:x2}{B:x2}");

    /// <summary>Part of the way to another.</summary>
    public Rgb Toward(Rgb other, double share) => new(Mix(R, other.R, share), Mix(G, other.G, share), Mix(B, other.B, share));

    /// <summary>Contrast with another, 1 to 21 (WCAG 2).</summary>
    public double Contrast(Rgb other)
    {
        (double a, double b) = (Luminance, other.Luminance);
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private double Luminance => 0.2126 * Linear(R) + 0.7152 * Linear(G) + 0.0722 * Linear(B);

    private static double Linear(byte c) => c / 255.0 is var v && v <= 0.03928 ? v / 12.92 : Math.Pow((v + 0.055) / 1.055, 2.4);

    private static byte Mix(byte from, byte to, double share) => (byte)Math.Round(from + (to - from) * share);
}

/// <summary>What a style looks like in a picture.</summary>
/// <param name="Ink">The colour of characters.</param>
/// <param name="Paper">What they stand on.</param>
/// <param name="Bold">Whether they are bold.</param>
/// <param name="OwnInk">Whether the ink is the picture's own, as a terminal has one.</param>
/// <param name="OwnPaper">The same of what they stand on.</param>
internal readonly record struct Tone(Rgb Ink, Rgb Paper, bool Bold, bool OwnInk, bool OwnPaper)
{
    /// <summary>Sets a terminal to it.</summary>
    public void AppendEscape(StringBuilder text)
    {
        text.Append("\e[0");
        if (Bold) text.Append(";1");
        if (!OwnInk) text.Append(CultureInfo.InvariantCulture, $";38;2;{Ink.R};{Ink.G};{Ink.B}");
        if (!OwnPaper) text.Append(CultureInfo.InvariantCulture, $";48;2;{Paper.R};{Paper.G};{Paper.B}");
        text.Append('m');
    }
}

/// <summary>The tones of all styles: the palette's, on a light or a dark ground.</summary>
/// <param name="Ground">What the picture stands on.</param>
/// <param name="Styles">By <see cref="Palette.Index"/>.</param>
internal sealed record Tones(Rgb Ground, Tone[] Styles)
{
    private const double Readable = 4.5;

    private static readonly Rgb s_dark = new(0x15, 0x18, 0x1d);
    private static readonly Rgb s_onDark = new(0xd8, 0xde, 0xe6);
    private static readonly Rgb s_light = new(0xff, 0xff, 0xff);
    private static readonly Rgb s_onLight = new(0x1c, 0x21, 0x28);

    /// <summary>Makes them.</summary>
    public static Tones Of(bool light)
    {
        (Rgb ground, Rgb ink) = light ? (s_light, s_onLight) : (s_dark, s_onDark);
        return new Tones(ground, [.. Palette.For(ColorDepth.Full).Select(a => Of(a, ground, ink))]);
    }

    private static Tone Of(Look look, Rgb ground, Rgb own)
    {
        bool ownInk = look.Foreground.IsOwn, ownPaper = look.Background.IsOwn;
        Rgb ink = ownInk ? own : new Rgb(look.Foreground.Red, look.Foreground.Green, look.Foreground.Blue);
        Rgb paper = ownPaper ? ground : new Rgb(look.Background.Red, look.Background.Green, look.Background.Blue);
        // The palette's tones are for grounds that nobody knows; this one is known.
        if (ownPaper)
            for (int i = 0; i < 20 && ink.Contrast(paper) < Readable; i++)
                ink = ink.Toward(own, 0.1);
        return new Tone(ink, paper, look.Weight.HasFlag(Weight.Bold), ownInk, ownPaper);
    }
}
