using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Snooping;

/// <summary>Reads a value of a line.</summary>
internal delegate TValue ReadValue<T, out TValue>(in T line, in EventContext context);

/// <summary>Copies bytes of a line.</summary>
/// <returns>How many, 0 when there are none.</returns>
internal delegate int ReadBytes<T>(in T line, Span<byte> into);

/// <summary>The value of a field, as each kind of file has it.</summary>
internal abstract class RecordValue<T>
{
    /// <summary>Whether it is a text rather than a number.</summary>
    public virtual bool IsText => false;

    /// <summary>Writes it as JSON, null when it is unknown.</summary>
    public abstract void Write(Utf8JsonWriter json, in T line, in EventContext context);

    /// <summary>New columns for it in Parquet.</summary>
    /// <param name="name">Name of the field.</param>
    public abstract IEnumerable<ParquetColumn<T>> Columns(string name);
}

/// <summary>The kinds of values there are.</summary>
internal static class RecordValues<T>
{
    /// <summary>When it happened: JSON has seconds, Parquet a timestamp in us and the same in ns.</summary>
    public static RecordValue<T> Time { get; } = new TimeValue();

    /// <summary>Text, "" when it is unknown.</summary>
    public static RecordValue<T> Text(ReadValue<T, string> read) => new TextValue(read);

    /// <summary>A number up to 2^32-1.</summary>
    public static RecordValue<T> UInt32(ReadValue<T, uint?> read) => new NumberValue<uint>(read);

    /// <summary>A number up to 2^64-1.</summary>
    public static RecordValue<T> UInt64(ReadValue<T, ulong?> read) => new NumberValue<ulong>(read);

    /// <summary>A number that may be negative.</summary>
    public static RecordValue<T> Int64(ReadValue<T, long?> read) => new NumberValue<long>(read);

    /// <summary>ns, -1 when they are unknown. JSON has us with a fraction, Parquet ns; the name says so.</summary>
    public static RecordValue<T> Duration(ReadValue<T, long> read) => new DurationValue(read);

    /// <summary>Up to 48 bytes in hex.</summary>
    public static RecordValue<T> Hex(ReadBytes<T> read) => new HexValue(read);

    private static string? Known(string text) => text.Length == 0 || JsonPieces.IsStandIn(text) ? null : text;

    private sealed class TimeValue : RecordValue<T>
    {
        public override void Write(Utf8JsonWriter json, in T line, in EventContext context)
        {
            Span<byte> text = stackalloc byte[32];
            (context.WallTime / 1_000_000_000).TryFormat(text, out int seconds, default, CultureInfo.InvariantCulture);
            text[seconds] = (byte)'.';
            (context.WallTime % 1_000_000_000).TryFormat(text[(seconds + 1)..], out int fraction, "d9", CultureInfo.InvariantCulture);
            json.WriteRawValue(text[..(seconds + 1 + fraction)], skipInputValidation: true);
        }

        public override IEnumerable<ParquetColumn<T>> Columns(string name) => [new ParquetTime<T>(name), new ParquetNanoseconds<T>(name + "_ns")];
    }

    private sealed class TextValue(ReadValue<T, string> read) : RecordValue<T>
    {
        public override bool IsText => true;

        public override void Write(Utf8JsonWriter json, in T line, in EventContext context)
        {
            if (Known(read(line, context)) is { } text) json.WriteStringValue(text);
            else json.WriteNullValue();
        }

        public override IEnumerable<ParquetColumn<T>> Columns(string name) => [new ParquetText<T>(name, (in line, in context) => Known(read(line, context)))];
    }

    private sealed class NumberValue<TNumber>(ReadValue<T, TNumber?> read) : RecordValue<T>
        where TNumber : struct, INumber<TNumber>
    {
        public override void Write(Utf8JsonWriter json, in T line, in EventContext context)
        {
            if (read(line, context) is not { } number) json.WriteNullValue();
            else if (TNumber.IsNegative(number)) json.WriteNumberValue(long.CreateChecked(number));
            else json.WriteNumberValue(ulong.CreateChecked(number));
        }

        public override IEnumerable<ParquetColumn<T>> Columns(string name) => [new ParquetNumbers<T, TNumber>(name, read)];
    }

    private sealed class DurationValue(ReadValue<T, long> read) : RecordValue<T>
    {
        private const string Microseconds = "_us";

        public override void Write(Utf8JsonWriter json, in T line, in EventContext context)
        {
            long ns = read(line, context);
            if (ns < 0) json.WriteNullValue();
            else json.WriteNumberValue(ns / 1e3);
        }

        public override IEnumerable<ParquetColumn<T>> Columns(string name) =>
            [new ParquetNumbers<T, long>(name[..^Microseconds.Length] + "_ns", (in line, in context) => read(line, context) is >= 0 and var ns ? ns : null)];
    }

    private sealed class HexValue(ReadBytes<T> read) : RecordValue<T>
    {
        public override bool IsText => true;

        public override void Write(Utf8JsonWriter json, in T line, in EventContext context)
        {
            Span<byte> bytes = stackalloc byte[PduFields.MaxCdb];
            Span<char> hex = stackalloc char[2 * PduFields.MaxCdb];
            int length = read(line, bytes);
            if (length == 0 || !Convert.TryToHexStringLower(bytes[..length], hex, out int written)) json.WriteNullValue();
            else json.WriteStringValue(hex[..written]);
        }

        public override IEnumerable<ParquetColumn<T>> Columns(string name) => [new ParquetHex<T>(name, read)];
    }
}
