using System.Globalization;
using System.Text;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D.Execution;

/// <summary>What an event's names are as bytes, made once for each state of a connection.</summary>
internal sealed class Face
{
    public static readonly Face None = new(new ConnectionInfo(0, "", ""), "", "");

    private readonly ConnectionInfo _connection;
    private readonly string _target;
    private readonly string _initiator;

    private Face(ConnectionInfo connection, string target, string initiator)
    {
        (_connection, _target, _initiator) = (connection, target, initiator);
        string local = Host(connection.Local);
        Local = Encoding.UTF8.GetBytes(local);
        Remote = Encoding.UTF8.GetBytes(Host(connection.Remote));
        Protocol = local.Contains(':', StringComparison.Ordinal) ? "ipv6"u8.ToArray() : "ipv4"u8.ToArray();
        Target = Encoding.UTF8.GetBytes(target);
        Initiator = Encoding.UTF8.GetBytes(initiator);
        Isid = Encoding.UTF8.GetBytes(connection.Isid);
        Tsih = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"0x{connection.Tsih:x4}"));
    }

    public byte[] Local { get; }

    public byte[] Remote { get; }

    public byte[] Protocol { get; }

    public byte[] Target { get; }

    public byte[] Initiator { get; }

    public byte[] Isid { get; }

    public byte[] Tsih { get; }

    public bool Is(in EventContext context) => ReferenceEquals(_connection, context.Connection)
        && ReferenceEquals(_target, context.Target) && ReferenceEquals(_initiator, context.Initiator);

    public static Face Of(in EventContext context) => new(context.Connection, context.Target, context.Initiator);

    // conninfo_t has addresses only: "192.0.2.1:3260" and "[::1]:3260" lose their ports.
    private static string Host(string endpoint)
    {
        if (endpoint.StartsWith('[') && endpoint.IndexOf(']', StringComparison.Ordinal) is > 0 and var end) return endpoint[1..end];
        int colon = endpoint.IndexOf(':', StringComparison.Ordinal);
        return colon >= 0 && colon == endpoint.LastIndexOf(':') ? endpoint[..colon] : endpoint;
    }
}

/// <summary>The faces of connections, looked up at every event.</summary>
internal sealed class Faces
{
    // Connections come and go for ever; those that are still there come back at their next event.
    private const int Most = 1 << 16;

    private readonly Dictionary<ulong, Face> _faces = [];
    private ulong _lastKey;
    private Face _last = Face.None;

    public Face Of(int instance, uint connection, in EventContext context)
    {
        ulong key = (ulong)(uint)instance << 32 | connection;
        if (key == _lastKey && _last.Is(in context)) return _last;
        if (!_faces.TryGetValue(key, out Face? face) || !face.Is(in context))
        {
            if (_faces.Count >= Most) _faces.Clear();
            _faces[key] = face = Face.Of(in context);
        }
        (_lastKey, _last) = (key, face);
        return face;
    }
}
