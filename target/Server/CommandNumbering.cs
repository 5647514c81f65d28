using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Server;

/// <summary>
/// The command order of a session (RFC 7143 §4.2.2.1): whose turn it is, the window, and the commands that came before theirs.
/// A lock is taken only where several connections may number commands.
/// </summary>
/// <param name="shared">Whether the session may have several connections.</param>
/// <param name="depth">Commands an initiator may have outstanding: the most MaxCmdSN runs ahead of ExpCmdSN.</param>
internal sealed class CommandNumbering(bool shared, int depth)
{
    /// <summary>Bytes of commands that came before their turn, at most; more are dropped as if lost.</summary>
    private const int MaxHeldBytes = 8 << 20;

    private readonly Lock? _lock = shared ? new Lock() : null;
    private readonly Dictionary<uint, Held> _held = [];
    private int _heldBytes;
    private uint _expCmdSn;
    private uint _maxCmdSn;

    /// <summary>Commands an initiator may have outstanding.</summary>
    public int Depth => depth;

    /// <summary>The next CmdSN to execute.</summary>
    public uint ExpCmdSn => Volatile.Read(ref _expCmdSn);

    /// <summary>The last CmdSN the initiator may send.</summary>
    public uint MaxCmdSn => Volatile.Read(ref _maxCmdSn);

    /// <summary>Starts at the CmdSN of the leading login.</summary>
    public void Start(uint cmdSn)
    {
        _expCmdSn = cmdSn;
        _maxCmdSn = cmdSn + (uint)depth - 1;
    }

    /// <summary>Opens the window as far as the tasks in hand allow; it never closes again.</summary>
    public void Open(int tasks)
    {
        if (_lock is null)
        {
            Widen(tasks);
            return;
        }
        lock (_lock) Widen(tasks);
    }

    /// <summary>A command came: whether it is its turn. When it comes too early it is kept; what is out of the window, or a duplicate, is not.</summary>
    public bool IsTurn(uint cmdSn, FullFeature of, Bhs bhs, ReadOnlySpan<byte> ahs, ReadOnlySpan<byte> data)
    {
        if (_lock is null) return Take(cmdSn, of, bhs, ahs, data);
        lock (_lock) return Take(cmdSn, of, bhs, ahs, data);
    }

    /// <summary>Gives the commands whose turn it is now to the connections they came on.</summary>
    public void Advance()
    {
        if (_held.Count == 0 && _lock is null) return;
        if (_lock is null) Release();
        else lock (_lock) Release();
    }

    /// <summary>Whether a CmdSN is one of a command that is still to come, and that came before another (RFC 7143 §11.5.1).</summary>
    public bool IsMissing(uint cmdSn, uint before) => !Sn.Before(cmdSn, ExpCmdSn) && !Sn.After(cmdSn, MaxCmdSn) && Sn.Before(cmdSn, before);

    /// <summary>Takes a CmdSN that will never come as received (ABORT TASK of a command that was lost, RFC 7143 §11.5.1).</summary>
    public void Plug(uint cmdSn)
    {
        if (_lock is null) Drop(cmdSn);
        else lock (_lock) Drop(cmdSn);
    }

    /// <summary>Takes held commands as received and aborted.</summary>
    public void PlugWhere(Func<FullFeature, Bhs, bool> aborted)
    {
        if (_lock is null) DropWhere(aborted);
        else lock (_lock) DropWhere(aborted);
    }

    private void Widen(int tasks)
    {
        uint max = _expCmdSn + (uint)Math.Max(depth - tasks, 0) - 1;
        if (Sn.After(max, _maxCmdSn)) Volatile.Write(ref _maxCmdSn, max);
    }

    private bool Take(uint cmdSn, FullFeature of, Bhs bhs, ReadOnlySpan<byte> ahs, ReadOnlySpan<byte> data)
    {
        if (Sn.Before(cmdSn, _expCmdSn) || Sn.After(cmdSn, _maxCmdSn)) return false;
        if (cmdSn != _expCmdSn)
        {
            Hold(cmdSn, of, bhs, ahs, data);
            return false;
        }
        Volatile.Write(ref _expCmdSn, _expCmdSn + 1);
        return true;
    }

    private void Hold(uint cmdSn, FullFeature of, Bhs bhs, ReadOnlySpan<byte> ahs, ReadOnlySpan<byte> data)
    {
        int length = Pdu.BhsLength + ahs.Length + data.Length;
        if (_heldBytes + length > MaxHeldBytes || _held.ContainsKey(cmdSn)) return;
        byte[] pdu = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        bhs.Bytes.CopyTo(pdu);
        ahs.CopyTo(pdu.AsSpan(Pdu.BhsLength));
        data.CopyTo(pdu.AsSpan(Pdu.BhsLength + ahs.Length));
        _held.Add(cmdSn, new Held(of, pdu));
        _heldBytes += length;
    }

    private void Release()
    {
        while (_held.Remove(_expCmdSn, out Held held))
        {
            Volatile.Write(ref _expCmdSn, _expCmdSn + 1);
            _heldBytes -= held.Pdu?.Length ?? 0;
            if (held.Pdu is { } pdu) held.Of!.Ready(pdu);
        }
    }

    private void Drop(uint cmdSn)
    {
        if (_held.GetValueOrDefault(cmdSn).Pdu is { } pdu) _heldBytes -= pdu.Length;
        _held[cmdSn] = default;
    }

    private void DropWhere(Func<FullFeature, Bhs, bool> aborted)
    {
        foreach ((uint cmdSn, Held held) in _held.ToArray())
            if (held.Pdu is { } pdu && aborted(held.Of!, new Bhs(pdu)))
                Drop(cmdSn);
    }

    private readonly record struct Held(FullFeature? Of, byte[]? Pdu);
}
