using System.Buffers.Binary;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// SANITIZE (SBC-4 §4.12, §5.30) of one unit: runs on a thread of its own, and to its end whatever becomes of the command
/// that began it. Meanwhile, and after a failure, the unit refuses commands that touch the medium.
/// </summary>
internal sealed class Sanitizer(LogicalUnit unit)
{
    private const byte Immediate = 0x80;
    private const byte AllowUnrestrictedExit = 0x20;
    private const int HeaderLength = 4;
    private const int Piece = 1 << 20;
    private const int PatienceMilliseconds = 50;

    private readonly Lock _lock = new();
    private volatile bool _running;
    private volatile bool _failed;
    private bool _mayExit;
    private long _done;
    private long _total;

    /// <summary>Whether it runs.</summary>
    public bool InProgress => _running;

    /// <summary>Why the unit is not ready; <see cref="SenseCode.NoSense"/> when it is.</summary>
    public SenseCode NotReady => InProgress ? SenseCode.SanitizeInProgress : _failed ? SenseCode.SanitizeCommandFailed : SenseCode.NoSense;

    /// <summary>Progress indication: how many 65536ths are done (SPC-4 §4.5.2.4.4).</summary>
    public ushort Progress => (ushort)Math.Min(ushort.MaxValue, Volatile.Read(ref _done) / Math.Max(1, _total >> 16));

    /// <summary>SANITIZE, OVERWRITE service action: a pattern, so many times over.</summary>
    public static ScsiStatus Overwrite(ScsiTask task)
    {
        const int countMask = 0x1f;
        LogicalUnit unit = task.Unit!;
        // A list that is too short or too long is an error of the CDB here, not of the list (SBC-4 §5.30.2).
        if (task.OutLength <= HeaderLength || task.OutLength > HeaderLength + unit.BlockSize) return task.FailField(7);
        ReadOnlySpan<byte> list = task.DataOut;
        if (list.Length != task.OutLength) return task.Fail(SenseCode.ParameterListLengthError);
        int length = BinaryPrimitives.ReadUInt16BigEndian(list[2..]);
        if ((list[0] & countMask) == 0) return task.FailParameter(0, 4);
        if (length == 0 || length > list.Length - HeaderLength) return task.FailParameter(2);
        if (!task.MayBlock) return ScsiTask.Deferred;
        byte[] pattern = list.Slice(HeaderLength, length).ToArray();
        int passes = list[0] & countMask;
        bool invert = (list[0] & 0x80) != 0;
        return unit.Sanitizer.Begin(task, passes, () => unit.Sanitizer.Write(pattern, passes, invert));
    }

    /// <summary>SANITIZE, BLOCK ERASE service action: afterwards nothing is mapped.</summary>
    public static ScsiStatus BlockErase(ScsiTask task) => Erase(task);

    /// <summary>SANITIZE, CRYPTOGRAPHIC ERASE service action: there is no key that could be changed, so the blocks are.</summary>
    public static ScsiStatus CryptographicErase(ScsiTask task) => Erase(task);

    /// <summary>SANITIZE, EXIT FAILURE MODE service action: as far as the SANITIZE that failed allowed it.</summary>
    public static ScsiStatus ExitFailureMode(ScsiTask task)
    {
        if (task.OutLength != 0) return task.FailField(7);
        return task.Unit!.Sanitizer.TryExit() ? ScsiStatus.Good : task.FailField(1, 4);
    }

    private static ScsiStatus Erase(ScsiTask task)
    {
        if (task.OutLength != 0) return task.FailField(7);
        if (!task.MayBlock) return ScsiTask.Deferred;
        Sanitizer sanitizer = task.Unit!.Sanitizer;
        return sanitizer.Begin(task, 1, task.Unit.Thin ? sanitizer.Unmap : () => sanitizer.Write([0], 1, invert: false));
    }

    private ScsiStatus Begin(ScsiTask task, int passes, Action work)
    {
        lock (_lock)
        {
            if (InProgress) return unit.FailNotReady(task);
            _failed = false;
            _mayExit = (task.Cdb[1] & AllowUnrestrictedExit) != 0;
            Volatile.Write(ref _done, 0);
            _total = passes * unit.Store.Length;
            _running = true;
        }
        // Commands that are under way end first; from now on there are no new ones.
        if (!unit.AwaitOthers(task, PatienceMilliseconds))
        {
            _running = false;
            return ScsiStatus.Good; // nobody hears it
        }
        var thread = new Thread(() => Run(work)) { IsBackground = true, Name = "sanitize" };
        thread.Start();
        if ((task.Cdb[1] & Immediate) != 0) return ScsiStatus.Good;
        while (!thread.Join(PatienceMilliseconds))
            if (task.IsVoid)
                return ScsiStatus.Good; // nobody hears it
        return _failed ? task.Fail(SenseCode.SanitizeCommandFailed) : ScsiStatus.Good;
    }

    private bool TryExit()
    {
        lock (_lock)
        {
            if (_failed && !_mayExit) return false;
            _failed = false;
            return true;
        }
    }

    private void Run(Action work)
    {
        try
        {
            using (unit.Store.Alone()) { } // the last writer has left
            work();
            unit.Store.Flush();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _failed = true;
        }
        finally
        {
            _running = false;
        }
    }

    private void Unmap()
    {
        const int extent = 64 * Piece;
        for (long at = 0; at < unit.Store.Length; at += extent)
        {
            unit.Store.Unmap(at, Math.Min(extent, unit.Store.Length - at));
            Volatile.Write(ref _done, at);
        }
    }

    // The pattern begins anew with each block, and is inverted with each pass where that is asked for.
    private void Write(byte[] pattern, int passes, bool invert)
    {
        byte[] piece = new byte[Piece];
        for (int i = 0; i < piece.Length; i++) piece[i] = pattern[i % unit.BlockSize % pattern.Length];
        for (int pass = 0; pass < passes; pass++)
        {
            for (long at = 0; at < unit.Store.Length; at += piece.Length)
            {
                unit.Store.Write(at, piece.AsSpan(0, (int)Math.Min(piece.Length, unit.Store.Length - at)));
                Volatile.Write(ref _done, pass * unit.Store.Length + at);
            }
            unit.Store.Flush();
            for (int i = 0; invert && i < piece.Length; i++) piece[i] = (byte)~piece[i];
        }
    }
}
