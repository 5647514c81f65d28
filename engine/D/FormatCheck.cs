namespace Iscsitop.Engine.D;

/// <summary>Checks a format against what it is given, with the messages and tags of dtrace.</summary>
/// <param name="function">printf or printa.</param>
/// <param name="line">For messages.</param>
internal sealed class FormatCheck(string function, int line)
{
    /// <summary>Takes a format apart and checks it.</summary>
    /// <param name="text">The format.</param>
    /// <param name="arguments">Types of the arguments of printf, of the keys of printa.</param>
    /// <param name="aggregations">What printa is given; null for printf.</param>
    /// <exception cref="DCompileException">Something is wrong.</exception>
    public List<FormatPart> Check(string text, IReadOnlyList<DType> arguments, IReadOnlyList<AggregationShape>? aggregations)
    {
        List<FormatPart> parts = FormatPart.Split(text, line);
        if (parts.Count == 0) throw Wrong("D_PRINTF_FMT_EMPTY", $"{function}( ) format string is empty");
        int next = 0;
        int value = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            FormatPart part = parts[i];
            if (part.Conversion is not { Rule: not ConversionRule.None } conversion) continue;
            if (part.WidthGiven) CheckDynamic(conversion, "*", i + 1, arguments, next++);
            if (part.PrecisionGiven) CheckDynamic(conversion, ".*", i + 1, arguments, next++);
            if (part.Aggregation)
            {
                if (aggregations is null) throw Wrong("D_PRINTF_AGG_CONV", $"%@ conversion requires an aggregation and is not for use with {function}( )");
                CheckValue(conversion, i + 1, aggregations[value]);
                if (value < aggregations.Count - 1) value++;
                continue;
            }
            if (next == arguments.Count)
            {
                throw Wrong("D_PRINTF_ARG_PROTO",
                    $"{function}( ) prototype mismatch: conversion #{i + 1} (%{conversion.Name}) is missing a corresponding value argument");
            }
            CheckType(conversion, i + 1, $"argument #{next + 2}", arguments[next]);
            next++;
        }
        if (aggregations is null && next < arguments.Count)
        {
            throw Wrong("D_PRINTF_ARG_EXTRA", $"{function}( ) prototype mismatch: only {next} arguments required by this format string");
        }
        return parts;
    }

    /// <summary>Checks that two aggregations can be printed side by side.</summary>
    /// <exception cref="DCompileException">Their keys differ in number or kind.</exception>
    public static void Join(AggregationShape left, AggregationShape right, int line)
    {
        int count = left.Keys.Count;
        if (count != right.Keys.Count)
        {
            throw new DCompileException("D_PRINTA_AGGKEY",
                $"printa( ): {left.Name} and {right.Name} do not have matching key signatures: {Keys(left)}, {Keys(right)}", line);
        }
        for (int i = 0; i < count; i++)
        {
            if (Alike(left.Keys[i], right.Keys[i])) continue;
            throw new DCompileException("D_PRINTA_AGGPROTO",
                $"printa( ): {right.Name}[ ] key #{i + 1} is incompatible with {left.Name}:\n" +
                $"{left.Name[1..],9} key #{i + 1}: {left.Keys[i].Name}\n{right.Name[1..],9} key #{i + 1}: {right.Keys[i].Name}", line);
        }
    }

    private static string Keys(AggregationShape shape) => $"{shape.Name} has {shape.Keys.Count} key{(shape.Keys.Count == 1 ? "" : "s")}";

    private static bool Alike(DType left, DType right) => left.Kind == right.Kind && (left.IsScalar || left.IsString || left.Size == right.Size);

    private void CheckDynamic(Conversion conversion, string star, int number, IReadOnlyList<DType> arguments, int at)
    {
        if (at == arguments.Count)
        {
            throw Wrong("D_PRINTF_DYN_PROTO",
                $"{function}( ) prototype mismatch: conversion #{number} (%{conversion.Name}) is missing a corresponding \"{star}\" argument");
        }
        if (arguments[at].IsInteger) return;
        throw Wrong("D_PRINTF_DYN_TYPE",
            $"{function}( ) argument #{at + 2} is incompatible with conversion #{number} prototype:\n" +
            $"\tconversion: % {star} {conversion.Name}\n\t prototype: int\n\t  argument: {arguments[at].Name}");
    }

    private void CheckValue(Conversion conversion, int number, AggregationShape shape)
        => CheckType(conversion, number, "aggregating action", shape.Function == AggregatingFunction.Count ? DType.UInt64 : DType.Int64);

    private void CheckType(Conversion conversion, int number, string what, DType type)
    {
        if (conversion.Takes(type)) return;
        throw Wrong("D_PRINTF_ARG_TYPE",
            $"{function}( ) {what} is incompatible with conversion #{number} prototype:\n" +
            $"\tconversion: %{conversion.Name}\n\t prototype: {conversion.Prototype}\n\t  argument: {type.Name}");
    }

    private DCompileException Wrong(string tag, string message) => new(tag, message, line);
}
