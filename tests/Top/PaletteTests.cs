using Iscsitop.Cli;
using Iscsitop.Cli.Top;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class PaletteTests
{
    private static Func<string, string?> Environment(string variables) =>
        name => variables.Split(' ').FirstOrDefault(v => v.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    [TestCase("TERM=xterm-256color COLORTERM=truecolor", "Full")]
    [TestCase("TERM=xterm-direct", "Full")]
    [TestCase("TERM=xterm-256color", "Indexed")]
    [TestCase("TERM=tmux-256color", "Indexed")]
    [TestCase("TERM=xterm", "Sixteen")]
    [TestCase("TERM=linux", "Sixteen")]
    [TestCase("TERM=dumb", "Mono")]
    [TestCase("TERM=vt100", "Mono")]
    [TestCase("TERM=xterm-256color COLORTERM=truecolor NO_COLOR=1", "Mono")]
    [Platform(Exclude = "Win")]
    public void Colours_follow_the_environment(string variables, string depth) =>
        Assert.That(Palette.DepthFor(ColorChoice.Auto, Environment(variables)).ToString(), Is.EqualTo(depth));

    [Test]
    public void The_option_overrules_the_environment() => Assert.Multiple(() =>
    {
        Assert.That(Palette.DepthFor(ColorChoice.Never, Environment("COLORTERM=truecolor")), Is.EqualTo(ColorDepth.Mono));
        Assert.That(Palette.DepthFor(ColorChoice.Sixteen, Environment("NO_COLOR=1")), Is.EqualTo(ColorDepth.Sixteen));
        Assert.That(Palette.DepthFor(ColorChoice.Indexed, Environment("TERM=dumb")), Is.EqualTo(ColorDepth.Indexed));
        Assert.That(Palette.DepthFor(ColorChoice.Full, Environment("TERM=xterm")), Is.EqualTo(ColorDepth.Full));
        Assert.That(Palette.DepthFor(ColorChoice.Always, Environment("NO_COLOR=1 COLORTERM=truecolor")), Is.EqualTo(ColorDepth.Full));
    });

    [Test]
    public void Mono_uses_no_colour()
    {
        foreach (Look look in Palette.For(ColorDepth.Mono))
            Assert.That(look.Foreground.IsOwn && look.Background.IsOwn);
    }

    [Test]
    public void Every_style_has_its_look_and_another_one_when_selected()
    {
        foreach (ColorDepth depth in Enum.GetValues<ColorDepth>())
        {
            Look[] look = Palette.For(depth);
            for (Style style = 0; style < Style.Count; style++)
            {
                Look plain = look[Palette.Index(style)];
                if (style is not (Style.Header or Style.SortHeader or Style.Badge or Style.WarnBadge))
                    Assert.That(look[Palette.Index(style | Style.Selected)], Is.Not.EqualTo(plain), $"{depth} {style}");
            }
        }
    }

    [Test]
    public void Nothing_is_told_by_colour_alone()
    {
        Look[] mono = Palette.For(ColorDepth.Mono);
        foreach (Style style in (Style[])[Style.Hot, Style.Warn, Style.Header, Style.SortHeader, Style.Badge, Style.WarnBadge])
            Assert.That(mono[Palette.Index(style)], Is.Not.EqualTo(mono[Palette.Index(Style.Text)]), style.ToString());
    }

    [Test]
    public void Without_colours_a_header_is_not_taken_for_the_selected_row()
    {
        Look[] mono = Palette.For(ColorDepth.Mono);
        foreach (Style header in (Style[])[Style.Header, Style.SortHeader])
            for (Style style = 0; style < Style.Count; style++)
                Assert.That(mono[Palette.Index(style | Style.Selected)].Weight & Weight.Reverse, Is.Not.EqualTo(mono[Palette.Index(header)].Weight & Weight.Reverse), $"{header} {style}");
    }

    [TestCase("Full")]
    [TestCase("Indexed")]
    public void Text_on_the_terminals_own_ground_is_read_on_white_and_on_black(string depth)
    {
        foreach (Look look in Palette.For(Enum.Parse<ColorDepth>(depth)).Where(l => l.Background.IsOwn && !l.Foreground.IsOwn))
        {
            double light = Luminance(look.Foreground) + 0.05;
            Assert.That(Math.Min(1.05 / light, light / 0.05), Is.GreaterThanOrEqualTo(3), look.ToString());
        }
    }

    [Test]
    public void Of_the_sixteen_none_is_text_that_vanishes_on_light_or_dark()
    {
        const int Red = 1, Green = 2, Magenta = 5, Cyan = 6;
        foreach (Look look in Palette.For(ColorDepth.Sixteen).Where(l => l.Background.IsOwn && !l.Foreground.IsOwn))
            Assert.That(look.Foreground.Index, look.Weight.HasFlag(Weight.Bold) ? Is.AnyOf(Red, Magenta) : Is.AnyOf(Red, Green, Magenta, Cyan));
    }

    [TestCase(0, 0, 0, 16)]
    [TestCase(255, 255, 255, 231)]
    [TestCase(255, 0, 0, 196)]
    [TestCase(95, 135, 175, 67)]
    [TestCase(58, 66, 78, 238)]
    [TestCase(128, 128, 128, 244)]
    public void Other_colours_become_the_nearest_of_256(int red, int green, int blue, int index) =>
        Assert.That(Tint.Rgb(red, green, blue).Nearest(), Is.EqualTo(Tint.Indexed(index)));

    [Test]
    public void Sixteen_and_256_use_numbers_only()
    {
        foreach (ColorDepth depth in (ColorDepth[])[ColorDepth.Sixteen, ColorDepth.Indexed])
            foreach (Tint tint in Palette.For(depth).SelectMany(l => (Tint[])[l.Foreground, l.Background]).Where(t => !t.IsOwn))
                Assert.That(tint.Index, depth == ColorDepth.Sixteen ? Is.InRange(0, 15) : Is.InRange(16, 255));
    }

    [Test]
    public void Colours_go_and_come_as_the_viewer_wants()
    {
        var state = new State(new TopOptions());
        var looks = new Looks(ColorDepth.Sixteen, ColorDepth.Sixteen);
        Assert.That((looks.Follow(state), looks.Now), Is.EqualTo((false, Palette.For(ColorDepth.Sixteen))));
        state.Colors = false;
        Assert.That((looks.Follow(state), looks.Now), Is.EqualTo((true, Palette.For(ColorDepth.Mono))));
        Assert.That(looks.Follow(state), Is.False);
    }

    // As in the WCAG's contrast ratio; the cube and the greys of 256 are what Nearest takes them for.
    private static double Luminance(Tint tint)
    {
        (int r, int g, int b) = tint.Index >= 232 ? (8 + 10 * (tint.Index - 232), 8 + 10 * (tint.Index - 232), 8 + 10 * (tint.Index - 232))
            : tint.Index >= 16 ? (Shade((tint.Index - 16) / 36), Shade((tint.Index - 16) / 6 % 6), Shade((tint.Index - 16) % 6))
            : (tint.Red, tint.Green, tint.Blue);
        return 0.2126 * Linear(r) + 0.7152 * Linear(g) + 0.0722 * Linear(b);

        static int Shade(int level) => level == 0 ? 0 : 55 + 40 * level;
        static double Linear(int c) => c / 255.0 <= 0.03928 ? c / 255.0 / 12.92 : Math.Pow((c / 255.0 + 0.055) / 1.055, 2.4);
    }

    [TestCase("xterm", true)]
    [TestCase("linux", true)]
    [TestCase("vt100", true)]
    [TestCase("dumb", false)]
    [TestCase("", false)]
    [TestCase(null, false)]
    public void A_full_screen_needs_a_cursor_that_moves(string? term, bool can) => Assert.That(Iscsitop.Cli.Output.Streams.CanMoveCursor(term), Is.EqualTo(can));

    [TestCase("LANG=C.UTF-8 TERM=xterm", true)]
    [TestCase("LANG=C LC_ALL=en_US.utf8 TERM=xterm", true)]
    [TestCase("LANG=C.UTF-8 LC_ALL=C TERM=xterm", false)]
    [TestCase("LANG=C.UTF-8 TERM=linux", false)]
    [TestCase("TERM=xterm", false)]
    [Platform(Include = "Linux")]
    public void Block_characters_need_a_terminal_that_has_them(string variables, bool blocks) =>
        Assert.That(App.GlyphsFor(Environment(variables)) == Glyphs.Unicode, Is.EqualTo(blocks));
}
