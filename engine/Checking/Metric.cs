using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Checking;

/// <summary>What the values of a metric are, and so what they are compared with.</summary>
public enum Quantity : byte
{
    /// <summary>A time in ns: 500us, 20ms, 1.5s.</summary>
    Duration,

    /// <summary>So many a second: 1000, 1000/s.</summary>
    Rate,

    /// <summary>Bytes a second: 100MB/s, 64MiB/s.</summary>
    Bandwidth,

    /// <summary>Bytes: 4096, 64k.</summary>
    Size,

    /// <summary>How many: 3.</summary>
    Count,

    /// <summary>A share from 0 to 100: 90, 90%.</summary>
    Percent,
}

/// <summary>A figure that a condition can be about.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Quantity">What its values are.</param>
/// <param name="Help">One line for help and the man page.</param>
public sealed record Metric(string Name, Quantity Quantity, string Help)
{
    /// <summary>Another name, "" for none.</summary>
    public string Alias { get; init; } = "";

    /// <summary>Whether it is of commands, so that a direction may follow: <c>.read</c>, <c>.write</c>, <c>.other</c>.</summary>
    public bool Directed { get; init; }

    /// <summary>Commands it needs before it is known; 0 for none.</summary>
    public int Needs { get; init; }

    /// <summary>Unit of <c>-o json</c> and of performance data: us, 1/s, B/s, B, % or "".</summary>
    public string Unit => Quantity switch
    {
        Quantity.Duration => "us",
        Quantity.Rate => "1/s",
        Quantity.Bandwidth => "B/s",
        Quantity.Size => "B",
        Quantity.Percent => "%",
        _ => "",
    };

    /// <summary>What a value of the language is divided by to be in <see cref="Unit"/>.</summary>
    public double Scale => Quantity == Quantity.Duration ? 1e3 : 1;

    internal Func<Measured, CommandKind?, double> Value { get; init; } = (_, _) => double.NaN;

    /// <summary>Whether a word names it.</summary>
    public bool Is(string word) => word == Name || (Alias.Length > 0 && word == Alias);
}
