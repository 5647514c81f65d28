using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Server;

/// <summary>
/// What <c>--lun</c> says of one logical unit: <c>N=ram:SIZE[,option...]</c>, <c>N=file:PATH[,size=SIZE][,option...]</c> or
/// <c>N=block:PATH[,option...]</c>. A path that holds a comma stands in double quotes.
/// </summary>
/// <param name="Lun">The LUN, 0–16383.</param>
/// <param name="Kind">The store: <see cref="Ram"/>, <see cref="File"/> or <see cref="Block"/>.</param>
/// <param name="Path">The file or block device; "" for memory.</param>
/// <param name="Size">Bytes; 0 takes a file as it is.</param>
/// <param name="ReadOnly">Whether writes are refused.</param>
/// <param name="BlockSize">Bytes of a logical block: 512, 1024, 2048 or 4096.</param>
/// <param name="Delay">What each read and write waits, whole milliseconds up to a minute.</param>
/// <param name="Serial">Unit serial number, up to 64 printable ASCII characters; "" derives one.</param>
/// <param name="PhysicalBlockSize">Bytes of a physical block, a power of two up to 65536; 0 is that of a logical block.</param>
/// <param name="Thin">Whether blocks can be unmapped; memory always can.</param>
/// <param name="Removable">Whether the medium can be ejected.</param>
/// <param name="Naa">NAA identifier, 16 or 32 hexadecimal digits; "" derives one.</param>
/// <param name="Vendor">T10 vendor identification, up to 8 characters; "" is ours.</param>
/// <param name="Product">Product identification, up to 16 characters; "" is ours.</param>
public sealed record LunSpec(
    int Lun, string Kind, string Path, long Size, bool ReadOnly = false, int BlockSize = 512, TimeSpan Delay = default, string Serial = "",
    int PhysicalBlockSize = 0, bool Thin = false, bool Removable = false, string Naa = "", string Vendor = "", string Product = "")
{
    /// <summary>The kind of a unit in memory.</summary>
    public const string Ram = "ram";

    /// <summary>The kind of a unit in a file.</summary>
    public const string File = "file";

    /// <summary>The kind of a unit on a block device.</summary>
    public const string Block = "block";

    private const string Form = "N=ram:SIZE, N=file:PATH[,size=SIZE] or N=block:PATH, with options like ,ro or ,bs=4096";
    private const int MaxPhysicalBlock = 65536;
    private const string SizeForm = "a number of bytes, or of KiB, MiB, GiB, TiB, KB, MB, GB or TB, such as 64MiB";
    private const int MaxSerial = 64;

    private static readonly string[] s_kinds = [Ram, File, Block];

    private static readonly OptionRow[] s_options =
    [
        new("ro", null, (LunSpec spec, string value, ref string? wrong) => spec with { ReadOnly = true }),
        new("thin", null, (LunSpec spec, string value, ref string? wrong) => spec with { Thin = true }),
        new("removable", null, (LunSpec spec, string value, ref string? wrong) => spec with { Removable = true }),
        new("size", "SIZE", ParseSize, File),
        new("bs", "BYTES", ParseBlockSize),
        new("block", "BYTES", ParseBlockSize, Alias: true),
        new("pbs", "BYTES", ParsePhysicalBlockSize),
        new("delay", "DURATION", ParseDelay),
        new("serial", "TEXT", (LunSpec spec, string value, ref string? wrong) => spec with { Serial = ParseText("serial", value, MaxSerial, ref wrong) }),
        new("naa", "HEX", ParseNaa),
        new("vendor", "TEXT", (LunSpec spec, string value, ref string? wrong) => spec with { Vendor = ParseText("vendor", value, 8, ref wrong) }),
        new("product", "TEXT", (LunSpec spec, string value, ref string? wrong) => spec with { Product = ParseText("product", value, 16, ref wrong) }),
    ];

    private static readonly (string Name, long Factor)[] s_units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("B", 1),
    ];

    /// <summary>Reads a specification.</summary>
    /// <param name="text">What the user wrote.</param>
    /// <param name="spec">The specification, null when it is wrong.</param>
    /// <param name="error">Which value is wrong, where, and what would be right; "" when nothing is.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out LunSpec? spec, out string error)
    {
        ArgumentNullException.ThrowIfNull(text);
        spec = null;
        string? wrong = Parse(text, ref spec);
        if (wrong is not null) spec = null;
        error = wrong is null ? "" : $"LUN '{text}': {wrong}";
        return wrong is null;
    }

    private static string? Parse(string text, ref LunSpec? spec)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        int colon = equals < 0 ? -1 : text.IndexOf(':', equals);
        if (colon < 0) return $"should look like {Form}";
        string number = text[..equals];
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int lun) || lun > Iscsi.Lun.Max)
            return $"the number '{number}' should be 0 to {Iscsi.Lun.Max}";
        string kind = text[(equals + 1)..colon];
        if (!s_kinds.Contains(kind)) return $"the kind '{kind}' should be {Ram}, {File} or {Block}";
        if (!TrySplit(text[(colon + 1)..], out List<string> parts)) return "a double quote is not closed";
        spec = new LunSpec(lun, kind, kind == Ram ? "" : parts[0], 0);
        string? wrong = null;
        if (kind == Ram) spec = ParseSize(spec, parts[0], ref wrong);
        else if (parts[0].Length == 0) wrong = $"the path after '{kind}:' is empty";
        for (int i = 1; wrong is null && i < parts.Count; i++) spec = ParseOption(spec, parts[i], ref wrong);
        return wrong ?? Check(spec);
    }

    private static LunSpec ParseOption(LunSpec spec, string option, ref string? wrong)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? option : option[..equals];
        OptionRow? row = Array.Find(s_options, r => r.Name == name && r.IsFor(spec.Kind) && r.Form is null == equals < 0);
        if (row is not null) return row.Parse(spec, equals < 0 ? "" : option[(equals + 1)..], ref wrong);
        string[] names = [.. s_options.Where(r => r.IsFor(spec.Kind) && !r.Alias).Select(r => r.Form is null ? r.Name : $"{r.Name}={r.Form}")];
        wrong = $"the option '{option}' should be {string.Join(", ", names[..^1])} or {names[^1]}"
            + (spec.Kind == Ram ? "" : " (a path with a comma needs double quotes)");
        return spec;
    }

    private static LunSpec ParseSize(LunSpec spec, string text, ref string? wrong)
    {
        (string name, long factor) = Array.Find(s_units, u => text.EndsWith(u.Name, StringComparison.OrdinalIgnoreCase));
        string digits = name is null ? text : text[..^name.Length];
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count == 0)
        {
            wrong = $"the size '{text}' should be {SizeForm}";
            return spec;
        }
        if (name is null) factor = 1;
        if (count <= long.MaxValue / factor) return spec with { Size = count * factor };
        wrong = $"the size '{text}' is beyond what 63 bits can count";
        return spec;
    }

    private static LunSpec ParseBlockSize(LunSpec spec, string text, ref string? wrong)
    {
        int size = text switch { "512" => 512, "1024" => 1024, "2048" => 2048, "4096" => 4096, _ => 0 };
        if (size == 0) wrong = $"the block size '{text}' should be 512, 1024, 2048 or 4096";
        return spec with { BlockSize = size };
    }

    private static LunSpec ParsePhysicalBlockSize(LunSpec spec, string text, ref string? wrong)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size) || size is < 512 or > MaxPhysicalBlock || !BitOperations.IsPow2(size))
            wrong = $"pbs='{text}' should be a power of two from 512 to {MaxPhysicalBlock}";
        return spec with { PhysicalBlockSize = size };
    }

    private static LunSpec ParseDelay(LunSpec spec, string text, ref string? wrong)
    {
        int factor = text.EndsWith("ms", StringComparison.Ordinal) ? 1 : 1000;
        string digits = factor == 1 ? text[..^2] : text.EndsWith('s') ? text[..^1] : "";
        if (int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 60_000 && count * factor <= 60_000)
            return spec with { Delay = TimeSpan.FromMilliseconds(count * factor) };
        wrong = $"delay='{text}' should be 1ms to 60s, whole milliseconds or seconds";
        return spec;
    }

    // SPC-4 §7.8.6.6: the first digit tells the format, and with it the length.
    private static LunSpec ParseNaa(LunSpec spec, string text, ref string? wrong)
    {
        bool right = text.All(char.IsAsciiHexDigit) && (text.Length == 16 && text[0] is '2' or '3' or '5' || text.Length == 32 && text[0] == '6');
        if (!right) wrong = $"naa='{text}' should be 16 hexadecimal digits that begin with 2, 3 or 5, or 32 that begin with 6";
        return spec with { Naa = text };
    }

    private static string ParseText(string name, string value, int max, ref string? wrong)
    {
        if (value.Length == 0 || value.Length > max || !value.All(c => c is >= ' ' and <= '~'))
            wrong = $"{name}='{value}' should be 1 to {max} printable ASCII characters";
        return value;
    }

    private static string? Check(LunSpec spec)
    {
        if (spec.PhysicalBlockSize is > 0 and int physical && physical < spec.BlockSize) return $"pbs='{physical}' should be no less than the block size {spec.BlockSize}";
        if (spec.Size % spec.BlockSize != 0) return $"the size of {spec.Size} bytes is no multiple of the block size {spec.BlockSize}";
        if (spec.Kind == Ram && spec.Size > MemoryStore.MaxLength) return $"the size of {spec.Size} bytes should be at most 16TiB";
        return null;
    }

    // Splits at commas outside double quotes, which it takes away.
    private static bool TrySplit(string text, out List<string> parts)
    {
        parts = [""];
        bool quoted = false;
        foreach (char c in text)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) parts.Add("");
            else parts[^1] += c;
        }
        return !quoted;
    }

    private delegate LunSpec OptionParser(LunSpec spec, string value, ref string? wrong);

    /// <summary>One row of the option table.</summary>
    /// <param name="Name">What stands before the equals sign.</param>
    /// <param name="Form">What stands behind it, null when the option has no value.</param>
    /// <param name="Parse">Reads the value into the specification.</param>
    /// <param name="OnlyFor">The kind that has the option; null when all have.</param>
    /// <param name="Alias">Whether another row has the better name.</param>
    private sealed record OptionRow(string Name, string? Form, OptionParser Parse, string? OnlyFor = null, bool Alias = false)
    {
        public bool IsFor(string kind) => OnlyFor is null || OnlyFor == kind;
    }
}
