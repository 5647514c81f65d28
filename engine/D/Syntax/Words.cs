using System.Collections.Frozen;

namespace Iscsitop.Engine.D.Syntax;

/// <summary>Which words are reserved, and which are types.</summary>
internal static class Words
{
    private static readonly FrozenSet<string> s_base = FrozenSet.Create(
        "char", "double", "enum", "float", "int", "long", "short", "signed", "string", "struct", "union", "unsigned", "void");

    private static readonly FrozenSet<string> s_qualifiers = FrozenSet.Create("const", "restrict", "volatile");

    private static readonly FrozenSet<string> s_classes = FrozenSet.Create("auto", "extern", "register", "self", "static", "this", "typedef");

    private static readonly FrozenSet<string> s_others = FrozenSet.Create(
        "break", "case", "continue", "counter", "default", "do", "else", "for", "goto", "if", "import", "inline", "offsetof", "probe", "provider",
        "return", "sizeof", "stringof", "switch", "translator", "while", "xlate");

    // Types of the system headers that do not end in _t.
    private static readonly FrozenSet<string> s_names = FrozenSet.Create("caddr_t", "uchar", "ushort", "uint", "ulong", "longlong_t", "u_char", "u_int", "u_long", "u_short");

    /// <summary>Whether a type begins with it: int, struct, string and so on.</summary>
    public static bool IsBase(string word) => s_base.Contains(word);

    /// <summary>const, volatile, restrict.</summary>
    public static bool IsQualifier(string word) => s_qualifiers.Contains(word);

    /// <summary>self, this, typedef and so on.</summary>
    public static bool IsClass(string word) => s_classes.Contains(word);

    /// <summary>Whether no variable may be called so.</summary>
    public static bool IsReserved(string word) => IsBase(word) || IsQualifier(word) || IsClass(word) || s_others.Contains(word);

    /// <summary>Whether something else than a clause begins with it at the top level.</summary>
    public static bool BeginsDeclaration(string word) =>
        IsBase(word) || IsQualifier(word) || IsClass(word) || word is "counter" or "import" or "inline" or "provider" or "translator";

    /// <summary>Whether it is the name of a type by its looks: what no program declares has names that end in _t.</summary>
    public static bool LooksLikeType(string word) => word.EndsWith("_t", StringComparison.Ordinal) || s_names.Contains(word);
}
