using System.Globalization;

namespace Iscsitop.Engine.D;

/// <summary>Width, precision and flags of a conversion, as they are when it prints.</summary>
internal struct Field(FormatPart part)
{
    /// <summary>Columns at least.</summary>
    public int Width { get; private set; } = part.Width;

    /// <summary>Digits at least or characters at most; 0 for none.</summary>
    public int Precision { get; private set; } = part.Precision;

    /// <summary>Whether it stands to the left.</summary>
    public bool Left { get; private set; } = part.Left;

    /// <summary>Its other flags.</summary>
    public FormatPart Part { get; } = part;

    /// <summary>An argument gives the width; negative is to the left.</summary>
    public void SetWidth(long width)
    {
        int columns = (int)width;
        if (columns < 0) Left = true;
        Width = (int)Math.Min(Math.Abs((long)columns), FormatPart.Most);
    }

    /// <summary>An argument gives the precision; negative is none.</summary>
    public void SetPrecision(long precision) => Precision = Math.Clamp((int)precision, 0, FormatPart.Most);
}

/// <summary>Prints a value by a conversion, as printf(3C) does.</summary>
internal static class FieldWriter
{
    /// <summary>An argument or key.</summary>
    public static void Datum(OutputBuffer output, Conversion conversion, in Field field, DType type, ReadOnlySpan<byte> bytes)
    {
        switch (conversion.Style)
        {
            case 's':
                Text(output, in field, type.IsString ? bytes : Terminated(bytes));
                return;
            case 'S':
                Escaped(output, in field, bytes);
                return;
        }
        long number = Numbers.Load(bytes, type.Signed);
        ulong unsigned = (ulong)Numbers.Load(bytes, signed: false);
        Number(output, conversion, in field, number, unsigned, type.Signed);
    }

    /// <summary>The value of an aggregation; a distribution is printed as a block, whatever the conversion says.</summary>
    public static void Value(OutputBuffer output, Conversion conversion, in Field field, Aggregation aggregation, int entry)
    {
        if (aggregation.Shape.IsDistribution)
        {
            AggregationText.Block(output, aggregation, entry);
            return;
        }
        long result = aggregation.Result(entry);
        bool signed = aggregation.Shape.Function is not (AggregatingFunction.Count or AggregatingFunction.Stddev);
        Number(output, conversion, in field, result, (ulong)result, signed);
    }

    private static void Number(OutputBuffer output, Conversion conversion, in Field field, long number, ulong unsigned, bool signed)
    {
        switch (conversion.Style)
        {
            case 'd' when signed:
                ReadOnlySpan<byte> sign = number < 0 ? "-"u8 : field.Part.Plus ? "+"u8 : field.Part.Space ? " "u8 : default;
                Digits(output, in field, sign, number < 0 ? (ulong)-number : (ulong)number, "D");
                break;
            case 'd' or 'u' or 'P':
                Digits(output, in field, default, unsigned, "D");
                break;
            case 'x':
                Digits(output, in field, field.Part.Alternate && unsigned != 0 ? "0x"u8 : default, unsigned, "x");
                break;
            case 'X':
                Digits(output, in field, field.Part.Alternate && unsigned != 0 ? "0X"u8 : default, unsigned, "X");
                break;
            case 'o':
                Octal(output, in field, unsigned);
                break;
            case 'c':
                Text(output, field.Width, field.Left, [(byte)number]);
                break;
            case 'C':
                Escaped(output, in field, [(byte)number]);
                break;
            case 'a':
                Address(output, in field, unsigned);
                break;
            case 'Y' or 'T':
                Span<byte> text = stackalloc byte[80];
                Text(output, in field, text[..Clock.Format(text, number, mail: conversion.Style == 'T')]);
                break;
        }
    }

    private static void Digits(OutputBuffer output, in Field field, ReadOnlySpan<byte> sign, ulong number, string style)
    {
        Span<byte> digits = stackalloc byte[20];
        number.TryFormat(digits, out int length, style, CultureInfo.InvariantCulture);
        Padded(output, in field, sign, digits[..length]);
    }

    private static void Octal(OutputBuffer output, in Field field, ulong number)
    {
        Span<byte> digits = stackalloc byte[24];
        int at = digits.Length;
        do
        {
            digits[--at] = (byte)('0' + (number & 7));
            number >>= 3;
        }
        while (number != 0);
        if (field.Part.Alternate && digits[at] != '0' && field.Precision <= digits.Length - at) digits[--at] = (byte)'0';
        Padded(output, in field, default, digits[at..]);
    }

    private static void Padded(OutputBuffer output, in Field field, ReadOnlySpan<byte> sign, ReadOnlySpan<byte> digits)
    {
        int zeroes = Math.Max(field.Precision - digits.Length, 0);
        int blanks = field.Width - sign.Length - digits.Length - zeroes;
        if (field.Part.Zeroes && !field.Left && field.Precision == 0 && blanks > 0) (zeroes, blanks) = (blanks, 0);
        if (!field.Left) output.Fill((byte)' ', blanks);
        output.Write(sign);
        output.Fill((byte)'0', zeroes);
        output.Write(digits);
        if (field.Left) output.Fill((byte)' ', blanks);
    }

    // No address here has a symbol.
    private static void Address(OutputBuffer output, in Field field, ulong address)
    {
        Span<byte> text = stackalloc byte[20];
        "0x"u8.CopyTo(text);
        address.TryFormat(text[2..], out int length, "x", CultureInfo.InvariantCulture);
        Text(output, in field, text[..(length + 2)]);
    }

    private static void Text(OutputBuffer output, in Field field, ReadOnlySpan<byte> text)
        => Text(output, field.Width, field.Left, field.Precision > 0 && field.Precision < text.Length ? text[..field.Precision] : text);

    private static void Text(OutputBuffer output, int width, bool left, ReadOnlySpan<byte> text) => output.Text(text, left ? -width : width);

    private static void Escaped(OutputBuffer output, in Field field, ReadOnlySpan<byte> text)
    {
        Span<byte> small = stackalloc byte[1024];
        Span<byte> escaped = text.Length * 4 <= small.Length ? small : new byte[text.Length * 4];
        Text(output, in field, escaped[..Escapes.Escape(escaped, text)]);
    }

    private static ReadOnlySpan<byte> Terminated(ReadOnlySpan<byte> bytes) => bytes.IndexOf((byte)0) is >= 0 and var end ? bytes[..end] : bytes;
}
