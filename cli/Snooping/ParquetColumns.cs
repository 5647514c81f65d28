using Iscsitop.Engine;
using Parquet;
using Parquet.Schema;

namespace Iscsitop.Cli.Snooping;

/// <summary>A column of the row group being gathered.</summary>
/// <param name="field">How the file's schema describes it.</param>
internal abstract class ParquetColumn<T>(DataField field)
{
    /// <summary>How the file's schema describes it.</summary>
    public DataField Field { get; } = field;

    /// <summary>Puts the value of a line into a row: the one behind the last.</summary>
    public abstract void Put(int row, in T line, in EventContext context);

    /// <summary>Writes the rows before this one as the group's next column.</summary>
    public abstract Task WriteAsync(ParquetRowGroupWriter group, int rows);

    /// <summary>Makes room for a row. Groups of few rows take little memory.</summary>
    protected static void Grow<TValue>(ref TValue[] values, int row)
    {
        if (row == values.Length) Array.Resize(ref values, Math.Max(256, 2 * row));
    }
}

/// <summary>Numbers, null when they are unknown.</summary>
internal sealed class ParquetNumbers<T, TNumber>(string name, ReadValue<T, TNumber?> read) : ParquetColumn<T>(new DataField<TNumber>(name, true))
    where TNumber : struct
{
    private TNumber?[] _values = [];

    public override void Put(int row, in T line, in EventContext context)
    {
        Grow(ref _values, row);
        _values[row] = read(line, context);
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync<TNumber>(Field, _values.AsMemory(0, rows));
}

/// <summary>Times in ns since 1970, UTC.</summary>
internal sealed class ParquetNanoseconds<T>(string name) : ParquetColumn<T>(new DataField<long>(name, false))
{
    private long[] _values = [];

    public override void Put(int row, in T line, in EventContext context)
    {
        Grow(ref _values, row);
        _values[row] = context.WallTime;
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync<long>(Field, _values.AsMemory(0, rows));
}

/// <summary>Times as timestamps in us, UTC: Spark takes none in ns.</summary>
internal sealed class ParquetTime<T> : ParquetColumn<T>
{
    // The library (6.1.0) writes a column's lowest and highest DateTime in ms whatever its unit, and readers leave out by them what they
    // should have found. So the numbers are written, by a field that takes them and has the same name.
    private readonly DataField<long> _numbers;
    private long[] _values = [];

    public ParquetTime(string name)
        : base(new DateTimeDataField(name, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: false))
    {
        _numbers = new DataField<long>(name, false);
        _ = new ParquetSchema(_numbers);
    }

    public override void Put(int row, in T line, in EventContext context)
    {
        Grow(ref _values, row);
        _values[row] = context.WallTime / 1000;
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync<long>(_numbers, _values.AsMemory(0, rows));
}

/// <summary>Text, null when it is unknown.</summary>
internal sealed class ParquetText<T>(string name, ReadValue<T, string?> read) : ParquetColumn<T>(new DataField(name, typeof(string), true))
{
    private string?[] _values = [];

    public override void Put(int row, in T line, in EventContext context)
    {
        Grow(ref _values, row);
        _values[row] = read(line, context);
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync(Field, new ArraySegment<string?>(_values, 0, rows)!);
}

/// <summary>Bytes in hex.</summary>
internal sealed class ParquetHex<T>(string name, ReadBytes<T> read) : ParquetColumn<T>(new DataField(name, typeof(string), true))
{
    private ReadOnlyMemory<char>?[] _values = [];
    private char[] _hex = [];

    public override void Put(int row, in T line, in EventContext context)
    {
        const int most = 2 * PduFields.MaxCdb;
        Grow(ref _values, row);
        // What was put before stays where it is: the old array lives as long as it is pointed to.
        if ((row + 1) * most > _hex.Length) Array.Resize(ref _hex, _values.Length * most);
        Span<byte> bytes = stackalloc byte[PduFields.MaxCdb];
        int length = read(line, bytes);
        if (length > 0) Convert.TryToHexStringLower(bytes[..length], _hex.AsSpan(row * most, most), out _);
        // A bare null would be an array, and then empty memory.
        _values[row] = length == 0 ? default(ReadOnlyMemory<char>?) : _hex.AsMemory(row * most, 2 * length);
    }

    public override Task WriteAsync(ParquetRowGroupWriter group, int rows) => group.WriteAsync<ReadOnlyMemory<char>>(Field, _values.AsMemory(0, rows));
}
