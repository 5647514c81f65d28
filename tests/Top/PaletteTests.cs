using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Terminal.Gui.Drawing;
using Attribute = Terminal.Gui.Drawing.Attribute;
using Glyphs = Iscsitop.Cli.Top.Glyphs;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class PaletteTests
{
    private static Func<string, string?> Environment(string variables) =>
        name => variables.Split(' ').FirstOrDefault(v => v.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    [TestCase("TERM=xterm-256color COLORTERM=truecolor", "Full")]
    [TestCase("TERM=xterm-direct", "Full")]
    [TestCase("TERM=xterm-256color", "Sixteen")]
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
        Assert.That(Palette.DepthFor(ColorChoice.Always, Environment("NO_COLOR=1 COLORTERM=truecolor")), Is.EqualTo(ColorDepth.Full));
    });

    [Test]
    public void Mono_uses_no_colour()
    {
        foreach (Attribute attribute in Palette.For(ColorDepth.Mono))
            Assert.That((attribute.Foreground, attribute.Background), Is.EqualTo((Color.None, Color.None)));
    }

    [Test]
    public void Every_style_has_its_look_and_another_one_when_selected()
    {
        foreach (ColorDepth depth in Enum.GetValues<ColorDepth>())
        {
            Attribute[] look = Palette.For(depth);
            for (Style style = 0; style < Style.Count; style++)
            {
                Attribute plain = look[Palette.Index(style)];
                Assert.That(plain, Is.Not.EqualTo(default(Attribute)), $"{depth} {style}");
                if (style is not (Style.Header or Style.SortHeader or Style.Badge or Style.WarnBadge))
                    Assert.That(look[Palette.Index(style | Style.Selected)], Is.Not.EqualTo(plain), $"{depth} {style}");
            }
        }
    }

    [TestCase("LANG=C.UTF-8 TERM=xterm", true)]
    [TestCase("LANG=C LC_ALL=en_US.utf8 TERM=xterm", true)]
    [TestCase("LANG=C.UTF-8 LC_ALL=C TERM=xterm", false)]
    [TestCase("LANG=C.UTF-8 TERM=linux", false)]
    [TestCase("TERM=xterm", false)]
    [Platform(Include = "Linux")]
    public void Block_characters_need_a_terminal_that_has_them(string variables, bool blocks) =>
        Assert.That(App.GlyphsFor(Environment(variables)) == Glyphs.Unicode, Is.EqualTo(blocks));
}
