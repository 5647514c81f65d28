using System.Text.RegularExpressions;

namespace Iscsitop.Target.Iscsi;

/// <summary>iSCSI names (RFC 7143 §4.2.7).</summary>
public static partial class IscsiName
{
    /// <summary>Longest name in bytes.</summary>
    public const int MaxLength = 223;

    /// <summary>Checks a name one of us is given: <c>iqn.yyyy-mm.reversed.domain[:text]</c>, <c>eui.</c> or <c>naa.</c> and hex digits.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length > MaxLength) return $"longer than {MaxLength} bytes";
        if (Iqn().IsMatch(name) || Eui().IsMatch(name) || Naa().IsMatch(name)) return null;
        if (name.Any(char.IsUpper) && Check(name.ToLowerInvariant()) is null) return "has capital letters; iSCSI names are lower case";
        return "no iSCSI name: expected iqn.yyyy-mm.reversed.domain[:text], eui. and 16 or naa. and 16 or 32 hex digits";
    }

    /// <summary>Whether a peer's name can be taken as it stands: its form is the peer's affair, but not control characters, spaces or paths.</summary>
    public static bool IsAcceptable(string name) =>
        name.Length > 0 && System.Text.Encoding.UTF8.GetByteCount(name) <= MaxLength
        && !name.Contains("..", StringComparison.Ordinal)
        && name.All(c => char.IsLetterOrDigit(c) || c is '-' or '.' or ':' or '_' or '+' or '@' or '#' or '%');

    [GeneratedRegex(@"^iqn\.\d{4}-(0[1-9]|1[0-2])\.[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:(?!.*\.\.)[a-z0-9.:-]+)?$")]
    private static partial Regex Iqn();

    [GeneratedRegex("^eui\\.[0-9a-f]{16}$", RegexOptions.IgnoreCase)]
    private static partial Regex Eui();

    [GeneratedRegex("^naa\\.([0-9a-f]{16}|[0-9a-f]{32})$", RegexOptions.IgnoreCase)]
    private static partial Regex Naa();
}
