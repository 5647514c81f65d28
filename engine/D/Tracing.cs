namespace Iscsitop.Engine.D;

/// <summary>trace(), tracemem() and print().</summary>
internal static class Tracing
{
    private const int StringWidth = -33;
    private const int DumpWidth = 16;

    /// <summary>trace(x): default widths, or bare when quiet; bytes as a dump.</summary>
    public static void Trace(OutputBuffer output, DType type, ReadOnlySpan<byte> record, DOptions options)
    {
        ReadOnlySpan<byte> bytes = new RecordReader(record).Datum(type);
        if (!options.Quiet) AggregationText.Datum(output, type, bytes, StringWidth, options);
        else if (!type.IsString && bytes.Length is 1 or 2 or 4 or 8) output.Number(Numbers.Load(bytes, signed: bytes.Length >= 4), 0);
        else Bytes(output, type, bytes, StringWidth, quiet: true, options.RawBytes);
    }

    /// <summary>tracemem(address, size): a dump with offsets, hex and characters.</summary>
    public static void Memory(OutputBuffer output, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        output.Write("\n             0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f  0123456789abcdef\n"u8);
        for (int at = 0; at < bytes.Length; at += DumpWidth)
        {
            ReadOnlySpan<byte> line = bytes[at..Math.Min(at + DumpWidth, bytes.Length)];
            output.Fill((byte)' ', 10 - HexLength(at));
            output.Hex((ulong)at);
            output.Write(":"u8);
            foreach (byte b in line)
            {
                output.Write(" "u8);
                output.Hex(b, 2);
            }
            output.Fill((byte)' ', 3 * (DumpWidth - line.Length) + 2);
            foreach (byte b in line) output.Fill(b is >= 0x20 and <= 0x7e ? b : (byte)'.', 1);
            output.Write("\n"u8);
        }
    }

    /// <summary>print(x): type and value, members of a struct each on its line.</summary>
    public static void Print(OutputBuffer output, DType type, ReadOnlySpan<byte> record)
        => TypedText.Write(output, type, new RecordReader(record).Datum(type));

    /// <summary>A string, or bytes: as a string when all are printable up to zeroes at the end, else a dump.</summary>
    /// <param name="output">Where.</param>
    /// <param name="type">Their type.</param>
    /// <param name="bytes">The bytes; of a string without NUL.</param>
    /// <param name="width">Columns of a string, negative: to the left.</param>
    /// <param name="quiet">Whether a string is printed bare.</param>
    /// <param name="raw">Whether it is always a dump.</param>
    public static void Bytes(OutputBuffer output, DType type, ReadOnlySpan<byte> bytes, int width, bool quiet, bool raw)
    {
        if (raw && type.IsString) Dump(output, bytes, type.Size);
        else if (raw || (!type.IsString && !IsText(bytes))) Memory(output, bytes);
        else if (quiet) output.Write(Text(bytes));
        else
        {
            output.Write("  "u8);
            output.Text(Text(bytes), width);
        }
    }

    private static void Dump(OutputBuffer output, ReadOnlySpan<byte> text, int size)
    {
        var bytes = new byte[Math.Max(size, text.Length)];
        text.CopyTo(bytes);
        Memory(output, bytes);
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes) => bytes.TrimEnd((byte)0);

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> text = Text(bytes);
        foreach (byte b in text)
        {
            if (b is not ((>= 0x20 and <= 0x7e) or (>= 7 and <= 13))) return false;
        }
        return !text.IsEmpty;
    }

    private static int HexLength(int number)
    {
        int length = 1;
        while ((number >>= 4) != 0) length++;
        return length;
    }
}
