using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>The types that a program can name: those there always are, and those it declares.</summary>
internal sealed class TypeTable
{
    // Names of one type, as C and Solaris have them (LP64).
    private static readonly (string Names, int Size, bool Signed)[] s_integers =
    [
        ("char|signed char|int8_t", 1, true),
        ("unsigned char|uchar_t|uint8_t|u_char", 1, false),
        ("short|short int|signed short|signed short int|int16_t", 2, true),
        ("unsigned short|unsigned short int|ushort_t|uint16_t|u_short|in_port_t", 2, false),
        ("int|signed|signed int|int32_t|pid_t|id_t|boolean_t|processorid_t|psetid_t|chipid_t|lgrp_id_t|wchar_t", 4, true),
        ("unsigned int|unsigned|uint_t|uint32_t|u_int|uid_t|gid_t|ipaddr_t|in_addr_t|mode_t|projid_t|taskid_t|zoneid_t", 4, false),
        ("long|long int|signed long|signed long int|int64_t|long long|long long int|signed long long|signed long long int|longlong_t|off_t|offset_t|time_t|hrtime_t|ssize_t|intptr_t|ptrdiff_t|clock_t|intmax_t", 8, true),
        ("unsigned long|unsigned long int|ulong_t|uint64_t|unsigned long long|unsigned long long int|u_longlong_t|u_long|size_t|uintptr_t|u_offset_t|uintmax_t|dev_t|ino_t", 8, false),
    ];

    private readonly Dictionary<string, DType> _types = new(StringComparer.Ordinal);

    public TypeTable()
    {
        foreach ((string names, int size, bool signed) in s_integers)
            foreach (string name in names.Split('|'))
                _types[name] = new DType(DKind.Integer, name, size, signed);
        foreach (DType known in new[] { DType.Void, DType.String, DType.Char, DType.Int, DType.UInt, DType.Long, DType.ULong }) _types[known.Name] = known;
        foreach (DType known in ProviderTypes.Structs) _types[known.Name] = known;
        _types["caddr_t"] = DType.Char.PointerTo();
    }

    /// <summary>Enumerators, the constants of enums.</summary>
    public Dictionary<string, (DType Type, long Value)> Enumerators { get; } = new(StringComparer.Ordinal);

    /// <summary>The type of a name.</summary>
    /// <param name="name">As it was written.</param>
    /// <param name="constant">The value of an array bound or an enumerator.</param>
    public DType Resolve(TypeName name, Func<Expression, long> constant)
    {
        DType type = name.Members is not null || name.Enumerators is not null ? Declare(name, constant) : Find(name);
        for (int i = 0; i < name.Pointers; i++) type = type.PointerTo();
        for (int i = name.Bounds.Count - 1; i >= 0; i--)
        {
            long count = constant(name.Bounds[i]);
            if (count is < 0 or > int.MaxValue / 16) throw new DCompileException("D_DECL_ARRSUB", "array size must be a non-negative integer constant", name.Line);
            type = new DType(DKind.Array, $"{type.Name} [{count}]", checked((int)(type.Size * count))) { Element = type };
        }
        return type;
    }

    /// <summary>typedef.</summary>
    public void Name(string name, DType type) => _types[name] = type.Kind switch
    {
        // Each name is a type of its own in messages and to print().
        DKind.Integer => new DType(DKind.Integer, name, type.Size, type.Signed),
        DKind.Struct => new DType(DKind.Struct, name, type.Size) { Members = type.Members },
        _ => type,
    };

    private DType Find(TypeName name)
    {
        string words = Normal(name.Words);
        if (_types.TryGetValue(words, out DType? type)) return type;
        if (words.StartsWith("enum ", StringComparison.Ordinal)) return DType.Int;
        // A pointer to a struct that nobody declared is fine as long as nobody looks into it.
        if (name.Pointers > 0 && (words.StartsWith("struct ", StringComparison.Ordinal) || words.StartsWith("union ", StringComparison.Ordinal)))
            return new DType(DKind.Struct, words, 0);
        throw new DCompileException("D_DECL_NOTYPE", $"failed to resolve type {words}: Unknown type name", name.Line);
    }

    // "long unsigned int" is "unsigned long int", and const says nothing here.
    private static string Normal(string words)
    {
        string[] parts = [.. words.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(w => w is not ("const" or "volatile" or "restrict" or "static" or "extern" or "register" or "auto"))];
        if (parts.Length > 1 && parts[0] is not ("struct" or "union" or "enum"))
            parts = [.. parts.OrderBy(w => w switch { "unsigned" or "signed" => 0, "short" => 1, "long" => 2, _ => 3 })];
        return string.Join(' ', parts);
    }

    private DType Declare(TypeName name, Func<Expression, long> constant)
    {
        string words = Normal(name.Words);
        bool tagged = words.Contains(' ', StringComparison.Ordinal);
        if (name.Enumerators is { } enumerators)
        {
            var type = new DType(DKind.Integer, words, 4, signed: true);
            long next = 0;
            foreach ((string enumerator, Expression? value) in enumerators)
            {
                if (value is not null) next = constant(value);
                if (!Enumerators.TryAdd(enumerator, (type, next))) throw Redeclared(enumerator, name.Line);
                next++;
            }
            if (tagged && !_types.TryAdd(words, type)) throw Redeclared(words, name.Line);
            return type;
        }
        bool union = words.StartsWith("union", StringComparison.Ordinal);
        var members = new List<DMember>();
        int end = 0, align = 1;
        foreach ((TypeName of, string member) in name.Members!)
        {
            DType type = Resolve(of, constant);
            if (type.Kind == DKind.Void || type is { Kind: DKind.Struct, Members.Count: 0 })
                throw new DCompileException("D_DECL_INCOMPLETE", $"member {member} may not be of incomplete type {type.Name}", of.Line);
            if (members.Exists(m => m.Name == member)) throw Redeclared(member, of.Line);
            int alignment = AlignmentOf(type), offset = union ? 0 : (end + alignment - 1) / alignment * alignment;
            members.Add(new DMember(member, type, offset));
            end = Math.Max(end, offset + type.Size);
            align = Math.Max(align, alignment);
        }
        var made = new DType(DKind.Struct, words, (end + align - 1) / align * align) { Members = members };
        if (tagged && !_types.TryAdd(words, made)) throw Redeclared(words, name.Line);
        return made;
    }

    private static int AlignmentOf(DType type) => type.Kind switch
    {
        DKind.Integer or DKind.Pointer => type.Size,
        DKind.Array => AlignmentOf(type.Element!),
        DKind.Struct => type.Members.Select(m => AlignmentOf(m.Type)).DefaultIfEmpty(1).Max(),
        _ => 1,
    };

    private static DCompileException Redeclared(string name, int line) => new("D_DECL_IDRED", $"identifier redeclared: {name}", line);
}
