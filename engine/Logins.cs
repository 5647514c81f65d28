using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// The newest login of each initiator port to a target. A login with the same initiator name, ISID and portal group of a target takes the place
/// of the session there was (RFC 7143 §6.3.5): that one did not end by itself.
/// </summary>
internal sealed class Logins
{
    private readonly Dictionary<(string Target, string Initiator, string Isid, int PortalGroup), ConnectionInfo> _newest = [];

    /// <summary>A connection has logged in, or changed since.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="reinstates">Whether this is when it took the place of a session there was.</param>
    /// <returns>The one before, when it has ended and this one took its place; null else.</returns>
    public ConnectionInfo? Enter(ConnectionInfo connection, out bool reinstates)
    {
        reinstates = false;
        if (!HasPort(connection)) return null;
        _newest.TryGetValue(Port(connection), out ConnectionInfo? before);
        if (before is null || before.Id == connection.Id || before.Opened <= connection.Opened) _newest[Port(connection)] = connection;
        reinstates = before is not null && Replaces(connection, before);
        return reinstates && before!.Closed != 0 ? before : null;
    }

    /// <summary>Whether a connection that ends was replaced.</summary>
    public bool Replaced(ConnectionInfo ended)
    {
        if (!HasPort(ended) || !_newest.TryGetValue(Port(ended), out ConnectionInfo? newest)) return false;
        if (newest.Id == ended.Id) _newest[Port(ended)] = ended;
        return Replaces(newest, ended);
    }

    /// <summary>Forgets an ended connection.</summary>
    public void Forget(ConnectionInfo ended)
    {
        if (HasPort(ended) && _newest.TryGetValue(Port(ended), out ConnectionInfo? newest) && newest.Id == ended.Id) _newest.Remove(Port(ended));
    }

    // Another connection of the same session goes beside it, unless it has its CID (connection reinstatement, RFC 7143 §6.3.4).
    private static bool Replaces(ConnectionInfo newer, ConnectionInfo ended) =>
        newer.Id != ended.Id && newer.Opened > ended.Opened && (ended.Closed == 0 || newer.Opened <= ended.Closed)
        && (newer.Tsih != ended.Tsih || newer.Cid == ended.Cid);

    private static bool HasPort(ConnectionInfo c) => c is { Tsih: not 0, Discovery: false, Target.Length: > 0, Isid.Length: > 0 };

    private static (string, string, string, int) Port(ConnectionInfo c) => (c.Target, c.Initiator, c.Isid, c.PortalGroup);
}
