namespace Iscsitop.Engine.D;

/// <summary>A format of printf() or printa(), checked against what it is given when the program is compiled.</summary>
internal sealed class Format
{
    private readonly List<FormatPart> _parts;
    private readonly IReadOnlyList<DType> _types;

    private Format(List<FormatPart> parts, IReadOnlyList<DType> types) => (_parts, _types) = (parts, types);

    /// <summary>A format of printf.</summary>
    /// <param name="text">The format, escapes resolved.</param>
    /// <param name="arguments">Types of what follows.</param>
    /// <param name="line">For messages.</param>
    /// <exception cref="DCompileException">It is no format, or does not go with its arguments.</exception>
    public static Format OfPrintf(string text, IReadOnlyList<DType> arguments, int line)
        => new(new FormatCheck("printf", line).Check(text, arguments, null), arguments);

    /// <summary>A format of printa.</summary>
    /// <exception cref="DCompileException">It is no format, or does not go with the aggregations, or their keys differ.</exception>
    public static Format OfPrinta(string text, IReadOnlyList<AggregationShape> aggregations, int line)
    {
        CheckJoin(aggregations, line);
        return new Format(new FormatCheck("printa", line).Check(text, aggregations[0].Keys, aggregations), aggregations[0].Keys);
    }

    /// <summary>Checks that aggregations of one printa, with or without a format, have keys alike.</summary>
    /// <exception cref="DCompileException">They have not.</exception>
    public static void CheckJoin(IReadOnlyList<AggregationShape> aggregations, int line)
    {
        for (int i = 1; i < aggregations.Count; i++) FormatCheck.Join(aggregations[0], aggregations[i], line);
    }

    /// <summary>Prints, once.</summary>
    /// <param name="output">Where.</param>
    /// <param name="record">The arguments' record.</param>
    public void Write(OutputBuffer output, ReadOnlySpan<byte> record)
    {
        var reader = new RecordReader(record);
        int next = 0;
        foreach (FormatPart part in _parts)
        {
            output.Write(part.Prefix);
            if (part.Conversion is not { } conversion) continue;
            var field = new Field(part);
            if (conversion.Rule == ConversionRule.None)
            {
                output.Write("%"u8);
                continue;
            }
            ReadDynamic(part, ref field, ref reader, _types, ref next);
            DType type = _types[next++];
            FieldWriter.Datum(output, conversion, in field, type, reader.Datum(type));
        }
    }

    /// <summary>Prints, once for each key.</summary>
    public void Write(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, DOptions options)
    {
        List<JoinedRow> rows = AggregationOrder.Rows(aggregations, options);
        foreach (JoinedRow row in rows) Write(output, aggregations, row);
        AggregationText.MarkPrinted(aggregations, rows.Count);
    }

    private void Write(OutputBuffer output, IReadOnlyList<Aggregation> aggregations, JoinedRow row)
    {
        var reader = new RecordReader(row.Key);
        int next = 0;
        int value = 0;
        foreach (FormatPart part in _parts)
        {
            output.Write(part.Prefix);
            if (part.Conversion is not { } conversion) continue;
            var field = new Field(part);
            if (conversion.Rule == ConversionRule.None)
            {
                output.Write("%"u8);
                continue;
            }
            ReadDynamic(part, ref field, ref reader, row.Keys, ref next);
            if (part.Aggregation)
            {
                FieldWriter.Value(output, conversion, in field, aggregations[value], row.Entries[value]);
                if (value < aggregations.Count - 1) value++;
                continue;
            }
            DType type = row.Keys[next++];
            FieldWriter.Datum(output, conversion, in field, type, reader.Datum(type));
        }
    }

    private static void ReadDynamic(FormatPart part, ref Field field, ref RecordReader reader, IReadOnlyList<DType> types, ref int next)
    {
        if (part.WidthGiven) field.SetWidth(reader.Number(types[next++]));
        if (part.PrecisionGiven) field.SetPrecision(reader.Number(types[next++]));
    }
}
