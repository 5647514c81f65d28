namespace Iscsitop.Engine.D;

/// <summary>What a conversion may be given.</summary>
internal enum ConversionRule
{
    /// <summary>An integer or a pointer.</summary>
    Address,

    /// <summary>An integer of any size.</summary>
    Integer,

    /// <summary>An integer of 32 bits or less.</summary>
    Narrow,

    /// <summary>An integer of a size and with or without sign.</summary>
    Exact,

    /// <summary>An integer of a size.</summary>
    Sized,

    /// <summary>A string or an array of characters.</summary>
    Text,

    /// <summary>An integer of 64 bits: nanoseconds since 1970.</summary>
    Time,

    /// <summary>What no value here is: floating point, wide strings, stacks.</summary>
    Never,

    /// <summary>No value at all.</summary>
    None,
}

/// <summary>A conversion of a format.</summary>
/// <param name="Name">What follows the %, without flags, width and precision.</param>
/// <param name="Style">How it prints, by the conversion of C: d u o x X c s, or S C a Y T P % of D.</param>
/// <param name="Prototype">What it may be given, in the words of dtrace.</param>
/// <param name="Rule">The same, to check.</param>
/// <param name="Size">Bytes, when the rule is about a size.</param>
/// <param name="Signed">Whether the exact type has a sign.</param>
internal sealed record Conversion(string Name, char Style, string Prototype, ConversionRule Rule, int Size = 0, bool Signed = false)
{
    private const string AnyInteger = "char, short, int, long, or long long";
    private const string NarrowInteger = "char, short, or int";
    private const string Floating = "float, double, or long double";
    private const string LongDouble = "long double";
    private const string Characters = "char [] or string (or use stringof)";
    private const string Pointer = "pointer or integer";
    private const string Wide = "wchar_t []";

    private static readonly Dictionary<string, Conversion> All = new Conversion[]
    {
        new("a", 'a', Pointer, ConversionRule.Address),
        new("A", 'a', "pointer or integer (with -p/-c) or _usymaddr (without -p/-c)", ConversionRule.Address),
        new("c", 'c', NarrowInteger, ConversionRule.Narrow),
        new("C", 'C', NarrowInteger, ConversionRule.Narrow),
        new("d", 'd', AnyInteger, ConversionRule.Integer),
        new("e", 'e', Floating, ConversionRule.Never),
        new("E", 'e', Floating, ConversionRule.Never),
        new("f", 'e', Floating, ConversionRule.Never),
        new("g", 'e', Floating, ConversionRule.Never),
        new("G", 'e', Floating, ConversionRule.Never),
        new("hd", 'd', "short", ConversionRule.Exact, 2, true),
        new("hi", 'd', "short", ConversionRule.Exact, 2, true),
        new("ho", 'o', "unsigned short", ConversionRule.Exact, 2),
        new("hu", 'u', "unsigned short", ConversionRule.Exact, 2),
        new("hx", 'x', "short", ConversionRule.Sized, 2),
        new("hX", 'X', "short", ConversionRule.Sized, 2),
        new("i", 'd', AnyInteger, ConversionRule.Integer),
        new("I", 's', Characters, ConversionRule.Text),
        new("k", 's', "stack", ConversionRule.Never),
        new("lc", 'c', "int", ConversionRule.Exact, 4, true),
        new("ld", 'd', "long", ConversionRule.Exact, 8, true),
        new("li", 'd', "long", ConversionRule.Exact, 8, true),
        new("lo", 'o', "unsigned long", ConversionRule.Exact, 8),
        new("lu", 'u', "unsigned long", ConversionRule.Exact, 8),
        new("ls", 's', Wide, ConversionRule.Never),
        new("lx", 'x', "long", ConversionRule.Sized, 8),
        new("lX", 'X', "long", ConversionRule.Sized, 8),
        new("lld", 'd', "long long", ConversionRule.Exact, 8, true),
        new("lli", 'd', "long long", ConversionRule.Exact, 8, true),
        new("llo", 'o', "unsigned long long", ConversionRule.Exact, 8),
        new("llu", 'u', "unsigned long long", ConversionRule.Exact, 8),
        new("llx", 'x', "long long", ConversionRule.Sized, 8),
        new("llX", 'X', "long long", ConversionRule.Sized, 8),
        new("Le", 'e', LongDouble, ConversionRule.Never),
        new("LE", 'e', LongDouble, ConversionRule.Never),
        new("Lf", 'e', LongDouble, ConversionRule.Never),
        new("Lg", 'e', LongDouble, ConversionRule.Never),
        new("LG", 'e', LongDouble, ConversionRule.Never),
        new("o", 'o', AnyInteger, ConversionRule.Integer),
        new("p", 'x', Pointer, ConversionRule.Address),
        new("P", 'P', "uint16_t", ConversionRule.Exact, 2),
        new("s", 's', Characters, ConversionRule.Text),
        new("S", 'S', Characters, ConversionRule.Text),
        new("T", 'T', "int64_t", ConversionRule.Time),
        new("u", 'u', AnyInteger, ConversionRule.Integer),
        new("wc", 'c', "int", ConversionRule.Exact, 4, true),
        new("ws", 's', Wide, ConversionRule.Never),
        new("x", 'x', AnyInteger, ConversionRule.Integer),
        new("X", 'X', AnyInteger, ConversionRule.Integer),
        new("Y", 'Y', "int64_t", ConversionRule.Time),
        new("%", '%', "void", ConversionRule.None),
    }.ToDictionary(conversion => conversion.Name);

    /// <summary>The names of all conversions.</summary>
    public static IEnumerable<string> Names => All.Keys;

    /// <summary>The conversion of a name; null when there is none.</summary>
    public static Conversion? Find(string name) => All.GetValueOrDefault(name);

    /// <summary>Whether it may be given a type.</summary>
    public bool Takes(DType type) => Rule switch
    {
        ConversionRule.Address => type.IsScalar,
        ConversionRule.Integer => type.IsInteger,
        ConversionRule.Narrow => type.IsInteger && type.Size <= 4,
        ConversionRule.Exact => type.IsInteger && type.Size == Size && type.Signed == Signed,
        ConversionRule.Sized => type.IsInteger && type.Size == Size,
        ConversionRule.Time => type.IsInteger && type.Size == 8,
        ConversionRule.Text => type.IsString || type is { Kind: DKind.Array, Element: { IsInteger: true, Size: 1 } },
        _ => false,
    };
}
