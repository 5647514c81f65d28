using System.Buffers.Binary;

namespace Iscsitop.Engine.D;

/// <summary>A line of a join of aggregations: a key and its entry in each of them, -1 where it is not.</summary>
/// <param name="Keys">Types of the key.</param>
/// <param name="Owner">The aggregation that has the key.</param>
/// <param name="Entry">Its entry there.</param>
/// <param name="Entries">The entry in each aggregation of the join.</param>
internal sealed record JoinedRow(IReadOnlyList<DType> Keys, Aggregation Owner, int Entry, int[] Entries)
{
    /// <summary>The key's record.</summary>
    public ReadOnlySpan<byte> Key => Owner.Key(Entry);
}

/// <summary>In which order keys are printed and truncated.</summary>
internal static class AggregationOrder
{
    /// <summary>The entries of an aggregation from the lowest value to the highest, by key where values are equal; no option counts.</summary>
    public static int[] ByValue(Aggregation aggregation)
    {
        var order = new int[aggregation.Count];
        for (int entry = 0; entry < order.Length; entry++) order[entry] = entry;
        Array.Sort(order, (left, right) =>
        {
            int values = Aggregates.Compare(aggregation.Shape, aggregation.Numbers(left), aggregation.Numbers(right));
            return values != 0 ? values : Keys(aggregation.Shape.Keys, aggregation.Key(left), aggregation.Shape.Keys, aggregation.Key(right), 0);
        });
        return order;
    }

    /// <summary>The lines of one aggregation or of several joined, in the order they are printed.</summary>
    public static List<JoinedRow> Rows(IReadOnlyList<Aggregation> aggregations, DOptions options)
    {
        List<JoinedRow> rows = Join(aggregations);
        int first = options.AggSortPos > 0 && options.AggSortPos < aggregations.Count ? options.AggSortPos : 0;
        rows.Sort((left, right) =>
        {
            int order = options.AggSortKey ? Keys(left, right, options) : 0;
            for (int i = 0; order == 0 && i < aggregations.Count; i++)
            {
                int at = (first + i) % aggregations.Count;
                Aggregation aggregation = aggregations[at];
                order = Aggregates.Compare(aggregation.Shape, aggregation.Numbers(left.Entries[at]), aggregation.Numbers(right.Entries[at]));
            }
            if (order == 0) order = Keys(left, right, options);
            return options.AggSortRev ? -order : order;
        });
        return rows;
    }

    /// <summary>How two keys stand: strings by their bytes, integers as if they had no sign.</summary>
    /// <param name="leftTypes">Types of the left key.</param>
    /// <param name="left">Its record.</param>
    /// <param name="rightTypes">Types of the right key, as many.</param>
    /// <param name="right">Its record.</param>
    /// <param name="first">The part to begin with, from 0; after the last comes the first.</param>
    public static int Keys(IReadOnlyList<DType> leftTypes, ReadOnlySpan<byte> left, IReadOnlyList<DType> rightTypes, ReadOnlySpan<byte> right, int first)
    {
        int count = leftTypes.Count;
        if (first < 0 || first >= count) first = 0;
        for (int i = 0; i < count; i++)
        {
            int at = (first + i) % count;
            int order = Part(Part(leftTypes, left, at), leftTypes[at], Part(rightTypes, right, at), rightTypes[at]);
            if (order != 0) return order;
        }
        return 0;
    }

    private static int Keys(JoinedRow left, JoinedRow right, DOptions options)
        => Keys(left.Keys, left.Key, right.Keys, right.Key, options.AggSortKeyPos);

    private static int Part(ReadOnlySpan<byte> left, DType leftType, ReadOnlySpan<byte> right, DType rightType)
    {
        if (leftType.IsString || rightType.IsString) return left.SequenceCompareTo(right);
        if (left.Length != right.Length) return left.Length.CompareTo(right.Length);
        return left.Length switch
        {
            1 => left[0].CompareTo(right[0]),
            2 => BinaryPrimitives.ReadUInt16LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt16LittleEndian(right)),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt32LittleEndian(right)),
            8 => BinaryPrimitives.ReadUInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt64LittleEndian(right)),
            _ => left.SequenceCompareTo(right),
        };
    }

    private static ReadOnlySpan<byte> Part(IReadOnlyList<DType> types, ReadOnlySpan<byte> key, int at)
    {
        var reader = new RecordReader(key);
        for (int i = 0; i < at; i++) reader.Datum(types[i]);
        return reader.Datum(types[at]);
    }

    private static List<JoinedRow> Join(IReadOnlyList<Aggregation> aggregations)
    {
        List<JoinedRow> rows = [];
        for (int i = 0; i < aggregations.Count; i++)
        {
            Aggregation owner = aggregations[i];
            for (int entry = 0; entry < owner.Count; entry++)
            {
                ReadOnlySpan<byte> key = owner.Key(entry);
                if (IsBefore(aggregations, i, key)) continue;
                var entries = new int[aggregations.Count];
                for (int other = 0; other < entries.Length; other++) entries[other] = other == i ? entry : Entry(owner, aggregations[other], key);
                rows.Add(new JoinedRow(owner.Shape.Keys, owner, entry, entries));
            }
        }
        return rows;
    }

    private static bool IsBefore(IReadOnlyList<Aggregation> aggregations, int count, ReadOnlySpan<byte> key)
    {
        for (int i = 0; i < count; i++)
        {
            if (Entry(aggregations[count], aggregations[i], key) >= 0) return true;
        }
        return false;
    }

    private static int Entry(Aggregation owner, Aggregation other, ReadOnlySpan<byte> key) => Same(owner, other) ? other.Find(key) : -1;

    // Integers of different sizes may be joined, but such keys are never equal.
    private static bool Same(Aggregation left, Aggregation right)
    {
        for (int i = 0; i < left.Shape.Keys.Count; i++)
        {
            if (left.Shape.Keys[i].Kind != right.Shape.Keys[i].Kind) return false;
            if (!left.Shape.Keys[i].IsString && left.Shape.Keys[i].Size != right.Shape.Keys[i].Size) return false;
        }
        return true;
    }
}
