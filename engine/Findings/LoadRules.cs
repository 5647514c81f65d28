using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>Where the time of commands goes, and what costs others theirs.</summary>
internal static class LoadRules
{
    private const int Least = 200;
    private const int LeastUnmaps = 20;
    private const double UnmapFactor = 5;
    private const long SlowUnmap = 20_000_000;
    private const long LeastBeside = 10_000_000_000;
    private const double BesideFactor = 2;
    private const long BesideDifference = 1_000_000;
    private const int LeastMisaligned = 100;
    private const double LeastMisalignedShare = 0.2;
    private const int LeastPeers = 2;
    private const double PeerFactor = 5;
    private const long SlowUnit = 5_000_000;
    private const double SizeFactor = 4;
    private const double HostShare = 0.5;
    private const long HostTime = 1_000_000;
    private const double StorageShare = 0.8;
    private const long StorageTime = 20_000_000;

    public static readonly Rule[] Rows =
    [
        new("unmap_slows_others", Severity.Problem,
            Invariant($"On a unit, reads and writes of intervals in which UNMAPs ended took {BesideFactor:0} times as long in the mean as in intervals without, and {BesideDifference / 1_000_000} ms longer; each sort made {LeastBeside / 1_000_000_000} s and {Least} commands or more of the last 5 to 10 minutes, in intervals of 5 s or less."),
            "Have UNMAPs done at quiet times or at a lower rate (fstrim timers, the datastore's reclaim priority), or in larger pieces.",
            UnmapBeside),
        new("slow_unmaps", Severity.Warning,
            Invariant($"{LeastUnmaps} or more UNMAPs on a unit took {SlowUnmap / 1_000_000} ms or more in the mean, and {UnmapFactor:0} times as long as its reads and writes, if there were {Least} or more."),
            "Look at how the storage behind the unit frees space, and send fewer, larger UNMAPs.",
            SlowUnmaps),
        new("storage_bound", Severity.Warning,
            Invariant($"{Least} or more reads and writes of a unit took {StorageTime / 1_000_000} ms or more in the mean, {StorageShare:0%} or more of it in the target."),
            "Look at the storage behind the unit: neither the network nor the host is what commands wait for.",
            StorageBound),
        new("host_bound", Severity.Warning,
            Invariant($"Of {Least} or more writes of an initiator at a target, {HostShare:0%} or more of the time, and {HostTime / 1_000_000} ms or more each in the mean, went into waiting for data that an R2T had asked for."),
            "Look at the initiator's CPU and its network to the target: the target waits for data.",
            HostBound),
        new("slow_unit", Severity.Warning,
            Invariant($"The median of {Least} or more reads, or writes, of a unit is {SlowUnit / 1_000_000} ms or more and {PeerFactor:0} times the median of those of the target's other units, {LeastPeers} or more, whose mean size is not {SizeFactor:0} times smaller or larger."),
            "Compare what lies behind this unit with the others: its disks, its pool, its cache, who else uses them.",
            SlowUnits),
        new("misaligned_io", Severity.Warning,
            Invariant($"{LeastMisalignedShare:0%} or more of an initiator's reads and writes on a unit, and {LeastMisaligned} or more, begin or end off a multiple of 4096 bytes."),
            "Align the partitions, or the file system's block size, of that initiator to 4096 bytes or more.",
            Misaligned),
    ];

    private static void UnmapBeside(Evidence e, Say say)
    {
        foreach (((string target, ulong lun), UnitTally unit) in e.Units)
        {
            Tally t = unit.Unmapping;
            long with = t[(int)Beside.WithOps], without = t[(int)Beside.WithoutOps];
            if (with < Least || without < Least || t[(int)Beside.With] < LeastBeside || t[(int)Beside.Without] < LeastBeside) continue;
            double slow = (double)t[(int)Beside.WithTime] / with, fast = (double)t[(int)Beside.WithoutTime] / without;
            if (slow < BesideFactor * fast || slow - fast < BesideDifference) continue;
            say(Subject.Of(target, lun), Invariant($"reads and writes take {Wording.Time(slow)} (n {with}) in {Wording.Time(t[(int)Beside.With])} with UNMAPs, {Wording.Time(fast)} (n {without}) in {Wording.Time(t[(int)Beside.Without])} without"));
        }
    }

    private static double OpTime(UnitTally t) => t.Ops == 0 ? 0 : (double)(t[Sum.ReadTime] + t[Sum.WriteTime]) / t.Ops;

    private static void SlowUnmaps(Evidence e, Say say)
    {
        foreach (((string target, ulong lun), UnitTally t) in e.Units)
        {
            double each = t.Mean(Sum.UnmapTime, Sum.Unmaps);
            if (t[Sum.Unmaps] < LeastUnmaps || each < SlowUnmap || (t.Ops >= Least && each < UnmapFactor * OpTime(t))) continue;
            string others = t.Ops < Least ? "" : Invariant($", reads and writes {Wording.Time(OpTime(t))} (n {t.Ops})");
            say(Subject.Of(target, lun), Invariant($"UNMAPs take {Wording.Time(each)} (n {t[Sum.Unmaps]}){others}"));
        }
    }

    private static void StorageBound(Evidence e, Say say)
    {
        foreach (((string target, ulong lun), UnitTally t) in e.Units)
        {
            long time = t[Sum.ReadTime] + t[Sum.WriteTime];
            if (t.Ops < Least || OpTime(t) < StorageTime || t[Sum.ServiceTime] < StorageShare * time) continue;
            say(Subject.Of(target, lun), Invariant($"{Wording.Time(OpTime(t))} each (n {t.Ops}), {Wording.Percent(Math.Min(1, (double)t[Sum.ServiceTime] / time))} of it in the target"));
        }
    }

    // Of several connections at least one waits as long as all of them do in the mean.
    private static void HostBound(Evidence e, Say say)
    {
        bool any = false;
        foreach (ConnectionTally c in e.Connections) any |= c[Sum.DataTime] > 0 && c[Sum.DataTime] >= c[Sum.Writes] * HostTime;
        if (!any) return;
        foreach (var place in e.Connections.Where(c => c[Sum.Writes] > 0).GroupBy(c => (c.Info.Initiator, c.Info.Target)))
        {
            long writes = place.Sum(c => c[Sum.Writes]), time = place.Sum(c => c[Sum.WriteTime]), data = place.Sum(c => c[Sum.DataTime]);
            if (writes < Least || data < HostShare * time || data < writes * HostTime) continue;
            say(Subject.Of(place.Key.Initiator, place.Key.Target), Invariant($"writes take {Wording.Time((double)time / writes)} (n {writes}), {Wording.Percent((double)data / time)} of it waiting for the initiator's data"));
        }
    }

    // Half of what takes the median or longer is less than all: where no mean is high, no median is.
    private static void SlowUnits(Evidence e, Say say)
    {
        foreach (UnitTally unit in e.Units.Values)
        {
            if (!MayBeSlow(unit, Sum.Reads, Sum.ReadTime) && !MayBeSlow(unit, Sum.Writes, Sum.WriteTime)) continue;
            CompareUnits(e, say);
            return;
        }
    }

    private static bool MayBeSlow(UnitTally unit, Sum ops, Sum time) => unit[ops] >= Least && unit.Mean(time, ops) >= 0.4 * SlowUnit;

    private static void CompareUnits(Evidence e, Say say)
    {
        var latencies = new Histogram();
        foreach (bool writes in new[] { false, true })
            foreach (var target in e.Units.Where(u => u.Value[writes ? Sum.Writes : Sum.Reads] >= Least).GroupBy(u => u.Key.Target))
            {
                if (target.Count() <= LeastPeers) continue;
                var units = target.Select(u => (u.Key.Lun, N: u.Value[writes ? Sum.Writes : Sum.Reads], Median: Of(u.Value), Size: u.Value.Mean(writes ? Sum.WriteBytes : Sum.ReadBytes, writes ? Sum.Writes : Sum.Reads))).ToList();
                foreach ((ulong lun, long n, long median, double size) in units)
                {
                    if (median < SlowUnit) continue;
                    var peers = units.Where(u => u.Lun != lun && u.Size * SizeFactor > size && u.Size < size * SizeFactor).Select(u => u.Median).Order().ToList();
                    if (peers.Count < LeastPeers || median < PeerFactor * peers[peers.Count / 2]) continue;
                    say(Subject.Of(target.Key, lun), Invariant($"{(writes ? "writes" : "reads")} take {Wording.Time(median)} (median, n {n}), those of {peers.Count} other units {Wording.Time(peers[peers.Count / 2])}"));
                }

                long Of(UnitTally unit)
                {
                    unit.Latencies(latencies, writes);
                    return latencies.Percentile(0.5);
                }
            }
    }

    private static void Misaligned(Evidence e, Say say)
    {
        bool any = false;
        foreach (PathTally p in e.Paths) any |= p[Way.Misaligned] > 0 && p[Way.Misaligned] >= LeastMisalignedShare * p[Way.Placed];
        if (!any) return;
        foreach (var place in e.Paths.Where(p => p[Way.Placed] > 0).GroupBy(p => (p.Connection.Info.Initiator, p.Target, p.Lun)))
        {
            long n = place.Sum(p => p[Way.Placed]), off = place.Sum(p => p[Way.Misaligned]);
            if (off < LeastMisaligned || off < LeastMisalignedShare * n) continue;
            say(Subject.Of(place.Key.Initiator, place.Key.Target, place.Key.Lun), Invariant($"{Wording.Percent((double)off / n)} of {Wording.Count(n, "command")} in {Wording.Seconds(e.Seconds)}"));
        }
    }
}
