namespace Iscsitop.Engine.Filtering;

/// <summary>What the values of a field are, and so what it can be compared with.</summary>
public enum FilterType : byte
{
    /// <summary>A number: 3, 0x10.</summary>
    Number,

    /// <summary>A time: 500us, 20ms, 1.5s.</summary>
    Duration,

    /// <summary>Bytes: 4096, 64k, 1Mi.</summary>
    Size,

    /// <summary>A text, letter case ignored.</summary>
    Text,

    /// <summary>An address: 192.0.2.7, 192.0.2.0/24, 192.0.2.7:3260.</summary>
    Address,

    /// <summary>A SCSI operation: READ(10), 0x28, 0x9e/0x10, or read, write, other.</summary>
    Operation,

    /// <summary>One of a few words.</summary>
    Word,

    /// <summary>Sense key, ASC and ASCQ: 05, 05/24, 05/24/00.</summary>
    Sense,
}

/// <summary>What must be looked at to know a field.</summary>
public enum FilterLevel : byte
{
    /// <summary>A connection.</summary>
    Connection,

    /// <summary>A connection's commands of one kind on one unit: a cell.</summary>
    Cell,

    /// <summary>Single commands.</summary>
    Command,

    /// <summary>Single PDUs.</summary>
    Pdu,

    /// <summary>What the lists of failures, task management requests and findings have beside that.</summary>
    List,
}

/// <summary>A field of the filter language.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">What its values are.</param>
/// <param name="Level">What must be looked at to know it.</param>
/// <param name="Help">One line for help and the man page.</param>
public sealed record FilterField(string Name, FilterType Type, FilterLevel Level, string Help)
{
    /// <summary>Another name, "" for none.</summary>
    public string Alias { get; init; } = "";

    /// <summary>The words of a <see cref="FilterType.Word"/> and what they stand for.</summary>
    public IReadOnlyList<(string Word, int Value)> Words { get; init; } = [];

    internal NumberOf? Number { get; init; }

    internal TextOf? Text { get; init; }

    /// <summary>Whether a word names it.</summary>
    public bool Is(string word) => word == Name || (Alias.Length > 0 && word == Alias);
}
