using System.Globalization;
using System.Text.Json;

namespace Iscsitop.Tests.Conformance;

/// <summary>What happened in one place, by one observer's account.</summary>
internal readonly record struct Count(long Commands, long Bytes, long Errors = 0)
{
    public static Count operator +(Count a, Count b) => new(a.Commands + b.Commands, a.Bytes + b.Bytes, a.Errors + b.Errors);
}

/// <summary>Counts by key, from whatever printed them; equal when every key and count is.</summary>
internal sealed class Tally : SortedDictionary<string, Count>
{
    public Tally() : base(StringComparer.Ordinal)
    {
    }

    public void Add(string key, Count count, bool evenIfZero = false)
    {
        if (count != default || evenIfZero) this[key] = this.GetValueOrDefault(key) + count;
    }

    /// <summary>One line a key, so that two tallies that differ show where.</summary>
    public override string ToString() => string.Join('\n', this.Select(p => $"{p.Key}: {p.Value.Commands} commands, {p.Value.Bytes} bytes, {p.Value.Errors} errors"));

    /// <summary>Completed commands by LUN and operation code, from <c>iscsisnoop -o ndjson</c>.</summary>
    public static Tally OfCommands(IEnumerable<string> lines)
    {
        var tally = new Tally();
        foreach (JsonElement line in Json(lines))
        {
            string status = line.GetProperty("status").GetString() ?? "";
            tally.Add(Key(line), new Count(1, line.GetProperty("bytes").GetInt64(), status is "GOOD" or "CONDITION MET" ? 0 : 1));
        }
        return tally;
    }

    /// <summary>Commands by LUN and operation code, from the scsi-command events of <c>iscsisnoop --pdu</c>.</summary>
    public static Tally OfCommandEvents(IEnumerable<string> lines)
    {
        var tally = new Tally();
        foreach (JsonElement line in Json(lines))
            if (line.GetProperty("probe").GetString() == "scsi-command")
                tally.Add($"lun {line.GetProperty("lun")} {Operation(line.GetProperty("cdb").GetString()!)}", new Count(1, 0));
        return tally;
    }

    /// <summary>Reports of <c>iscsitop -o json --view opcode</c> of one LUN, all together.</summary>
    public static Tally OfOperations(JsonElement reports, int lun)
    {
        var tally = new Tally();
        foreach (JsonElement row in Rows(reports))
            tally.Add($"lun {lun} {row.GetProperty("opcode").GetString()}", new Count(Long(row, "n"), Long(row, "bytes"), Long(row, "errors")));
        return tally;
    }

    /// <summary>Reports of <c>iscsitop -o json</c>, all together: reads, writes and others of every LUN.</summary>
    public static Tally OfUnits(JsonElement reports)
    {
        var tally = new Tally();
        foreach (JsonElement row in Rows(reports))
        {
            string lun = $"lun {row.GetProperty("lun")}";
            tally.Add($"{lun} reads", new Count(Long(row, "reads"), Long(row, "read_bytes")));
            tally.Add($"{lun} writes", new Count(Long(row, "writes"), Long(row, "write_bytes")));
            tally.Add($"{lun} all", new Count(Long(row, "n"), 0, Long(row, "errors")));
        }
        return tally;
    }

    public static IEnumerable<JsonElement> Json(IEnumerable<string> lines) => lines.Select(l => JsonDocument.Parse(l).RootElement);

    private static IEnumerable<JsonElement> Rows(JsonElement reports) => reports.EnumerateArray().SelectMany(r => r.GetProperty("rows").EnumerateArray());

    private static long Long(JsonElement row, string field) => row.GetProperty(field).GetInt64();

    private static string Key(JsonElement line) => $"lun {line.GetProperty("lun")} {line.GetProperty("opcode").GetString()}";

    // The opcode as reports write it; service actions of those that the tests' clients use.
    private static string Operation(string cdb)
    {
        int opcode = int.Parse(cdb.AsSpan(0, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        int second = int.Parse(cdb.AsSpan(2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0x1f;
        return opcode is 0x9e or 0x9f or 0xa3 or 0xa4 or 0x5e or 0x5f ? $"0x{opcode:x2}/0x{second:x2}" : $"0x{opcode:x2}";
    }
}
