using System.Text;
using Terminal.Gui.Drawing;
using Terminal.Gui.Input;
using Terminal.Gui.ViewBase;
using Terminal.Gui.Views;
using Attribute = Terminal.Gui.Drawing.Attribute;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The toolkit's one view: shows the canvas cell by cell, sends only cells that changed, and turns the toolkit's keys and mouse into
/// ours. The toolkit sends every cell a view touches, changed or not, so what is not touched is what saves.
/// </summary>
internal sealed class Grid : Runnable
{
    private static readonly (Key Key, char Ours)[] s_keys =
    [
        (Key.CursorUp, Keys.Up), (Key.CursorDown, Keys.Down), (Key.CursorLeft, Keys.Left), (Key.CursorRight, Keys.Right),
        (Key.PageUp, Keys.PageUp), (Key.PageDown, Keys.PageDown), (Key.Home, Keys.Home), (Key.End, Keys.End),
        (Key.F1, Keys.F1), (Key.F6, Keys.F6), (Key.Tab, Keys.Tab), (Key.Tab.WithShift, Keys.ShiftTab), (Key.Enter, Keys.Enter),
        (Key.Esc, Keys.Esc), (Key.Backspace, Keys.Backspace), (Key.Delete, Keys.Backspace),
    ];

    // In the order of a terminal's numbers.
    private static readonly ColorName16[] s_basic =
    [
        ColorName16.Black, ColorName16.Red, ColorName16.Green, ColorName16.Yellow, ColorName16.Blue, ColorName16.Magenta, ColorName16.Cyan, ColorName16.Gray,
        ColorName16.DarkGray, ColorName16.BrightRed, ColorName16.BrightGreen, ColorName16.BrightYellow, ColorName16.BrightBlue, ColorName16.BrightMagenta,
        ColorName16.BrightCyan, ColorName16.White,
    ];

    private readonly Screen _screen;
    private readonly Controls _controls;
    private readonly State _state;
    private readonly Looks _looks;
    private readonly Action _pressed;
    private Attribute[] _attributes;

    /// <param name="state">What the viewer has chosen.</param>
    /// <param name="screen">What to show.</param>
    /// <param name="controls">Where keys go.</param>
    /// <param name="looks">What it looks like.</param>
    /// <param name="pressed">Called after a key or click was used.</param>
    public Grid(State state, Screen screen, Controls controls, Looks looks, Action pressed)
    {
        (_state, _screen, _controls, _looks, _pressed) = (state, screen, controls, looks, pressed);
        _attributes = Attributes(looks);
        Width = Dim.Fill();
        Height = Dim.Fill();
        CanFocus = true;
    }

    /// <summary>Our character of a key; none for a key that has no meaning here.</summary>
    internal static char? Translate(Key key)
    {
        foreach ((Key theirs, char ours) in s_keys)
            if (theirs == key)
                return ours;
        if (key.IsCtrl) return key.NoCtrl.AsRune is { IsAscii: true } letter && Rune.IsLetter(letter) ? Keys.Control((char)letter.Value) : null;
        if (key.IsAlt) return null;
        Rune rune = key.AsRune;
        return rune.Value is >= ' ' and <= char.MaxValue ? (char)rune.Value : null;
    }

    /// <summary>The toolkit's word for a look.</summary>
    internal static Attribute Attribute(Look look) => new(ColorOf(look.Foreground), ColorOf(look.Background), (TextStyle)0
        | (look.Weight.HasFlag(Weight.Bold) ? TextStyle.Bold : 0)
        | (look.Weight.HasFlag(Weight.Faint) ? TextStyle.Faint : 0)
        | (look.Weight.HasFlag(Weight.Underline) ? TextStyle.Underline : 0)
        | (look.Weight.HasFlag(Weight.Reverse) ? TextStyle.Reverse : 0));

    /// <inheritdoc/>
    protected override void OnIsRunningChanged(bool newIsRunning)
    {
        base.OnIsRunningChanged(newIsRunning);
        if (App?.Driver is not { } driver) return;
        if (newIsRunning) driver.ClearedContents += OnCleared;
        else driver.ClearedContents -= OnCleared;
    }

    /// <inheritdoc/>
    protected override bool OnClearingViewport() => true;

    /// <inheritdoc/>
    protected override bool OnDrawingContent(DrawContext? context)
    {
        if (_looks.Follow(_state))
        {
            _attributes = Attributes(_looks);
            _screen.Canvas.Invalidate();
        }
        _screen.Draw(Viewport.Width, Viewport.Height);
        int from = 0;
        while (_screen.Canvas.NextChange(ref from, out int x, out int y, out ReadOnlySpan<Cell> run)) Send(x, y, run);
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnKeyDown(Key key)
    {
        if (Translate(key) is not { } ours) return base.OnKeyDown(key);
        if (_controls.Press(ours)) Changed();
        return true;                                                 // Esc would end the program
    }

    /// <inheritdoc/>
    protected override bool OnMouseEvent(Mouse mouse)
    {
        if (mouse.Position is not { } at) return false;
        if (mouse.Flags.HasFlag(MouseFlags.LeftButtonDoubleClicked)) _controls.DoubleClick(at.X, at.Y);
        else if (mouse.Flags.HasFlag(MouseFlags.LeftButtonClicked)) _controls.Click(at.X, at.Y);
        else if (mouse.Flags.HasFlag(MouseFlags.WheeledDown)) _controls.Wheel(1);
        else if (mouse.Flags.HasFlag(MouseFlags.WheeledUp)) _controls.Wheel(-1);
        else return false;
        Changed();
        return true;
    }

    private static Attribute[] Attributes(Looks looks) => [.. looks.Now.Select(Attribute)];

    private static Color ColorOf(Tint tint) => tint.IsOwn ? Color.None
        : tint.Index is >= 0 and < 16 ? new Color(s_basic[tint.Index]) : new Color(tint.Red, tint.Green, tint.Blue);

    // The toolkit blanks its buffer when the window changes: then all we ever sent is gone.
    private void OnCleared(object? sender, EventArgs e) => _screen.Canvas.Invalidate();

    private void Changed()
    {
        SetNeedsDraw();
        _pressed();
    }

    private void Send(int x, int y, ReadOnlySpan<Cell> run)
    {
        Move(x, y);
        for (int i = 0; i < run.Length; i++)
        {
            if (i == 0 || run[i].Style != run[i - 1].Style) SetAttribute(_attributes[Palette.Index(run[i].Style)]);
            AddRune(x + i, y, (Rune)run[i].Glyph);
        }
    }
}
