using System.Text;
using System.Text.Encodings.Web;

namespace Iscsitop.Engine.D;

/// <summary>A key of an aggregation and its value as a line of JSON.</summary>
internal static class AggregationJson
{
    private static readonly byte[][] Functions =
        [.. Enum.GetNames<AggregatingFunction>().Select(name => Encoding.UTF8.GetBytes(name.ToLowerInvariant()))];

    /// <summary>Writes the line. Of a distribution the buckets that are not empty, with "ge" and "lt" where they have such an end.</summary>
    public static void Write(OutputBuffer output, Aggregation aggregation, int entry)
    {
        AggregationShape shape = aggregation.Shape;
        output.Write("{\"aggregation\":"u8);
        Text(output, Encoding.UTF8.GetBytes(shape.Name));
        output.Write(",\"function\":\""u8);
        output.Write(Functions[(int)shape.Function]);
        output.Write("\",\"keys\":["u8);
        var reader = new RecordReader(aggregation.Key(entry));
        for (int i = 0; i < shape.Keys.Count; i++)
        {
            if (i > 0) output.Write(","u8);
            Key(output, shape.Keys[i], reader.Datum(shape.Keys[i]));
        }
        output.Write("],"u8);
        if (shape.IsDistribution) Distribution(output, aggregation, entry);
        else Single(output, aggregation, entry);
        output.Write("}\n"u8);
    }

    private static void Single(OutputBuffer output, Aggregation aggregation, int entry)
    {
        output.Write("\"value\":"u8);
        output.Number(aggregation.Result(entry), 0);
    }

    private static void Distribution(OutputBuffer output, Aggregation aggregation, int entry)
    {
        Buckets buckets = aggregation.Shape.Buckets!;
        ReadOnlySpan<long> counts = aggregation.Numbers(entry);
        output.Write("\"buckets\":["u8);
        bool any = false;
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            if (counts[bucket] == 0) continue;
            output.Write(any ? ",{"u8 : "{"u8);
            any = true;
            Member(output, "\"ge\":"u8, buckets.Lowest(bucket));
            Member(output, "\"lt\":"u8, buckets.End(bucket));
            output.Write("\"count\":"u8);
            output.Number(Aggregates.Divide(counts[bucket], aggregation.Normal(entry)), 0);
            output.Write("}"u8);
        }
        output.Write("]"u8);
    }

    private static void Member(OutputBuffer output, ReadOnlySpan<byte> name, long? number)
    {
        if (number is not { } value) return;
        output.Write(name);
        output.Number(value, 0);
        output.Write(","u8);
    }

    // Integers by their type, strings as strings, anything else its bytes in hex.
    private static void Key(OutputBuffer output, DType type, ReadOnlySpan<byte> bytes)
    {
        if (type.IsString) Text(output, bytes);
        else if (!type.IsScalar) Text(output, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(bytes)));
        else if (type.Signed) output.Number(Numbers.Load(bytes, signed: true), 0);
        else output.Unsigned((ulong)Numbers.Load(bytes, signed: false), 0);
    }

    private static void Text(OutputBuffer output, ReadOnlySpan<byte> text)
    {
        output.Write("\""u8);
        output.Write(JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(Encoding.UTF8.GetString(text)));
        output.Write("\""u8);
    }
}
