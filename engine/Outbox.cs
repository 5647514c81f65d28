using System.Net.Sockets;

namespace Iscsitop.Engine;

/// <summary>Where a subscriber's frames go.</summary>
internal abstract class Outbox
{
    /// <summary>Bytes that wait.</summary>
    public virtual int Waiting => 0;

    /// <summary>Whether the subscriber has gone.</summary>
    public virtual bool Broken => false;

    /// <summary>Whether a frame of any length would be taken.</summary>
    public virtual bool HasRoom => true;

    /// <summary>Whether its reader adds up what comes, so that it may come early.</summary>
    public virtual bool AddsUp => false;

    /// <summary>Sends a frame.</summary>
    /// <returns>False when there is no room for it, or nobody left to read it.</returns>
    public abstract bool TrySend(ReadOnlySpan<byte> frame);

    /// <summary>Sends what waits.</summary>
    public virtual void Flush()
    {
    }
}

/// <summary>To a viewer in this process, which reads a frame when it is sent: nothing waits and nothing is lost.</summary>
internal sealed class LocalOutbox : Outbox
{
    private readonly Reception _reception;

    public LocalOutbox(Reception reception)
    {
        _reception = reception;
        reception.Mirror.StatusesKept = 1;
    }

    public override bool AddsUp => true;

    public override bool TrySend(ReadOnlySpan<byte> frame)
    {
        _reception.Read((FrameType)frame[4], frame[StreamFormat.HeaderLength..]);
        return true;
    }
}

/// <summary>
/// To a viewer behind a socket. Sending never waits; what the socket does not take is kept here and sent first
/// the next time, so that a frame is never cut. Bounded: a frame that does not fit is refused whole.
/// </summary>
internal sealed class SocketOutbox(Socket socket, int capacity = SocketOutbox.DefaultCapacity) : Outbox
{
    /// <summary>4 MiB: what a busy target fires in a quarter of a second, made when a subscriber first falls behind.</summary>
    public const int DefaultCapacity = 4 << 20;

    private byte[] _ring = [];
    private int _from;

    private int _waiting;
    private bool _broken;

    public override int Waiting => _waiting;

    public override bool Broken => _broken;

    public override bool HasRoom => !Broken && capacity - Waiting >= StreamFormat.MaxFrame;

    public override bool TrySend(ReadOnlySpan<byte> frame)
    {
        Flush();
        if (Broken || capacity - Waiting < frame.Length) return false;
        if (Waiting == 0) frame = frame[SendSome(frame)..];
        if (!Broken) Keep(frame);
        return !Broken;
    }

    public override void Flush()
    {
        while (Waiting > 0 && !Broken)
        {
            int sent = SendSome(_ring.AsSpan(_from, Math.Min(Waiting, _ring.Length - _from)));
            if (sent == 0) return;
            _from = (_from + sent) % _ring.Length;
            _waiting -= sent;
        }
    }

    private int SendSome(ReadOnlySpan<byte> bytes)
    {
        int sent = socket.Send(bytes, SocketFlags.None, out SocketError error);
        _broken = error is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable);
        return error == SocketError.Success ? sent : 0;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        if (_ring.Length == 0) _ring = new byte[capacity];
        int to = (_from + Waiting) % capacity;
        int first = Math.Min(bytes.Length, capacity - to);
        bytes[..first].CopyTo(_ring.AsSpan(to));
        bytes[first..].CopyTo(_ring);
        _waiting += bytes.Length;
    }
}
