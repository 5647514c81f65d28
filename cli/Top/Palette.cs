using Terminal.Gui.Drawing;
using Attribute = Terminal.Gui.Drawing.Attribute;

namespace Iscsitop.Cli.Top;

/// <summary>How many colours the terminal is given.</summary>
internal enum ColorDepth : byte
{
    Mono,
    Sixteen,
    Full,
}

/// <summary>
/// What each style looks like. The terminal's own foreground and background stay wherever they can, and the tones are
/// readable on light and dark ones. Without colours weight, underline and reverse say the same.
/// </summary>
internal static class Palette
{
    private static readonly Color s_own = Color.None;
    private static readonly Color s_accent = new(64, 156, 200);
    private static readonly Color s_bar = new(58, 66, 78);
    private static readonly Color s_onBar = new(208, 214, 222);
    private static readonly Color s_black = new(16, 16, 16);

    private static readonly (Style Style, Attribute Mono, Attribute Sixteen, Attribute Full)[] s_table =
    [
        (Style.Text, Own(), Own(), Own()),
        (Style.Dim, Own(TextStyle.Faint), Own(TextStyle.Faint), On(new(126, 134, 144))),
        (Style.Strong, Own(TextStyle.Bold), Own(TextStyle.Bold), Own(TextStyle.Bold)),
        (Style.Accent, Own(TextStyle.Bold), Basic(ColorName16.Cyan, TextStyle.Bold), On(s_accent, TextStyle.Bold)),
        (Style.Read, Own(), Basic(ColorName16.Green), On(new(70, 162, 118))),
        (Style.Write, Own(), Basic(ColorName16.Yellow), On(new(206, 142, 66))),
        (Style.Warn, Own(TextStyle.Bold), Basic(ColorName16.Yellow, TextStyle.Bold), On(new(214, 164, 40))),
        (Style.Hot, Own(TextStyle.Bold | TextStyle.Underline), Basic(ColorName16.Red, TextStyle.Bold), On(new(230, 84, 76), TextStyle.Bold)),
        (Style.Header, Own(TextStyle.Reverse), new(ColorName16.Black, ColorName16.Gray), new(s_onBar, s_bar)),
        (Style.SortHeader, Own(TextStyle.Reverse | TextStyle.Bold), new(ColorName16.Black, ColorName16.Cyan), new(new Color(120, 206, 246), s_bar, TextStyle.Bold)),
        (Style.Badge, Own(TextStyle.Reverse), new(ColorName16.Black, ColorName16.Cyan), new(s_black, s_accent)),
        (Style.WarnBadge, Own(TextStyle.Reverse | TextStyle.Bold), new(ColorName16.White, ColorName16.Red, TextStyle.Bold), new(new Color(255, 255, 255), new Color(190, 48, 44), TextStyle.Bold)),
        (Style.Key, Own(TextStyle.Bold), Basic(ColorName16.Cyan), On(s_accent)),
        (Style.Heat1, Own(), Basic(ColorName16.Blue), On(new(70, 96, 168))),
        (Style.Heat2, Own(), Basic(ColorName16.Blue), On(new(58, 124, 190))),
        (Style.Heat3, Own(), Basic(ColorName16.Cyan), On(new(48, 150, 180))),
        (Style.Heat4, Own(), Basic(ColorName16.Green), On(new(72, 166, 118))),
        (Style.Heat5, Own(), Basic(ColorName16.Green), On(new(150, 170, 62))),
        (Style.Heat6, Own(), Basic(ColorName16.Yellow), On(new(214, 164, 40))),
        (Style.Heat7, Own(TextStyle.Bold), Basic(ColorName16.Yellow, TextStyle.Bold), On(new(230, 122, 52))),
        (Style.Heat8, Own(TextStyle.Bold), Basic(ColorName16.Red, TextStyle.Bold), On(new(226, 66, 66))),
    ];

    /// <summary>The attributes of all styles, a selected one at its style's value plus <see cref="Style.Count"/>.</summary>
    public static Attribute[] For(ColorDepth depth)
    {
        var attributes = new Attribute[2 * (int)Style.Count];
        foreach ((Style style, Attribute mono, Attribute sixteen, Attribute full) in s_table)
        {
            Attribute plain = depth switch { ColorDepth.Mono => mono, ColorDepth.Sixteen => sixteen, _ => full };
            attributes[(int)style] = plain;
            attributes[(int)style + (int)Style.Count] = Selected(depth, plain);
        }
        return attributes;
    }

    /// <summary>The place of a style in what <see cref="For"/> returns.</summary>
    public static int Index(Style style) => (int)(style & ~Style.Selected) + (style >= Style.Selected ? (int)Style.Count : 0);

    /// <summary>What the terminal can and the viewer wants: NO_COLOR and TERM=dumb are mono unless colours were asked for.</summary>
    /// <param name="choice">The <c>--color</c> option.</param>
    /// <param name="environment">Reads an environment variable.</param>
    public static ColorDepth DepthFor(ColorChoice choice, Func<string, string?> environment)
    {
        string term = environment("TERM") ?? "";
        bool refused = !string.IsNullOrEmpty(environment("NO_COLOR")) || term is "dumb" or "vt100" or "vt220";
        if (choice == ColorChoice.Never || (choice == ColorChoice.Auto && refused)) return ColorDepth.Mono;
        bool full = environment("COLORTERM") is "truecolor" or "24bit" || environment("WT_SESSION") is not null || term.EndsWith("-direct", StringComparison.Ordinal);
        return full || OperatingSystem.IsWindows() ? ColorDepth.Full : ColorDepth.Sixteen;
    }

    private static Attribute Selected(ColorDepth depth, Attribute plain) => depth switch
    {
        ColorDepth.Mono => new(s_own, s_own, plain.Style | TextStyle.Reverse),
        ColorDepth.Sixteen => new(ColorName16.White, ColorName16.Blue, plain.Style & TextStyle.Bold),
        _ => new(plain.Foreground == s_own ? new Color(240, 244, 248) : Lighter(plain.Foreground), new Color(44, 84, 122), plain.Style),
    };

    private static Color Lighter(Color c) => new((c.R + 255) / 2, (c.G + 255) / 2, (c.B + 255) / 2);

    private static Attribute Own(TextStyle style = TextStyle.None) => new(s_own, s_own, style);

    private static Attribute On(Color color, TextStyle style = TextStyle.None) => new(color, s_own, style);

    private static Attribute Basic(ColorName16 color, TextStyle style = TextStyle.None) => new(new Color(color), s_own, style);
}
