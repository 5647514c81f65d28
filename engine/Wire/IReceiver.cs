using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// What takes the bytes of one TCP connection. Implemented by structs, for which the compiler makes direct calls: the decoder's is
/// <see cref="Receiver"/>, tests have another.
/// </summary>
internal interface IReceiver
{
    /// <summary>Whether the first bytes an initiator sends are those of an iSCSI login.</summary>
    static abstract bool LooksLikeLogin(ReadOnlySpan<byte> firstBytes);

    /// <summary>It turned out not to be iSCSI: nothing more needs to be delivered.</summary>
    bool Foreign { get; }

    /// <summary>It is iSCSI beyond doubt, so that it is kept rather than what may be anything.</summary>
    bool Known { get; }

    /// <summary>Where the facts of TCP are counted.</summary>
    WireFacts Facts { get; }

    /// <summary>The next bytes of a direction.</summary>
    void Bytes(Direction direction, ReadOnlySpan<byte> bytes, long time);

    /// <summary>The next bytes of a direction were not captured.</summary>
    void Missing(Direction direction, long count, long time);

    /// <summary>Packets of both directions were captured: what has no answer is unanswered.</summary>
    void HearBoth();

    /// <summary>The connection is over.</summary>
    void Close(ConnectionEnd end, long time);
}

/// <summary>Makes the receiver of a connection.</summary>
/// <param name="local">Address and port of the target's side.</param>
/// <param name="remote">The same of the initiator's side.</param>
/// <param name="time">When it began, or was seen first.</param>
/// <param name="sawStart">Whether its SYN was seen, so that its first bytes are a PDU's.</param>
internal delegate TReceiver OpenReceiver<TReceiver>(string local, string remote, long time, bool sawStart);

/// <summary>The receiver that decodes iSCSI.</summary>
internal readonly struct Receiver(WireConnection connection) : IReceiver
{
    /// <inheritdoc/>
    public static bool LooksLikeLogin(ReadOnlySpan<byte> firstBytes) => WireConnection.LooksLikeLogin(firstBytes);

    /// <inheritdoc/>
    public bool Foreign => connection.Foreign;

    /// <inheritdoc/>
    public bool Known => connection.Id != 0;

    /// <inheritdoc/>
    public WireFacts Facts => connection.Facts;

    /// <inheritdoc/>
    public void Bytes(Direction direction, ReadOnlySpan<byte> bytes, long time) => connection.Bytes(direction, bytes, time);

    /// <inheritdoc/>
    public void Missing(Direction direction, long count, long time) => connection.Missing(direction, count, time);

    /// <inheritdoc/>
    public void HearBoth() => connection.HearBoth();

    /// <inheritdoc/>
    public void Close(ConnectionEnd end, long time) => connection.Close(end, time);
}
