using System.Drawing;
using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Terminal.Gui.App;
using Terminal.Gui.Drawing;
using Terminal.Gui.Drivers;
using Terminal.Gui.Input;
using Terminal.Gui.Testing;
using Terminal.Gui.Time;
using Attribute = Terminal.Gui.Drawing.Attribute;
using Color = Terminal.Gui.Drawing.Color;

namespace Iscsitop.Tests.Top;

/// <summary>The view in the toolkit's own headless driver.</summary>
[TestFixture, NonParallelizable]
public sealed class GridTests
{
    private Seen _seen = null!;
    private Grid _grid = null!;
    private IApplication _app = null!;
    private SessionToken _session = null!;
    private int _pressed;

    [SetUp]
    public void SetUp()
    {
        Environment.SetEnvironmentVariable("DisableRealDriverIO", "1");
        _pressed = 0;
        _seen = new Seen(120, 40).With(new SyntheticLoad().Take());
        _grid = new Grid(_seen.State, _seen.Screen, _seen.Controls, new Looks(ColorDepth.Full, ColorDepth.Full), () => _pressed++);
        _app = Application.Create(new VirtualTimeProvider()).Init(DriverRegistry.Names.ANSI);
        _app.Driver!.SetScreenSize(100, 30);
        _session = _app.Begin(_grid)!;
        _app.LayoutAndDraw(true);
    }

    [TearDown]
    public void TearDown()
    {
        _app.End(_session);
        _grid.Dispose();
        _app.Dispose();
    }

    private string Line(int y) => _app.Driver!.ToString()!.Split('\n')[y].TrimEnd();

    [Test]
    public void Shows_what_the_canvas_has()
    {
        for (int y = 0; y < 30; y++) Assert.That(Line(y), Is.EqualTo(_seen.Screen.Canvas.Line(y)), $"line {y}");
        Assert.That(Line(0), Does.StartWith("iscsitop"));
    }

    [Test]
    public void Follows_the_size_of_the_window()
    {
        _app.Driver!.SetScreenSize(60, 16);
        _app.LayoutAndDraw(true);
        Assert.That((_seen.Screen.Canvas.Width, _seen.Screen.Canvas.Height), Is.EqualTo((60, 16)));
        Assert.That(Line(15), Does.StartWith("q quit"));
    }

    [Test]
    public void Letters_reach_the_controls_and_Esc_does_not_quit()
    {
        _app.InjectKey(new Key('2'));
        _app.LayoutAndDraw();
        Assert.That(Line(5), Does.StartWith("INITIATOR"));
        _app.InjectKey(Key.Esc);
        Assert.Multiple(() =>
        {
            Assert.That(_pressed, Is.EqualTo(2));
            Assert.That(_seen.State.Quit, Is.False);
            Assert.That(_grid.StopRequested, Is.False);
        });
    }

    [Test]
    public void A_click_selects_and_the_wheel_scrolls()
    {
        _app.InjectSequence(InputInjectionExtensions.LeftButtonClick(new Point(10, 8)));
        Assert.That(_seen.Frame.SelectedIndex, Is.EqualTo(2));
    }

    [Test]
    public void Every_key_of_the_table_can_be_typed()
    {
        foreach (string name in Keys.Table.SelectMany(row => row.Keys))
        {
            Key key = name switch
            {
                "PgUp" => Key.PageUp,
                "PgDn" => Key.PageDown,
                "Up" => Key.CursorUp,
                "Down" => Key.CursorDown,
                "Left" => Key.CursorLeft,
                "Right" => Key.CursorRight,
                "Shift-Tab" => Key.Tab.WithShift,
                _ when name.StartsWith("Ctrl-", StringComparison.Ordinal) => new Key(name[5]).WithCtrl,
                _ when name.Length == 1 => new Key(name[0]),
                _ => new Key(name),
            };
            Assert.That(Grid.Translate(key), Is.EqualTo(Keys.Parse(name)), name);
        }
    }

    [Test]
    public void A_look_has_the_same_colours_in_the_toolkits_words() => Assert.Multiple(() =>
    {
        Assert.That(Grid.Attribute(new Look(Tint.Indexed(1), Tint.Own, Weight.Bold)), Is.EqualTo(new Attribute(new Color(ColorName16.Red), Color.None, TextStyle.Bold)));
        Assert.That(Grid.Attribute(new Look(Tint.Rgb(1, 2, 3), Tint.Indexed(15))), Is.EqualTo(new Attribute(new Color(1, 2, 3), new Color(ColorName16.White))));
    });

    [Test]
    public void Keys_of_no_meaning_are_left_to_the_toolkit() => Assert.Multiple(() =>
    {
        Assert.That(Grid.Translate(Key.F12), Is.Null);
        Assert.That(Grid.Translate(new Key('q').WithAlt), Is.Null);
    });
}
