using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Metrics;

/// <summary>What metrics take from connections.</summary>
internal static class ConnectionReadings
{
    public static void Sessions(Observed observed, MetricSeries into)
    {
        foreach (string target in observed.Targets) into.Add(0, new SeriesKey(target));
        var seen = new HashSet<(int, string, string, string, ushort, uint)>();
        foreach (ConnectionDelta delta in observed.Snapshot.Connections)
            if (delta.Connection is { Closed: 0 } c && Observed.IsSession(c) && seen.Add((delta.Engine.Number, c.Target, c.Initiator, c.Isid, c.Tsih, c.MidStream ? c.Id : 0)))
                into.Add(1, new SeriesKey(c.Target));
    }

    public static void Connections(Observed observed, MetricSeries into)
    {
        foreach (ConnectionDelta delta in observed.Snapshot.Connections)
        {
            if (delta.Connection is not { } c || !Observed.IsSession(c)) continue;
            (string address, string type) = MetricWords.Address(c.Local);
            into.Add(c.Closed == 0 ? 1 : 0, new SeriesKey(c.Target, address, type));
        }
    }

    public static void Logins(Observed observed, MetricSeries into)
    {
        foreach (string target in observed.Targets)
            into.Add(0, new SeriesKey(target, "success"));
        foreach (ConnectionDelta delta in observed.Snapshot.Connections)
        {
            if (delta.Facts[Fact.Logins] > 0 && !delta.Connection.Discovery) into.Add(delta.Facts[Fact.Logins], new SeriesKey(MetricWords.Name(delta.Connection.Target), "success"));
            if (delta.Facts[Fact.Redirections] > 0) into.Add(delta.Facts[Fact.Redirections], new SeriesKey(MetricWords.Name(delta.Connection.Target), "redirect"));
        }
        foreach (FailureDelta failure in observed.Snapshot.Failures)
            if (failure.Key.Kind == FailureKind.Login && failure.Count > 0)
                into.Add(failure.Count, new SeriesKey(MetricWords.Name(failure.Connection.Target), "failure", MetricWords.Login(failure.Key.Code)));
    }

    public static void Ends(Observed observed, MetricSeries into)
    {
        foreach (string target in observed.Targets)
            foreach (string reason in MetricWords.EndReasons)
                into.Add(0, new SeriesKey(target, reason));
        foreach (ConnectionInfo ended in observed.Ends) into.Add(1, new SeriesKey(ended.Target, MetricWords.End(ended.End)));
    }

    public static void Tasks(Observed observed, MetricSeries into)
    {
        foreach (TaskRecord task in observed.Tasks)
            into.Add(1, new SeriesKey(MetricWords.Name(task.Connection.Target), MetricWords.Function(task.Function), MetricWords.Response(task.Response)));
    }

    public static void Nops(Observed observed, MetricSeries into)
    {
        foreach ((ConnectionInfo connection, string origin, Histogram times) in observed.Pings) into.Add(times, new SeriesKey(MetricWords.Name(connection.Target), origin));
    }

    public static void NopsLost(Observed observed, MetricSeries into) => Sum(observed, into, Fact.NopsLost);

    public static void Stalls(Observed observed, MetricSeries into) => Sum(observed, into, Fact.WindowStalled, 1e-9);

    public static void Retransmits(Observed observed, MetricSeries into) => Sum(observed, into, f => f.Retransmits);

    private static void Sum(Observed observed, MetricSeries into, Fact fact, double unit = 1) => Sum(observed, into, f => f[fact], unit);

    private static void Sum(Observed observed, MetricSeries into, Func<ConnectionFacts, long> count, double unit = 1)
    {
        foreach (ConnectionDelta delta in observed.Snapshot.Connections)
            if (count(delta.Facts) is >= 0 and long more && Observed.IsSession(delta.Connection))
                into.Add(more * unit, new SeriesKey(delta.Connection.Target));
    }
}
