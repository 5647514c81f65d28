using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>
/// How an initiator uses its paths to one unit. Paths are told to lead to one unit by its designator (SPC-4 §7.8.6) alone: LUNs and
/// names of targets say nothing of that.
/// </summary>
internal static class PathRules
{
    private const int Least = 1000;
    private const double Unused = 0.01;
    private const double LeastUsed = 0.05;
    private const double Unequal = 2;

    public static readonly Rule[] Rows =
    [
        new("paths_unequal", Severity.Warning,
            Invariant($"Of an initiator's paths to one unit those with {LeastUsed:0%} or more of {Least} or more reads and writes differ by a factor of {Unequal:0} or more in how many they carry."),
            "Look at the path policy and at the slower path: round robin gives each the same, and policies by load give less to a path that is slow.",
            (e, say) => Each(e, say, paths => UsedUnequally(paths))),
        new("one_path_used", Severity.Notice,
            Invariant($"Of an initiator's two or more paths to one unit one carries all but {Unused:0%} of {Least} or more reads and writes."),
            "If the target is active on all paths, let the initiator use them by round robin; if not, this is as it should be.",
            (e, say) => Each(e, say, paths => OneUsed(paths))),
        new("lun_numbers_differ", Severity.Notice,
            "An initiator's paths to one unit have different LUNs.",
            "Give the unit the same LUN on every target and portal: some initiators take it for two disks otherwise.",
            (e, say) => Each(e, say, paths => Numbers(paths))),
    ];

    private readonly record struct Used(string Portal, string Target, string Isid, ushort Tsih, ulong Lun, long Ops, double Time)
    {
        public bool Same(in Used other) => Lun == other.Lun && Tsih == other.Tsih && Isid == other.Isid && Target == other.Target;
    }

    // What a rule looks through; there are many units.
    private sealed class Paths
    {
        public readonly Dictionary<string, List<UnitDelta>> Units = new(StringComparer.Ordinal);
        public readonly Dictionary<string, List<ConnectionDelta>> Open = new(StringComparer.Ordinal);
        public readonly Dictionary<string, List<Used>> Of = new(StringComparer.Ordinal);
    }

    private static void Each(Evidence e, Say say, Func<List<Used>, string?> judge)
    {
        // Who has one session has one path.
        if (e.Several.Count == 0 || !e.Snapshot.Units.Exists(u => u.Identity.Length > 0)) return;
        var all = new Paths();
        foreach (ConnectionDelta c in e.Open)
            if (e.Several.Contains(c.Connection.Initiator))
                Listed(all.Open, c.Connection.Target).Add(c);
        foreach (UnitDelta unit in e.Snapshot.Units)
            if (unit.Identity.Length > 0 && all.Open.ContainsKey(unit.Target))
                Listed(all.Units, unit.Identity).Add(unit);
        foreach ((string identity, List<UnitDelta> units) in all.Units)
        {
            foreach (List<Used> paths in all.Of.Values) paths.Clear();
            Collect(e, all, units);
            foreach ((string initiator, List<Used> paths) in all.Of)
            {
                if (paths.Count < 2 || judge(paths) is not { } evidence) continue;
                var (target, lun) = units.Select(u => (u.Target, u.Lun)).Min();
                say(new Subject(Invariant($"{initiator} {identity}"), target, lun, initiator), evidence);
            }
        }
    }

    // Connections of one session are one path, and engines that see one unit see one.
    private static void Collect(Evidence e, Paths all, List<UnitDelta> units)
    {
        for (int i = 0; i < units.Count; i++)
        {
            UnitDelta unit = units[i];
            if (units.FindIndex(u => u.Lun == unit.Lun && u.Target == unit.Target) != i) continue;
            foreach (ConnectionDelta c in all.Open[unit.Target])
            {
                PathTally? path = e.Path(c, unit.Lun);
                var used = new Used(c.Connection.Local, c.Connection.Target, c.Connection.Isid, c.Connection.Tsih, unit.Lun, path?[Way.Ops] ?? 0, path?[Way.Time] ?? 0);
                List<Used> paths = Listed(all.Of, c.Connection.Initiator);
                int at = 0;
                while (at < paths.Count && !paths[at].Same(used)) at++;
                if (at == paths.Count) paths.Add(used);
                else paths[at] = paths[at] with { Ops = paths[at].Ops + used.Ops, Time = paths[at].Time + used.Time };
            }
        }
    }

    private static List<T> Listed<T>(Dictionary<string, List<T>> all, string name)
    {
        if (!all.TryGetValue(name, out List<T>? list)) all.Add(name, list = []);
        return list;
    }

    private static string Shares(List<Used> paths, long all) =>
        string.Join(", ", paths.OrderBy(w => w.Portal, StringComparer.Ordinal).ThenBy(w => w.Isid, StringComparer.Ordinal).ThenBy(w => w.Lun).Take(6).Select(w => Invariant($"{w.Portal} {Wording.Percent((double)w.Ops / all)}{(w.Ops == 0 ? "" : Invariant($" at {Wording.Time(w.Time / w.Ops)}"))}")));

    private static string? OneUsed(List<Used> paths)
    {
        long all = 0, most = 0;
        foreach (Used w in paths) (all, most) = (all + w.Ops, Math.Max(most, w.Ops));
        return all >= Least && most >= all * (1 - Unused) ? Invariant($"{paths.Count} paths, n {all}: {Shares(paths, all)}") : null;
    }

    private static string? UsedUnequally(List<Used> paths)
    {
        long all = 0, most = 0, least = long.MaxValue;
        int used = 0;
        foreach (Used w in paths) all += w.Ops;
        foreach (Used w in paths)
        {
            if (w.Ops < all * LeastUsed) continue;
            used++;
            (most, least) = (Math.Max(most, w.Ops), Math.Min(least, w.Ops));
        }
        return all >= Least && used > 1 && most >= Unequal * least ? Invariant($"{paths.Count} paths, n {all}: {Shares(paths, all)}") : null;
    }

    private static string? Numbers(List<Used> paths) =>
        paths.Exists(w => w.Lun != paths[0].Lun) ? "LUN " + string.Join(", ", paths.Select(w => w.Lun).Distinct().Order().Take(6)) : null;
}
