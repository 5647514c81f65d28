using System.Globalization;
using System.Runtime.CompilerServices;

namespace Iscsitop.Tests.Pipeline;

/// <summary>The captures of tests/Captures, made by its make.sh.</summary>
internal static class Corpus
{
    private static readonly string s_directory = Path.GetFullPath(Path.Combine(Here(), "..", "Captures"));

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names =>
        Directory.EnumerateFiles(s_directory).Select(f => Path.GetFileName(f)!).Where(f => f.Contains(".pcap", StringComparison.Ordinal) && !f.EndsWith(".txt", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    /// <summary>Where one is.</summary>
    public static string PathOf(string name) => Path.Combine(s_directory, name);

    /// <summary>The bytes of one.</summary>
    public static byte[] Read(string name) => File.ReadAllBytes(PathOf(name));

    /// <summary>PDUs and bytes of data by opcode, as tshark counts them.</summary>
    public static SortedDictionary<byte, (long Pdus, long Bytes)> Expected(string name)
    {
        var counts = new SortedDictionary<byte, (long, long)>();
        foreach (string line in File.ReadLines(PathOf(name + ".txt")))
        {
            string[] fields = line.Split(' ');
            counts[byte.Parse(fields[0].AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)] =
                (long.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[2], CultureInfo.InvariantCulture));
        }
        return counts;
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
