namespace Iscsitop.Cli.Top;

/// <summary>How many colours the terminal is given.</summary>
internal enum ColorDepth : byte
{
    Mono,
    Sixteen,
    Indexed,
    Full,
}

/// <summary>How letters are set.</summary>
[Flags]
internal enum Weight : byte
{
    None,
    Bold = 1,
    Faint = 2,
    Underline = 4,
    Reverse = 8,
}

/// <summary>A colour: the terminal's own foreground or background unless it is another.</summary>
internal readonly record struct Tint
{
    private const int RgbBit = 0x1000000;

    private readonly int _value;

    private Tint(int value) => _value = value;

    /// <summary>What the terminal has by itself.</summary>
    public static Tint Own => default;

    /// <summary>Whether it is that.</summary>
    public bool IsOwn => _value == 0;

    /// <summary>The number in the terminal's table of 256, of which the first 16 are the user's palette; -1 for other colours.</summary>
    public int Index => (_value & RgbBit) == 0 ? _value - 1 : -1;

    public byte Red => (byte)(_value >> 16);

    public byte Green => (byte)(_value >> 8);

    public byte Blue => (byte)_value;

    public static Tint Indexed(int index) => new(index + 1);

    public static Tint Rgb(int red, int green, int blue) => new(RgbBit | red << 16 | green << 8 | blue);

    /// <summary>The nearest of the 6×6×6 cube and the 24 greys, which are the same everywhere.</summary>
    public Tint Nearest()
    {
        if (Index >= 0 || IsOwn) return this;
        (int r, int g, int b) = (Level(Red), Level(Green), Level(Blue));
        int grey = Math.Clamp(((Red + Green + Blue) / 3 - 3) / 10, 0, 23);
        bool greyer = Distance(8 + 10 * grey, 8 + 10 * grey, 8 + 10 * grey) < Distance(Shade(r), Shade(g), Shade(b));
        return Indexed(greyer ? 232 + grey : 16 + 36 * r + 6 * g + b);

        static int Level(int c) => c < 48 ? 0 : c < 115 ? 1 : (c - 35) / 40;
        static int Shade(int level) => level == 0 ? 0 : 55 + 40 * level;
    }

    /// <summary>Halfway to white.</summary>
    public Tint Lighter() => Rgb((Red + 255) / 2, (Green + 255) / 2, (Blue + 255) / 2);

    private int Distance(int red, int green, int blue) => Square(Red - red) + Square(Green - green) + Square(Blue - blue);

    private static int Square(int x) => x * x;
}

/// <summary>What a cell looks like.</summary>
internal readonly record struct Look(Tint Foreground, Tint Background, Weight Weight = Weight.None);

/// <summary>
/// What each style looks like. The terminal's own foreground and background stay wherever they can, and the tones are
/// readable on light and dark ones: of the 16, yellow, white and what bold makes bright (cyan, green) would vanish on a light one, and blue on
/// a dark one. Without colours weight, underline and reverse say the same; a header is underlined there, for the selected row is reversed.
/// </summary>
internal static class Palette
{
    private const int Black = 0;
    private const int Red = 1;
    private const int Green = 2;
    private const int Yellow = 3;
    private const int Blue = 4;
    private const int Magenta = 5;
    private const int Cyan = 6;
    private const int Gray = 7;
    private const int White = 15;

    private static readonly Tint s_accent = Tint.Rgb(46, 148, 190);
    private static readonly Tint s_bar = Tint.Rgb(58, 66, 78);
    private static readonly Tint s_onBar = Tint.Rgb(208, 214, 222);
    private static readonly Tint s_black = Tint.Rgb(16, 16, 16);

    private static readonly (Style Style, Look Mono, Look Sixteen, Look Full)[] s_table =
    [
        (Style.Text, Own(), Own(), Own()),
        (Style.Dim, Own(Weight.Faint), Own(Weight.Faint), On(Tint.Rgb(126, 134, 144))),
        (Style.Strong, Own(Weight.Bold), Own(Weight.Bold), Own(Weight.Bold)),
        (Style.Accent, Own(Weight.Bold), Basic(Cyan), On(s_accent, Weight.Bold)),
        (Style.Read, Own(), Basic(Green), On(Tint.Rgb(44, 146, 98))),
        (Style.Write, Own(), Basic(Magenta), On(Tint.Rgb(190, 124, 52))),
        (Style.Warn, Own(Weight.Bold), Basic(Magenta, Weight.Bold), On(Tint.Rgb(190, 132, 20), Weight.Bold)),
        (Style.Hot, Own(Weight.Bold | Weight.Underline), Basic(Red, Weight.Bold), On(Tint.Rgb(230, 84, 76), Weight.Bold)),
        (Style.Header, Own(Weight.Underline), Basic(Black, Gray), new(s_onBar, s_bar)),
        (Style.SortHeader, Own(Weight.Underline | Weight.Bold), Basic(Black, Cyan), new(Tint.Rgb(120, 206, 246), s_bar, Weight.Bold)),
        (Style.Badge, Own(Weight.Reverse), Basic(Black, Cyan), new(s_black, s_accent)),
        (Style.WarnBadge, Own(Weight.Reverse | Weight.Bold), Basic(White, Red, Weight.Bold), new(Tint.Rgb(255, 255, 255), Tint.Rgb(190, 48, 44), Weight.Bold)),
        (Style.Key, Own(Weight.Bold), Basic(Cyan), On(s_accent)),
        (Style.Heat0, Own(Weight.Faint), Own(Weight.Faint), Heat(Tint.Rgb(36, 52, 92))),
        (Style.Heat1, Own(), Own(), Heat(Tint.Rgb(34, 78, 122))),
        (Style.Heat2, Own(), Basic(Gray, Blue), Heat(Tint.Rgb(28, 106, 128))),
        (Style.Heat3, Own(), Basic(Black, Cyan), Heat(Tint.Rgb(38, 132, 104))),
        (Style.Heat4, Own(), Basic(Black, Green), Heat(Tint.Rgb(108, 150, 62))),
        (Style.Heat5, Own(Weight.Bold), Basic(Black, Yellow), Heat(Tint.Rgb(196, 160, 44))),
        (Style.Heat6, Own(Weight.Bold), Basic(White, Red, Weight.Bold), Heat(Tint.Rgb(218, 108, 40))),
        (Style.Heat7, Own(Weight.Bold | Weight.Underline), Basic(White, Magenta, Weight.Bold), Heat(Tint.Rgb(204, 40, 46))),
    ];

    /// <summary>The looks of all styles, a selected one at its style's value plus <see cref="Style.Count"/>.</summary>
    public static Look[] For(ColorDepth depth)
    {
        var looks = new Look[2 * (int)Style.Count];
        foreach ((Style style, Look mono, Look sixteen, Look full) in s_table)
        {
            Look plain = depth switch { ColorDepth.Mono => mono, ColorDepth.Sixteen => sixteen, _ => full };
            looks[(int)style] = plain;
            looks[(int)style + (int)Style.Count] = Selected(depth, plain);
        }
        if (depth == ColorDepth.Indexed)
            for (int i = 0; i < looks.Length; i++)
                looks[i] = looks[i] with { Foreground = looks[i].Foreground.Nearest(), Background = looks[i].Background.Nearest() };
        return looks;
    }

    /// <summary>The place of a style in what <see cref="For"/> returns.</summary>
    public static int Index(Style style) => (int)(style & ~Style.Selected) + (style >= Style.Selected ? (int)Style.Count : 0);

    /// <summary>
    /// What the terminal can and the viewer wants: NO_COLOR and TERM=dumb are mono unless colours were asked for. The 16
    /// colours are those of the terminal's palette, more are ours.
    /// </summary>
    /// <param name="choice">The <c>--color</c> option.</param>
    /// <param name="environment">Reads an environment variable.</param>
    public static ColorDepth DepthFor(ColorChoice choice, Func<string, string?> environment)
    {
        if (choice is ColorChoice.Sixteen or ColorChoice.Indexed or ColorChoice.Full) return ColorDepth.Sixteen + (choice - ColorChoice.Sixteen);
        string term = environment("TERM") ?? "";
        bool refused = !string.IsNullOrEmpty(environment("NO_COLOR")) || term is "dumb" or "vt100" or "vt220";
        if (choice == ColorChoice.Never || (choice == ColorChoice.Auto && refused)) return ColorDepth.Mono;
        bool full = environment("COLORTERM") is "truecolor" or "24bit" || environment("WT_SESSION") is not null || term.EndsWith("-direct", StringComparison.Ordinal);
        if (full || OperatingSystem.IsWindows()) return ColorDepth.Full;
        return term.Contains("256color", StringComparison.Ordinal) ? ColorDepth.Indexed : ColorDepth.Sixteen;
    }

    // A heat map's cell is filled; its character, which says the same, is a shade of it.
    private static Look Heat(Tint fill) => new(fill.Red + fill.Green + fill.Blue > 330 ? s_black : fill.Lighter(), fill);

    private static Look Selected(ColorDepth depth, Look plain) => depth switch
    {
        ColorDepth.Mono => plain with { Weight = plain.Weight | Weight.Reverse },
        ColorDepth.Sixteen => Basic(White, Blue, plain.Weight & Weight.Bold),
        _ => new(plain.Foreground.IsOwn ? Tint.Rgb(240, 244, 248) : plain.Foreground.Lighter(), Tint.Rgb(44, 84, 122), plain.Weight),
    };

    private static Look Own(Weight weight = Weight.None) => new(Tint.Own, Tint.Own, weight);

    private static Look On(Tint foreground, Weight weight = Weight.None) => new(foreground, Tint.Own, weight);

    private static Look Basic(int foreground, Weight weight = Weight.None) => new(Tint.Indexed(foreground), Tint.Own, weight);

    private static Look Basic(int foreground, int background, Weight weight = Weight.None) => new(Tint.Indexed(foreground), Tint.Indexed(background), weight);
}
