using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Server;

/// <summary>
/// What <c>--lun</c> says of one logical unit:
/// <c>N=ram:SIZE[,option...]</c> or <c>N=file:PATH[,size=SIZE][,option...]</c>, options <c>ro</c>, <c>block=BYTES</c>,
/// <c>delay=DURATION</c>, <c>serial=TEXT</c>. A path that holds a comma stands in double quotes.
/// </summary>
/// <param name="Lun">The LUN, 0–16383.</param>
/// <param name="Kind">The store: <see cref="Ram"/> or <see cref="File"/>.</param>
/// <param name="Path">The file; "" for memory.</param>
/// <param name="Size">Bytes; 0 takes a file as it is.</param>
/// <param name="ReadOnly">Whether writes are refused.</param>
/// <param name="BlockSize">Bytes of a logical block: 512, 1024, 2048 or 4096.</param>
/// <param name="Delay">What each read and write waits, whole milliseconds up to a minute.</param>
/// <param name="Serial">Unit serial number, up to 64 printable ASCII characters; "" derives one.</param>
public sealed record LunSpec(
    int Lun, string Kind, string Path, long Size, bool ReadOnly = false, int BlockSize = 512, TimeSpan Delay = default, string Serial = "")
{
    /// <summary>The kind of a unit in memory.</summary>
    public const string Ram = "ram";

    /// <summary>The kind of a unit in a file.</summary>
    public const string File = "file";

    private const string Form = "N=ram:SIZE or N=file:PATH[,size=SIZE][,ro][,block=BYTES][,delay=2ms][,serial=TEXT]";
    private const string SizeForm = "a number of bytes, or of KiB, MiB, GiB, TiB, KB, MB, GB or TB, such as 64MiB";
    private const int MaxSerial = 64;

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
        if (kind is not (Ram or File)) return $"the kind '{kind}' should be {Ram} or {File}";
        if (!TrySplit(text[(colon + 1)..], out List<string> parts)) return "a double quote is not closed";
        spec = new LunSpec(lun, kind, kind == File ? parts[0] : "", 0);
        string? wrong = kind == Ram ? ParseSize(parts[0], ref spec)
            : parts[0].Length == 0 ? "the path after 'file:' is empty" : null;
        for (int i = 1; wrong is null && i < parts.Count; i++) wrong = ParseOption(parts[i], ref spec);
        return wrong ?? Check(spec);
    }

    private static string? ParseOption(string option, ref LunSpec spec)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? option : option[..equals];
        string value = equals < 0 ? "" : option[(equals + 1)..];
        switch (name)
        {
            case "ro" when equals < 0:
                spec = spec with { ReadOnly = true };
                return null;
            case "size" when spec.Kind == File:
                return ParseSize(value, ref spec);
            case "block":
                spec = spec with { BlockSize = value switch { "512" => 512, "1024" => 1024, "2048" => 2048, "4096" => 4096, _ => 0 } };
                return spec.BlockSize == 0 ? $"block='{value}' should be 512, 1024, 2048 or 4096" : null;
            case "delay":
                return ParseDelay(value, ref spec);
            case "serial":
                spec = spec with { Serial = value };
                return value.Length is > 0 and <= MaxSerial && value.All(c => c is >= ' ' and <= '~')
                    ? null
                    : $"serial='{value}' should be 1 to {MaxSerial} printable ASCII characters";
            default:
                return $"the option '{option}' should be ro, {(spec.Kind == File ? "size=SIZE, " : "")}block=BYTES, delay=DURATION or serial=TEXT"
                    + (spec.Kind == File ? " (a path with a comma needs double quotes)" : "");
        }
    }

    private static string? ParseSize(string text, ref LunSpec spec)
    {
        (string name, long factor) = Array.Find(s_units, u => text.EndsWith(u.Name, StringComparison.OrdinalIgnoreCase));
        string digits = name is null ? text : text[..^name.Length];
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long count) || count == 0)
            return $"the size '{text}' should be {SizeForm}";
        if (name is null) factor = 1;
        if (count > long.MaxValue / factor) return $"the size '{text}' is beyond what 63 bits can count";
        spec = spec with { Size = count * factor };
        return null;
    }

    private static string? ParseDelay(string text, ref LunSpec spec)
    {
        int factor = text.EndsWith("ms", StringComparison.Ordinal) ? 1 : 1000;
        string digits = factor == 1 ? text[..^2] : text.EndsWith('s') ? text[..^1] : "";
        if (!int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int count) || count is < 1 or > 60_000 || count * factor > 60_000)
            return $"delay='{text}' should be 1ms to 60s, whole milliseconds or seconds";
        spec = spec with { Delay = TimeSpan.FromMilliseconds(count * factor) };
        return null;
    }

    private static string? Check(LunSpec spec)
    {
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
}
