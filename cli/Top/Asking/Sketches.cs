using Iscsitop.Engine;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Top.Asking;

/// <summary>Distributions as a few characters each, all over the same values, so that they can be compared line by line.</summary>
internal sealed class Sketches(WatchedAggregation of, Glyphs glyphs)
{
    /// <summary>Characters of one.</summary>
    public const int Width = 16;

    private readonly Dictionary<WatchedKey, string> _texts = [];
    private (int First, int PerCell) _range = (-1, 1);

    /// <summary>What they are of has changed.</summary>
    public void Clear()
    {
        _texts.Clear();
        _range = (-1, 1);
    }

    /// <summary>That of a key.</summary>
    public string Of(WatchedKey key)
    {
        if (_texts.TryGetValue(key, out string? text)) return text;
        if (_range.First < 0) _range = Range();
        return _texts[key] = Drawn(key.Buckets);
    }

    private string Drawn(ReadOnlySpan<long> buckets)
    {
        Span<long> cells = stackalloc long[Width];
        for (int i = _range.First; i < buckets.Length; i++)
            if (buckets[i] > 0) cells[Math.Min((i - _range.First) / _range.PerCell, Width - 1)] += buckets[i];
        long most = 0;
        foreach (long cell in cells) most = Math.Max(most, cell);
        if (most == 0) return "";
        Span<char> text = stackalloc char[Width];
        for (int i = 0; i < Width; i++)
        {
            int step = (int)Math.Round((double)cells[i] / most * glyphs.Columns.Length);
            text[i] = cells[i] == 0 ? ' ' : glyphs.Columns[Math.Clamp(step, 1, glyphs.Columns.Length) - 1];
        }
        return text.TrimEnd(' ').ToString();
    }

    private (int First, int PerCell) Range()
    {
        (int first, int last) = (int.MaxValue, 0);
        foreach (Row row in of.Rows)
        {
            ReadOnlySpan<long> buckets = row.Extras.Watched!.Buckets;
            if (buckets.IndexOfAnyExcept(0) is not (>= 0 and int from)) continue;
            (first, last) = (Math.Min(first, from), Math.Max(last, buckets.LastIndexOfAnyExcept(0)));
        }
        return first == int.MaxValue ? (0, 1) : (first, (last - first) / Width + 1);
    }
}
