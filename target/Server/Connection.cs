using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Target.Server;

/// <summary>One TCP connection and its thread: login, then the full feature phase, then the end.</summary>
internal sealed class Connection : IDisposable
{
    /// <summary>How often a waiting thread looks at its timers.</summary>
    public const int TickMilliseconds = 1000;

    private readonly Socket _socket;
    private readonly Thread _thread;
    private readonly ManualResetEventSlim _ended = new();
    private ConnectionInfo _info;
    private int _end;
    private uint _target;
    private uint _initiator;

    public Connection(Socket socket, TargetServer server)
    {
        _socket = socket;
        Server = server;
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.ReceiveTimeout = TickMilliseconds;
        socket.SendTimeout = (int)server.Options.SendTimeout.TotalMilliseconds;
        Local = (IPEndPoint)socket.LocalEndPoint!;
        Remote = (IPEndPoint)socket.RemoteEndPoint!;
        Id = server.Provider.NextConnection();
        Reader = new PduReader(socket);
        Writer = new PduWriter(socket, this);
        _info = new ConnectionInfo(Id, Local.ToString(), Remote.ToString(), Opened: Clock.Now);
        server.Provider.ConnectionChanges.Enqueue(_info);
        _thread = new Thread(Run) { IsBackground = true, Name = $"iscsi-{Id}" };
    }

    public TargetServer Server { get; }

    public Provider Provider => Server.Provider;

    public uint Id { get; }

    public IPEndPoint Local { get; }

    public IPEndPoint Remote { get; }

    public Socket Socket => _socket;

    public PduReader Reader { get; }

    public PduWriter Writer { get; }

    /// <summary>StatSN of the next response (RFC 7143 §4.2.2.2).</summary>
    public uint StatSn { get; set; } = 1;

    /// <summary>Connection id of the login.</summary>
    public ushort Cid { get; set; }

    /// <summary>What its login agreed upon.</summary>
    public Parameters Parameters { get; set; } = new();

    /// <summary>Set when it leaves its session, which goes on without it: it was logged out, or another takes its place.</summary>
    public volatile bool Leaves;

    /// <summary>Whether the full feature phase has begun.</summary>
    public bool LoggedIn { get; set; }

    /// <summary>When it began, by Environment.TickCount64.</summary>
    public long Began { get; } = Environment.TickCount64;

    /// <summary>Set by others: the thread is to end the connection (reinstatement, shutdown, cold reset).</summary>
    public volatile bool Doomed;

    /// <summary>Starts the thread. When there can be none, the connection has ended.</summary>
    public void Start()
    {
        try
        {
            _thread.Start();
        }
        catch
        {
            End();
            throw;
        }
    }

    /// <summary>Ends the connection from another thread: what it waits for returns at once.</summary>
    /// <param name="why">What observers are told.</param>
    public void Abort(ConnectionEnd why = ConnectionEnd.TargetFin)
    {
        EndsBy(why);
        Doomed = true;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    /// <summary>Says why it ends; who says it first is believed.</summary>
    public void EndsBy(ConnectionEnd why) => Interlocked.CompareExchange(ref _end, (int)why, (int)ConnectionEnd.None);

    /// <summary>The peer has closed, or it failed.</summary>
    public void EndsByPeer() => EndsBy(Reader.Failed ? ConnectionEnd.InitiatorReset : ConnectionEnd.InitiatorFin);

    /// <summary>Waits until the thread has ended and with it everything the connection had in hand.</summary>
    public bool WaitEnded(TimeSpan timeout) => _ended.Wait(timeout);

    /// <summary>Teaches observers the names a login brought and, with an ISID, what it has agreed upon.</summary>
    public void Identify(string target, string initiator, bool discovery, string isid = "", ushort tsih = 0)
    {
        bool proven = isid.Length > 0;
        _target = Provider.Intern(target, proven);
        _initiator = Provider.Intern(initiator, proven);
        _info = _info with { Target = target, Initiator = initiator, Isid = isid, Tsih = tsih, Cid = Cid, Discovery = discovery };
        if (proven) _info = _info with { Parameters = Parameters.Agreed, PortalGroup = Server.GroupOf(Local).Tag };
        Provider.ConnectionChanges.Enqueue(_info);
    }

    /// <summary>Teaches observers what was agreed anew.</summary>
    public void Renegotiated()
    {
        if (Parameters.Agreed is var agreed && agreed == _info.Parameters) return;
        _info = _info with { Parameters = agreed };
        Provider.ConnectionChanges.Enqueue(_info);
    }

    /// <summary>The provider's first place to fire: the PDU at hand was received.</summary>
    public void FireReceived(ulong lun)
    {
        Bhs bhs = Reader.Bhs;
        if (Provider.Wants(bhs.Bytes[0])) FireReceived(bhs.Bytes, Reader.Ahs, lun);
    }

    /// <summary>The same, for a PDU whose header was set aside while its data came in.</summary>
    public void FireReceived(ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> ahs, ulong lun) =>
        Fire(bhs, bhs[4] > 0 && (bhs[0] & 0x3f) == (int)Opcode.ScsiCommand ? Pdu.ExtendedCdb(ahs) : default, lun, Reader.Time);

    /// <summary>Hands a PDU to the provider with this connection's ids.</summary>
    public void Fire(ReadOnlySpan<byte> bhs, ReadOnlySpan<byte> tail, ulong lun, long now, UnmapSum unmapped = default) =>
        Provider.Fire(bhs, tail, lun, Id, _target, _initiator, now, unmapped);

    public void Dispose()
    {
        _socket.Dispose();
        _ended.Dispose();
    }

    private void Run()
    {
        try
        {
            if (new Login(this).Run() is { } session)
            {
                using FullFeature phase = Begin(session);
                phase.Run();
            }
            Linger();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            if (Server.MayLog(Remote.Address)) Log.ConnectionFailed(Server.Logger, Remote, e.Message);
        }
        catch (Exception e)
        {
            // A bug must cost this connection, not the target.
            if (Server.MayLog(Remote.Address)) Log.ConnectionBug(Server.Logger, Remote, e);
        }
        finally
        {
            End();
        }
    }

    /// <summary>The phase after the login. A session must not stay behind when there is no descriptor left for it, say.</summary>
    private FullFeature Begin(Session session)
    {
        try
        {
            return new FullFeature(this, session);
        }
        catch
        {
            Server.Leave(session, this, null);
            throw;
        }
    }

    /// <summary>Closes our half and gives the peer a moment to close its own: a reset would take our last PDU from it.</summary>
    private void Linger()
    {
        if (Doomed || Writer.Broken) return;
        _socket.Shutdown(SocketShutdown.Send);
        long deadline = Environment.TickCount64 + 2 * TickMilliseconds;
        while (!Doomed && Environment.TickCount64 < deadline && Reader.Drop())
        {
        }
    }

    private void End()
    {
        if (Writer.Broken) EndsBy(ConnectionEnd.InitiatorReset);
        EndsBy(ConnectionEnd.TargetFin);
        _info = _info with { Closed = Clock.Now, End = (ConnectionEnd)_end };
        Provider.ConnectionChanges.Enqueue(_info);
        _socket.Dispose();
        Reader.Dispose();
        Writer.Dispose();
        Server.Ended(this);
        _ended.Set();
    }
}
