using System.Globalization;
using System.Text;

namespace Iscsitop.Engine.D;

/// <summary>An aggregation of a program that is watched: a row for each key, as it was at the last <see cref="DWatch.Look"/>.</summary>
public sealed class WatchedAggregation : RowSource
{
    private static readonly Comparer s_bytes = new();

    private readonly Aggregation _of;
    private readonly Dictionary<byte[], Row> _rows = new(s_bytes);
    private int _generation;
    private long _items;

    internal WatchedAggregation(Aggregation of) => _of = of;

    /// <summary>Its name with its <c>@</c>.</summary>
    public string Name => _of.Shape.Name == "@_" ? "@" : _of.Shape.Name;

    /// <summary>Its function: <c>count</c>, <c>quantize</c> ...</summary>
    public string Function => _of.Shape.Function.ToString().ToLowerInvariant();

    /// <summary>The parts of its keys as the program has them.</summary>
    public IReadOnlyList<string> Keys => _of.Shape.KeyTexts;

    /// <summary>Whether it is a distribution.</summary>
    public bool IsDistribution => _of.Shape.IsDistribution;

    /// <summary>Whether it only grows until somebody clears it: a count, or a distribution.</summary>
    public bool Counts => _of.Shape.Function == AggregatingFunction.Count || IsDistribution;

    /// <summary>Whether what it gains a second says something.</summary>
    public bool Accumulates => Counts || _of.Shape.Function == AggregatingFunction.Sum;

    /// <summary>Whether a part of its keys is an integer.</summary>
    public bool IsNumber(int part) => _of.Shape.Keys[part].IsInteger;

    /// <summary>What stands beside a bucket: <c>4096</c>, <c>&lt; 10</c>, <c>&gt;= 100</c>.</summary>
    public string Label(int bucket)
    {
        Buckets buckets = _of.Shape.Buckets!;
        string sign = buckets.IsUnderflow(bucket) ? "< " : buckets.IsOverflow(bucket) ? ">= " : "";
        return sign + buckets.Label(bucket).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The smallest value of a bucket; of one without such an end the greatest it may have.</summary>
    public double Lowest(int bucket)
    {
        Buckets buckets = _of.Shape.Buckets!;
        return buckets.Lowest(bucket) ?? (buckets.IsUnderflow(bucket) ? buckets.Label(bucket) - 1 : buckets.Label(bucket));
    }

    /// <summary>The number below which values are counted in the first bucket; the lowest there is when there is none.</summary>
    public double Floor => _of.Shape.Buckets!.IsUnderflow(0) ? _of.Shape.Buckets.Label(0) : long.MinValue;

    /// <inheritdoc/>
    /// <remarks>Nothing is to be made: the rows are those of the last look.</remarks>
    public override void Build(Snapshot snapshot, IReadOnlyList<Finding> findings, Narrowing by)
    {
    }

    // Called while nothing is added to it.
    internal void Look(double seconds, bool whole)
    {
        var known = _rows.GetAlternateLookup<ReadOnlySpan<byte>>();
        _generation++;
        Rows.Clear();
        for (int entry = 0; entry < _of.Count; entry++)
        {
            ReadOnlySpan<byte> bytes = _of.Key(entry);
            if (!known.TryGetValue(bytes, out Row? row)) known[bytes] = row = Made(bytes);
            row.Generation = _generation;
            WatchedKey key = row.Extras.Watched!;
            if (whole) key.Forget();
            if (IsDistribution) key.Take(_of.Numbers(entry), _of.Normal(entry), seconds);
            else key.Take(_of.Shape.Function == AggregatingFunction.Stddev ? (ulong)_of.Result(entry) : _of.Result(entry), seconds, Accumulates);
            Rows.Add(row);
        }
        if (_rows.Count > 2 * Rows.Count + 64)
            foreach (byte[] gone in _rows.Where(p => p.Value.Generation != _generation).Select(p => p.Key).ToList()) _rows.Remove(gone);
    }

    internal void Clear()
    {
        _of.Clear();
        foreach (Row row in _rows.Values) row.Extras.Watched!.Forget();
    }

    private Row Made(ReadOnlySpan<byte> bytes)
    {
        IReadOnlyList<DType> types = _of.Shape.Keys;
        var texts = new string[types.Count];
        var numbers = new double[types.Count];
        var reader = new RecordReader(bytes);
        for (int i = 0; i < texts.Length; i++) (texts[i], numbers[i]) = Part(types[i], reader.Datum(types[i]));
        var row = new Row { Item = ++_items, Lun = Iscsitop.Target.Iscsi.Lun.Unknown };
        row.Extras.Watched = new WatchedKey(this, texts, numbers);
        return row;
    }

    private static (string Text, double Number) Part(DType type, ReadOnlySpan<byte> datum)
    {
        if (type.IsString) return (Encoding.UTF8.GetString(datum), double.NaN);
        if (!type.IsScalar) return (Text(datum), double.NaN);
        long number = Numbers.Load(datum, type.Signed);
        if (type.Kind == DKind.Pointer) return (string.Create(CultureInfo.InvariantCulture, $"0x{number:x}"), double.NaN);
        return type.Signed ? (number.ToString(CultureInfo.InvariantCulture), number) : (((ulong)number).ToString(CultureInfo.InvariantCulture), (ulong)number);
    }

    // An array of characters is a text as far as it goes; anything else is shown byte by byte.
    private static string Text(ReadOnlySpan<byte> datum)
    {
        ReadOnlySpan<byte> text = datum.IndexOf((byte)0) is >= 0 and int end ? datum[..end] : datum;
        return text.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0 ? Encoding.ASCII.GetString(text) : Convert.ToHexStringLower(datum);
    }

    private sealed class Comparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
