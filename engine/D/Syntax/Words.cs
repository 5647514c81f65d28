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

    // What the compiler's table of types has, too; a program may call a variable like any other word that ends in _t.
    private static readonly FrozenSet<string> s_names = FrozenSet.Create(
        "int8_t", "int16_t", "int32_t", "int64_t", "intptr_t", "intmax_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "uintptr_t", "uintmax_t",
        "uchar_t", "ushort_t", "uint_t", "ulong_t", "longlong_t", "u_longlong_t", "u_char", "u_short", "u_int", "u_long", "boolean_t", "caddr_t",
        "size_t", "ssize_t", "ptrdiff_t", "off_t", "offset_t", "u_offset_t", "time_t", "hrtime_t", "clock_t", "wchar_t", "mode_t", "dev_t", "ino_t",
        "pid_t", "id_t", "uid_t", "gid_t", "projid_t", "taskid_t", "zoneid_t", "processorid_t", "psetid_t", "chipid_t", "lgrp_id_t",
        "ipaddr_t", "in_addr_t", "in_port_t", "conninfo_t", "iscsiinfo_t", "iscsicmd_t", "scsicmd_t", "xferinfo_t");

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

    /// <summary>Whether it is the name of a type that is built in.</summary>
    public static bool IsType(string word) => s_names.Contains(word);

    /// <summary>Whether it is the name of a type by its looks.</summary>
    public static bool LooksLikeType(string word) => word.EndsWith("_t", StringComparison.Ordinal) || IsType(word);
}
