namespace Iscsitop.Cli.Top;

/// <summary>What styles look like at the moment: with colours or, as the viewer has it, without.</summary>
internal sealed class Looks
{
    private readonly Look[] _colored;
    private readonly Look[] _mono = Palette.For(ColorDepth.Mono);
    private bool _colors;

    /// <param name="depth">Colours to begin with.</param>
    /// <param name="possible">Colours the terminal has, for those who begin without and want some.</param>
    public Looks(ColorDepth depth, ColorDepth possible)
    {
        _colors = depth != ColorDepth.Mono;
        _colored = Palette.For(_colors ? depth : possible);
    }

    /// <summary>The looks, each at its style's <see cref="Palette.Index"/>.</summary>
    public Look[] Now => _colors ? _colored : _mono;

    /// <summary>Does as the state says.</summary>
    /// <returns>Whether it has changed, so that everything must be drawn anew.</returns>
    public bool Follow(State state)
    {
        if (state.Colors == _colors) return false;
        _colors = state.Colors;
        return true;
    }
}
