namespace Iscsitop.Engine.D;

/// <summary>Prints aggregations as dtrace(1M) does: docs/d.md has the layouts.</summary>
internal static class AggregationText
{
    private const int StringWidth = -50;
    private const int BarWidth = 40;

    /// <summary>
    /// printa(@a) and the end: one line a key in default widths, or a block of a distribution. Several of equal keys are joined. The newline
    /// that printa(@a), or the blank line that the end puts before, is the caller's.
    /// </summary>
    public static void Print(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, DOptions options)
    {
        List<JoinedRow> rows = AggregationOrder.Rows(aggregations, options);
        foreach (JoinedRow row in rows)
        {
            var reader = new RecordReader(row.Key);
            foreach (DType type in row.Keys) Datum(output, type, reader.Datum(type), StringWidth, options);
            for (int i = 0; i < aggregations.Count; i++) Value(output, aggregations[i], row.Entries[i]);
            output.Write("\n"u8);
        }
        MarkPrinted(aggregations, rows.Count);
    }

    /// <summary>One JSON object a line for each key: name, keys, value or buckets (-o ndjson).</summary>
    public static void PrintJson(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, DOptions options)
    {
        foreach (Aggregation aggregation in aggregations)
        {
            List<JoinedRow> rows = AggregationOrder.Rows([aggregation], options);
            foreach (JoinedRow row in rows) AggregationJson.Write(output, aggregation, row.Entry);
            MarkPrinted([aggregation], rows.Count);
        }
    }

    /// <summary>After lines were printed, the end does not print them again.</summary>
    public static void MarkPrinted(IReadOnlyList<Aggregation> aggregations, int rows)
    {
        if (rows == 0) return;
        foreach (Aggregation aggregation in aggregations) aggregation.Printed = true;
    }

    /// <summary>
    /// A value in default width: keys here, and trace(). Its size decides, not its type: 8 and 16 bits print without sign, 32 and 64 with.
    /// </summary>
    /// <param name="output">Where.</param>
    /// <param name="type">Its type.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="stringWidth">Columns of a string, negative: to the left.</param>
    /// <param name="options">For rawbytes.</param>
    public static void Datum(OutputBuffer output, DType type, ReadOnlySpan<byte> bytes, int stringWidth, DOptions options)
    {
        int width = type.IsString ? 0 : bytes.Length switch { 8 => 16, 4 => 8, 2 => 5, 1 => 3, _ => 0 };
        if (width == 0)
        {
            Tracing.Bytes(output, type, bytes, stringWidth, quiet: false, options.RawBytes);
            return;
        }
        output.Write(" "u8);
        output.Number(Numbers.Load(bytes, signed: bytes.Length >= 4), width);
    }

    /// <summary>A value in default width: a number, or a block that begins on a new line.</summary>
    /// <param name="output">Where.</param>
    /// <param name="aggregation">Whose.</param>
    /// <param name="entry">Which; -1 for a key that is not there, whose value is 0.</param>
    public static void Value(OutputBuffer output, Aggregation aggregation, int entry)
    {
        if (aggregation.Shape.IsDistribution)
        {
            Block(output, aggregation, entry);
            return;
        }
        output.Write(" "u8);
        long result = aggregation.Result(entry);
        if (aggregation.Shape.Function == AggregatingFunction.Stddev) output.Unsigned((ulong)result, 16);
        else output.Number(result, 16);
    }

    /// <summary>The block of a distribution: a newline, a header, and a bar for each bucket from one before the first to one after the last.</summary>
    public static void Block(OutputBuffer output, Aggregation aggregation, int entry)
    {
        Buckets buckets = aggregation.Shape.Buckets!;
        ReadOnlySpan<long> counts = aggregation.Numbers(entry);
        int first = counts.IndexOfAnyExcept(0);
        int last = counts.LastIndexOfAnyExcept(0);
        (first, last) = first < 0
            ? (buckets.EmptyFirst, buckets.EmptyLast)
            : (Math.Max(first - 1, 0), Math.Min(last + 1, buckets.Count - 1));
        var bars = new Bars();
        foreach (long count in counts) bars.Take(count);
        output.Write("\n           value  ------------- Distribution ------------- count    \n"u8);
        for (int bucket = first; bucket <= last; bucket++)
        {
            Label(output, buckets, bucket);
            long count = counts.IsEmpty ? 0 : counts[bucket];
            bars.Write(output, count);
            output.Write(" "u8);
            output.Number(Aggregates.Divide(count, aggregation.Normal(entry)), -9);
            output.Write("\n"u8);
        }
    }

    private static void Label(OutputBuffer output, Buckets buckets, int bucket)
    {
        ReadOnlySpan<byte> sign = buckets.IsUnderflow(bucket) ? "< "u8 : buckets.IsOverflow(bucket) ? ">= "u8 : default;
        Span<byte> text = stackalloc byte[32];
        sign.CopyTo(text);
        System.Buffers.Text.Utf8Formatter.TryFormat(buckets.Label(bucket), text[sign.Length..], out int length);
        output.Text(text[..(sign.Length + length)], 16);
        output.Write(" "u8);
    }

    /// <summary>The bars of a block: to the right, to the left when all counts are negative, from the middle when some are.</summary>
    private struct Bars
    {
        private UInt128 _total;
        private bool _positive;
        private bool _negative;

        public void Take(long count)
        {
            _positive |= count > 0;
            _negative |= count < 0;
            _total += Magnitude(count);
        }

        public readonly void Write(OutputBuffer output, long count)
        {
            bool both = _positive && _negative;
            int width = both ? BarWidth / 2 : BarWidth;
            int length = _total == 0 ? 0 : (int)((Magnitude(count) * (uint)width * 2 + _total) / (_total * 2));
            if (both && count > 0)
            {
                output.Fill((byte)' ', width);
                Right(output, width, length);
            }
            else if (_negative)
            {
                output.Fill((byte)' ', width - length);
                output.Fill((byte)'@', length);
                output.Write("|"u8);
                if (both) output.Fill((byte)' ', width);
            }
            else
            {
                Right(output, width, length);
            }
        }

        private static void Right(OutputBuffer output, int width, int length)
        {
            output.Write("|"u8);
            output.Fill((byte)'@', length);
            output.Fill((byte)' ', width - length);
        }

        private static UInt128 Magnitude(long count) => (UInt128)Int128.Abs(count);
    }
}
