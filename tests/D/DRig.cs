using System.Text;
using Iscsitop.Engine.D;

namespace Iscsitop.Tests.D;

/// <summary>What tests of D's data have in common: shapes, records from plain values, output as text.</summary>
internal static class DRig
{
    public static AggregationShape Shape(string name, AggregatingFunction function, DType[] keys, params long[] parameters)
        => new(name, 1, function, keys, parameters, SignedValue: true);

    public static Aggregation New(AggregatingFunction function, DType[] keys, params long[] parameters)
        => new(Shape("@a", function, keys, parameters), new AggregationBudget(1 << 20));

    public static void Add(this Aggregation aggregation, object[] key, long value = 0, long weight = 1)
        => aggregation.Add(Record(aggregation.Shape.Keys, key), value, weight);

    public static byte[] Record(IReadOnlyList<DType> types, params object[] values)
    {
        var writer = new RecordWriter();
        for (int i = 0; i < types.Count; i++)
        {
            if (types[i].IsString) writer.Text(Encoding.Latin1.GetBytes((string)values[i]));
            else if (values[i] is byte[] bytes) writer.Bytes(bytes);
            else writer.Number(Convert.ToInt64(values[i]), types[i].Size);
        }
        return writer.Written.ToArray();
    }

    public static string Text(Action<OutputBuffer> print)
    {
        var output = new OutputBuffer();
        print(output);
        return Encoding.Latin1.GetString(output.Written);
    }

    public static string Print(params Aggregation[] aggregations) => Print(new DOptions(), aggregations);

    public static string Print(DOptions options, params Aggregation[] aggregations)
        => Text(output => AggregationText.Print(output, aggregations, options));

    public static string Printf(string format, params (DType Type, object Value)[] arguments)
    {
        DType[] types = [.. arguments.Select(argument => argument.Type)];
        Format compiled = Format.OfPrintf(format, types, 1);
        byte[] record = Record(types, [.. arguments.Select(argument => argument.Value)]);
        return Text(output => compiled.Write(output, record));
    }

    public static string Printa(string format, params Aggregation[] aggregations)
    {
        Format compiled = Format.OfPrinta(format, [.. aggregations.Select(aggregation => aggregation.Shape)], 1);
        return Text(output => compiled.Write(output, aggregations, new DOptions()));
    }
}
