namespace Iscsitop.Engine.D;

/// <summary>The kinds of types that values have.</summary>
internal enum DKind
{
    Void,
    Integer,
    String,
    Pointer,
    Struct,
    Array,
}

/// <summary>
/// A type of D (LP64, as the original ran): integers of 1, 2, 4 and 8 bytes, <c>string</c>, pointers, structs of members, arrays.
/// <see cref="Name"/> is what messages and -lv print.
/// </summary>
internal sealed class DType(DKind kind, string name, int size, bool signed = false)
{
    /// <summary>What it is.</summary>
    public DKind Kind { get; } = kind;

    /// <summary>As it was declared or is called: <c>uint32_t</c>, <c>conninfo_t *</c>.</summary>
    public string Name { get; } = name;

    /// <summary>Bytes of a value; of a string the most it may have (strsize), in a record it takes what it needs.</summary>
    public int Size { get; } = size;

    /// <summary>Whether an integer has a sign.</summary>
    public bool Signed { get; } = signed;

    /// <summary>What a pointer points to, or an array has.</summary>
    public DType? Element { get; init; }

    /// <summary>Members of a struct, in order.</summary>
    public IReadOnlyList<DMember> Members { get; init; } = [];

    public static readonly DType Void = new(DKind.Void, "void", 0);
    public static readonly DType Char = new(DKind.Integer, "char", 1, signed: true);
    public static readonly DType UChar = new(DKind.Integer, "uchar_t", 1);
    public static readonly DType Int8 = new(DKind.Integer, "int8_t", 1, signed: true);
    public static readonly DType UInt8 = new(DKind.Integer, "uint8_t", 1);
    public static readonly DType Int16 = new(DKind.Integer, "int16_t", 2, signed: true);
    public static readonly DType UInt16 = new(DKind.Integer, "uint16_t", 2);
    public static readonly DType Int = new(DKind.Integer, "int", 4, signed: true);
    public static readonly DType UInt = new(DKind.Integer, "unsigned int", 4);
    public static readonly DType UInt32 = new(DKind.Integer, "uint32_t", 4);
    public static readonly DType Int64 = new(DKind.Integer, "int64_t", 8, signed: true);
    public static readonly DType UInt64 = new(DKind.Integer, "uint64_t", 8);
    public static readonly DType Long = new(DKind.Integer, "long", 8, signed: true);
    public static readonly DType ULong = new(DKind.Integer, "unsigned long", 8);
    public static readonly DType String = new(DKind.String, "string", 256);

    public bool IsInteger => Kind == DKind.Integer;

    public bool IsString => Kind == DKind.String;

    /// <summary>Whether it can stand as a condition.</summary>
    public bool IsScalar => Kind is DKind.Integer or DKind.Pointer;

    /// <summary>A pointer to this.</summary>
    public DType PointerTo() => new(DKind.Pointer, Kind == DKind.Pointer ? Name + "*" : Name + " *", 8) { Element = this };

    public override string ToString() => Name;
}

/// <summary>A member of a struct.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Offset">Bytes from the struct's beginning, for sizeof and offsetof.</param>
internal sealed record DMember(string Name, DType Type, int Offset);
