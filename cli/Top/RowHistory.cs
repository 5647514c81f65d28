using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>Commands a second of each row over the last intervals, since its view was opened. Rows are told apart as what they are: a view keeps its own.</summary>
internal sealed class RowHistory
{
    /// <summary>Intervals kept.</summary>
    public const int Length = 8;

    // A little lower than the line, so that those of two rows do not touch.
    private const double Highest = 0.875;

    private readonly Dictionary<Row, float[]> _values = [];
    private (RowSource?, int) _of;
    private int _intervals;

    /// <summary>Adds an interval.</summary>
    /// <param name="source">Whose rows they are.</param>
    /// <param name="scope">What they are narrowed to: values of another scope are forgotten.</param>
    public void Add(RowSource source, int scope)
    {
        // Rows that have gone are forgotten now and then, too.
        if (_of != (source, scope) || _values.Count > 2 * source.Rows.Count + Length)
        {
            _of = (source, scope);
            _values.Clear();
            _intervals = 0;
        }
        int place = _intervals++ % Length;
        foreach (float[] row in _values.Values) row[place] = 0;
        foreach (Row row in source.Rows)
        {
            if (!_values.TryGetValue(row, out float[]? values)) _values.Add(row, values = new float[Length]);
            values[place] = (float)(row.Read.OpsPerSecond + row.Write.OpsPerSecond + row.Other.OpsPerSecond);
        }
    }

    /// <summary>Forgets rows that are given back.</summary>
    /// <param name="source">Whose rows they are.</param>
    public void Forget(RowSource source)
    {
        if (_of.Item1 == source) Clear();
    }

    /// <summary>Forgets all rows.</summary>
    public void Clear()
    {
        _of = default;
        _values.Clear();
        _intervals = 0;
    }

    /// <summary>Draws a row's, the newest at the right, its highest almost as high as the line.</summary>
    public void Draw(Canvas canvas, Glyphs glyphs, int x, int y, Row row)
    {
        if (!_values.TryGetValue(row, out float[]? values)) return;
        float most = 0;
        foreach (float value in values) most = Math.Max(most, value);
        if (most <= 0) return;
        for (int i = 0; i < Math.Min(Length, _intervals); i++)
            glyphs.Column(canvas, new Area(x + Length - 1 - i, y, 1, 1), Highest * values[(_intervals - 1 - i) % Length] / most, Style.Accent);
    }
}
