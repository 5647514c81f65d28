using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// How the last connections of an engine ended that did not log out, or left commands when they did. Who tries to log in again and
/// again takes one place, so that it pushes nobody else's end out.
/// </summary>
internal sealed class EndLog(Func<long> advance)
{
    /// <summary>Ends kept.</summary>
    public const int Most = 64;

    /// <summary>How long before the end task management counts.</summary>
    public const long Recent = 60_000_000_000;

    private static readonly EngineStatus s_engine = new();

    private readonly Kept[] _ends = new Kept[Most];
    private int _next;

    /// <summary>The ends by place; null where there is none.</summary>
    public ReadOnlySpan<Kept> All => _ends;

    /// <summary>An end and its place; times are the engine's.</summary>
    internal struct Kept
    {
        public SessionEnd? End;
        public uint Target;
        public uint Initiator;
        public long Version;
    }

    /// <summary>A connection is about to be closed: what is to be told, should it be kept, but for its PDUs.</summary>
    public static SessionEnd Freeze(TaskSet set, long time)
    {
        Trail trail = set.Trail;
        (int pings, long oldest) = set.Tracker.PingsWaiting(time);
        LeftCommand[] commands = trail.Left ?? Trail.Commands(set, time);
        return new SessionEnd(
            set.Info, s_engine, time, [], commands, trail.Left is null ? set.Count : trail.LeftCount,
            pings, oldest, set.Tracker.Facts.Window, trail.Quiet(Iscsitop.Target.Iscsi.Direction.ToTarget, time),
            trail.Quiet(Iscsitop.Target.Iscsi.Direction.ToInitiator, time), trail.FunctionsSince(time - Recent));
    }

    /// <summary>Whether an end is one to be kept.</summary>
    /// <param name="connection">The connection, with the cause.</param>
    /// <param name="trail">What was seen of it.</param>
    /// <param name="outstanding">Commands it left.</param>
    public static bool IsWorthy(ConnectionInfo connection, Trail trail, int outstanding)
    {
        if (connection.End == ConnectionEnd.Logout) return outstanding > 0;
        if (connection.End == ConnectionEnd.LoginRejected) return true;
        // Initiators do not log out of discovery, nor where they are sent elsewhere; and whoever only looks whether the port is open is nobody.
        if (connection.Discovery || trail.Redirected) return false;
        return connection.Tsih != 0 || connection.MidStream || trail.Seen;
    }

    /// <summary>Keeps an end.</summary>
    public void Add(SessionEnd end, uint target, uint initiator)
    {
        int at = Array.FindIndex(_ends, k => k.End is { } known && Repeats(end.Connection, known.Connection));
        if (at < 0)
        {
            at = _next;
            _next = (_next + 1) % Most;
        }
        _ends[at] = new Kept { End = end, Target = target, Initiator = initiator, Version = advance() };
    }

    /// <summary>It turned out why a connection ended.</summary>
    public void Explain(ConnectionInfo connection)
    {
        foreach (ref Kept kept in _ends.AsSpan())
        {
            if (kept.End is not { } end || end.Connection.Id != connection.Id) continue;
            kept.End = end with { Connection = connection };
            kept.Version = advance();
        }
    }

    /// <summary>An initiator logged in to a target.</summary>
    public void LogIn(uint connection, uint target, uint initiator, long time)
    {
        foreach (ref Kept kept in _ends.AsSpan())
        {
            if (kept.End is not { LoginAgain: < 0 } end || kept.Target != target || kept.Initiator != initiator || end.Connection.Id == connection) continue;
            kept.End = end with { LoginAgain = Math.Max(0, time - end.Time) };
            kept.Version = advance();
        }
    }

    /// <summary>Forgets them.</summary>
    public void Clear()
    {
        Array.Clear(_ends);
        _next = 0;
    }

    private static bool Repeats(ConnectionInfo now, ConnectionInfo before) =>
        now is { Tsih: 0, MidStream: false } && before is { Tsih: 0, MidStream: false }
        && now.Initiator == before.Initiator && now.Target == before.Target && HostOf(now.Remote).SequenceEqual(HostOf(before.Remote));

    private static ReadOnlySpan<char> HostOf(string endpoint) => endpoint.LastIndexOf(':') is var at and >= 0 ? endpoint.AsSpan(0, at) : endpoint;
}
