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
            (e, say) => Each(e, say, UsedUnequally)),
        new("one_path_used", Severity.Notice,
            Invariant($"Of an initiator's two or more paths to one unit one carries all but {Unused:0%} of {Least} or more reads and writes."),
            "If the target is active on all paths, let the initiator use them by round robin; if not, this is as it should be.",
            (e, say) => Each(e, say, OneUsed)),
        new("lun_numbers_differ", Severity.Notice,
            "An initiator's paths to one unit have different LUNs.",
            "Give the unit the same LUN on every target and portal: some initiators take it for two disks otherwise.",
            (e, say) => Each(e, say, Numbers)),
    ];

    private readonly record struct Way(string Portal, string Session, ulong Lun, long Ops, double Time);

    private static void Each(Evidence e, Say say, Func<List<Way>, string?> judge)
    {
        // Who has one session has one path.
        HashSet<string> several = [.. e.Open.GroupBy(c => c.Connection.Initiator, StringComparer.Ordinal).Where(g => g.Skip(1).Any()).Select(g => g.Key)];
        if (several.Count == 0) return;
        var used = e.Paths.Where(p => several.Contains(p.Connection.Info.Initiator)).GroupBy(p => (p.Connection.Info.Id, p.Connection.Info.Initiator, p.Target, p.Lun)).ToDictionary(g => g.Key, g => (Ops: g.Sum(p => p.Ops), Time: g.Sum(p => p[Sum.ReadTime] + p[Sum.WriteTime])));
        var open = e.Open.Where(c => several.Contains(c.Connection.Initiator)).ToLookup(c => c.Connection.Target, StringComparer.Ordinal);
        foreach (var unit in e.Snapshot.Units.Where(u => u.Identity.Length > 0).GroupBy(u => u.Identity, StringComparer.Ordinal))
        {
            var places = unit.Select(u => (u.Target, u.Lun)).Distinct().ToList();
            var ways = places.SelectMany(u => open[u.Target].Select(c => (c.Connection, u.Lun)));
            foreach (var initiator in ways.GroupBy(w => w.Connection.Initiator, StringComparer.Ordinal))
            {
                var paths = initiator.GroupBy(w => (w.Connection.Target, w.Connection.Isid, w.Connection.Tsih, w.Lun))
                    .Select(s => new Way(s.First().Connection.Local, s.First().Connection.Isid, s.Key.Lun, s.Sum(Ops), s.Sum(Time)))
                    .OrderBy(w => w.Portal, StringComparer.Ordinal).ThenBy(w => w.Session, StringComparer.Ordinal).ThenBy(w => w.Lun).ToList();
                if (paths.Count < 2 || judge(paths) is not { } evidence) continue;
                var (target, lun) = places.MinBy(p => (p.Target, p.Lun));
                say(new Subject(Invariant($"{initiator.Key} {unit.Key}"), target, lun, initiator.Key), evidence);
            }
        }

        long Ops((Iscsitop.Target.Probes.ConnectionInfo C, ulong Lun) way) => used.GetValueOrDefault((way.C.Id, way.C.Initiator, way.C.Target, way.Lun)).Ops;
        double Time((Iscsitop.Target.Probes.ConnectionInfo C, ulong Lun) way) => used.GetValueOrDefault((way.C.Id, way.C.Initiator, way.C.Target, way.Lun)).Time;
    }

    private static string Shares(List<Way> paths, long all) =>
        string.Join(", ", paths.Take(6).Select(w => Invariant($"{w.Portal} {Wording.Percent((double)w.Ops / all)}{(w.Ops == 0 ? "" : Invariant($" at {Wording.Time(w.Time / w.Ops)}"))}")));

    private static string? OneUsed(List<Way> paths)
    {
        long all = paths.Sum(w => w.Ops);
        return all >= Least && paths.Max(w => w.Ops) >= all * (1 - Unused) ? Invariant($"{paths.Count} paths, n {all}: {Shares(paths, all)}") : null;
    }

    private static string? UsedUnequally(List<Way> paths)
    {
        long all = paths.Sum(w => w.Ops);
        var used = paths.Where(w => w.Ops >= all * LeastUsed).ToList();
        return all >= Least && used.Count > 1 && used.Max(w => w.Ops) >= Unequal * used.Min(w => w.Ops) ? Invariant($"{paths.Count} paths, n {all}: {Shares(paths, all)}") : null;
    }

    private static string? Numbers(List<Way> paths) =>
        paths.Select(w => w.Lun).Distinct().Count() > 1 ? "LUN " + string.Join(", ", paths.Select(w => w.Lun).Distinct().Order().Take(6)) : null;
}
