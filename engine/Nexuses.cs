using System.Runtime.CompilerServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>What a connection belongs to, as numbers: names are compared once a connection, not once a cell.</summary>
internal sealed class Nexus(ConnectionInfo connection, Nexuses owner, int target, int initiator, int session, int id)
{
    /// <summary>The connection.</summary>
    public ConnectionInfo Connection => connection;

    /// <summary>Whose numbers these are.</summary>
    public Nexuses Owner => owner;

    /// <summary>Number of the target's name.</summary>
    public int Target => target;

    /// <summary>Number of the initiator's name.</summary>
    public int Initiator => initiator;

    /// <summary>Number of the session's name.</summary>
    public int Session => session;

    /// <summary>Number of the I_T nexus.</summary>
    public int Id => id;

    /// <summary>The round it was asked for last.</summary>
    public int Round { get; set; }
}

/// <summary>The numbers of names. A number is never used for another name, so that who remembers one that was forgotten finds nothing.</summary>
internal sealed class Nexuses
{
    private readonly Dictionary<ConnectionInfo, Nexus> _nexuses = new(ByReference.Instance);
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Target, int Initiator, string Isid, ushort Tsih), int> _ids = [];
    private int _last;
    private int _round;
    private int _asked;

    /// <summary>Connections remembered.</summary>
    public int Known => _nexuses.Count;

    /// <summary>What a session is called: its ISID, else where it comes from.</summary>
    public static string SessionName(ConnectionInfo c) => c.Isid.Length == 0 ? c.Remote : c.Isid;

    /// <summary>What a cell's connection belongs to.</summary>
    public Nexus Of(CellDelta delta)
    {
        Nexus nexus = delta.Nexus is { } known && known.Owner == this && ReferenceEquals(known.Connection, delta.Connection) ? known : Find(delta);
        if (nexus.Round == _round) return nexus;
        nexus.Round = _round;
        _asked++;
        return nexus;
    }

    /// <summary>The number of a name.</summary>
    public int NumberOf(string name)
    {
        if (!_names.TryGetValue(name, out int number)) _names.Add(name, number = ++_last);
        return number;
    }

    /// <summary>Begins a round. When far more is remembered than was asked for in the last one, and than there is, all is forgotten.</summary>
    /// <param name="there">Connections and units there are.</param>
    public void Begin(int there)
    {
        int most = 2 * Math.Max(_asked, there) + 64;
        if (_nexuses.Count > most || _names.Count > 3 * most || _ids.Count > most)
        {
            _nexuses.Clear();
            _names.Clear();
            _ids.Clear();
        }
        _asked = 0;
        _round++;
    }

    private Nexus Find(CellDelta delta)
    {
        ConnectionInfo c = delta.Connection;
        if (!_nexuses.TryGetValue(c, out Nexus? nexus))
        {
            int target = NumberOf(c.Target), initiator = NumberOf(c.Initiator);
            string session = SessionName(c);
            if (!_ids.TryGetValue((target, initiator, session, c.Tsih), out int id)) _ids.Add((target, initiator, session, c.Tsih), id = ++_last);
            _nexuses.Add(c, nexus = new Nexus(c, this, target, initiator, NumberOf(session), id));
        }
        return delta.Nexus = nexus;
    }

    private sealed class ByReference : IEqualityComparer<ConnectionInfo>
    {
        public static readonly ByReference Instance = new();

        public bool Equals(ConnectionInfo? x, ConnectionInfo? y) => ReferenceEquals(x, y);

        public int GetHashCode(ConnectionInfo c) => RuntimeHelpers.GetHashCode(c);
    }
}
