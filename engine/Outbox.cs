using System.Net.Sockets;

namespace Iscsitop.Engine;

/// <summary>
/// What a subscriber has not taken yet. Sending never waits; what the socket does not take is kept here and sent first
/// the next time, so that a frame is never cut. Bounded: a frame that does not fit is refused whole.
/// </summary>
internal sealed class Outbox(Socket socket, int capacity = Outbox.DefaultCapacity)
{
    /// <summary>1 MiB.</summary>
    public const int DefaultCapacity = 1 << 20;

    private byte[] _ring = [];
    private int _from;

    /// <summary>Bytes that wait.</summary>
    public int Waiting { get; private set; }

    /// <summary>Whether the subscriber has gone.</summary>
    public bool Broken { get; private set; }

    /// <summary>Whether a frame of any length would be taken.</summary>
    public bool HasRoom => !Broken && capacity - Waiting >= StreamFormat.MaxFrame;

    /// <summary>Sends a frame, or keeps what the socket does not take.</summary>
    /// <returns>False when there is no room for it, or nobody left to read it.</returns>
    public bool TrySend(ReadOnlySpan<byte> frame)
    {
        Flush();
        if (Broken || capacity - Waiting < frame.Length) return false;
        if (Waiting == 0) frame = frame[SendSome(frame)..];
        if (!Broken) Keep(frame);
        return !Broken;
    }

    /// <summary>Sends what waits.</summary>
    public void Flush()
    {
        while (Waiting > 0 && !Broken)
        {
            int sent = SendSome(_ring.AsSpan(_from, Math.Min(Waiting, _ring.Length - _from)));
            if (sent == 0) return;
            _from = (_from + sent) % _ring.Length;
            Waiting -= sent;
        }
    }

    private int SendSome(ReadOnlySpan<byte> bytes)
    {
        int sent = socket.Send(bytes, SocketFlags.None, out SocketError error);
        Broken = error is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable);
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
        Waiting += bytes.Length;
    }
}
