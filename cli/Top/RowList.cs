using System.Collections;
using System.Numerics;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>
/// Rows in an order. What decides about a row is worked out once, and only those are put in their places that are looked at: of very many
/// few are seen. Rows that compare equal stay as they came. Keeps its memory.
/// </summary>
internal sealed class RowList : IReadOnlyList<Row>
{
    // So few are sorted rather than parted once more.
    private const int Few = 32;

    private readonly Comparison<Entry> _compare;
    private Entry[] _entries = [];
    private bool[] _placed = [];
    private RowOrder? _order;
    private int _count;
    private uint _chance;

    public RowList() => _compare = (x, y) => Compare(x, y);

    private struct Entry
    {
        public Row Row;
        public RowOrder.Rank Rank;
        public int At;
    }

    /// <inheritdoc/>
    public int Count => _count;

    /// <summary>The row at a place of the order.</summary>
    public Row this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)_count, nameof(index));
            Place(index);
            return _entries[index].Row;
        }
    }

    /// <summary>Each row once, from 0 to <see cref="Count"/>, in whatever order until another place is looked at.</summary>
    public Row Any(int i) => _entries[i].Row;

    /// <summary>Adds a row behind all others; <see cref="Sort"/> makes it one of them.</summary>
    public void Add(Row row)
    {
        if (_count == _entries.Length) Expect(Math.Max(64, 2 * _count));
        _entries[_count] = new Entry { Row = row, At = _count };
        _placed[_count++] = true;
    }

    /// <summary>Makes room for so many rows.</summary>
    public void Expect(int rows)
    {
        if (rows <= _entries.Length) return;
        Array.Resize(ref _entries, rows + rows / 8);
        Array.Resize(ref _placed, _entries.Length);
    }

    /// <summary>Takes all rows away.</summary>
    public void Clear()
    {
        Array.Clear(_entries, 0, _count);
        (_count, _order) = (0, null);
    }

    /// <summary>From now on they are in this order.</summary>
    public void Sort(RowOrder order)
    {
        _order = order;
        foreach (ref Entry entry in _entries.AsSpan(0, _count)) entry.Rank = order.RankOf(entry.Row);
        _placed.AsSpan(0, _count).Clear();
    }

    /// <summary>Leaves so many rows at most, the first of the order.</summary>
    public void Limit(int most)
    {
        if (most >= _count) return;
        Place(most);
        Array.Clear(_entries, most, _count - most);
        _count = most;
    }

    /// <summary>The place of a row by what it is, of several the first; -1 when it is not there.</summary>
    public int IndexOf(in RowId id)
    {
        int at = -1;
        for (int i = 0; i < _count; i++)
            if (id.Is(_entries[i].Row) && (at < 0 || Compare(_entries[i], _entries[at]) < 0))
                at = i;
        if (at < 0 || _placed[at]) return at;
        int before = 0;
        foreach (ref Entry entry in _entries.AsSpan(0, _count))
            if (Compare(entry, _entries[at]) < 0)
                before++;
        return before;
    }

    /// <summary>Adds all rows in their order.</summary>
    public void CopyTo(List<Row> into)
    {
        PlaceAll();
        for (int i = 0; i < _count; i++) into.Add(_entries[i].Row);
    }

    /// <inheritdoc/>
    public IEnumerator<Row> GetEnumerator()
    {
        PlaceAll();
        for (int i = 0; i < _count; i++) yield return _entries[i].Row;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void PlaceAll()
    {
        if (!_placed.AsSpan(0, _count).Contains(false)) return;
        _entries.AsSpan(0, _count).Sort(_compare);
        _placed.AsSpan(0, _count).Fill(true);
    }

    // Quicksort, of which only the part is done that the place lies in. What stands in its place parts the rest for good.
    private void Place(int index)
    {
        if (_placed[index]) return;
        Span<bool> placed = _placed.AsSpan(0, _count);
        int from = placed[..index].LastIndexOf(true) + 1, to = placed[index..].IndexOf(true);
        to = to < 0 ? _count : index + to;
        for (int tries = 2 * BitOperations.Log2((uint)(to - from)) + 1; to - from > Few && tries > 0; tries--)
        {
            int pivot = Part(from, to);
            placed[pivot] = true;
            if (pivot == index) return;
            (from, to) = pivot < index ? (pivot + 1, to) : (from, pivot);
        }
        _entries.AsSpan(from, to - from).Sort(_compare);
        placed[from..to].Fill(true);
    }

    // The median of three goes to its place, what stands before it to its left. Which three is left to chance: rows come in runs, and in
    // the middle of all a run may begin.
    private int Part(int from, int to)
    {
        Span<Entry> entries = _entries.AsSpan(from, to - from);
        int last = entries.Length - 1, at = 0;
        int first = Chance(last), middle = 1 + Chance(last - 1);
        (entries[0], entries[first]) = (entries[first], entries[0]);
        SortTwo(ref entries[0], ref entries[middle]);
        SortTwo(ref entries[0], ref entries[last]);
        SortTwo(ref entries[last], ref entries[middle]);
        for (int i = 0; i < last; i++)
        {
            if (Compare(entries[i], entries[last]) >= 0) continue;
            (entries[at], entries[i]) = (entries[i], entries[at]);
            at++;
        }
        (entries[at], entries[last]) = (entries[last], entries[at]);
        return from + at;
    }

    // One of 0 to below.
    private int Chance(int below)
    {
        _chance = _chance * 1664525 + 1013904223;
        return (int)(_chance * (ulong)below >> 32);
    }

    private void SortTwo(ref Entry low, ref Entry high)
    {
        if (Compare(high, low) < 0) (low, high) = (high, low);
    }

    private int Compare(in Entry x, in Entry y)
    {
        int order = _order is null ? 0 : _order.Compare(x.Rank, x.Row, y.Rank, y.Row);
        return order != 0 ? order : x.At.CompareTo(y.At);
    }
}
