using System.Buffers.Binary;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// SANITIZE (SBC-4 §4.12, §5.30) of one unit: runs on a thread of its own, and to its end: neither the end of the command
/// that began it nor a restart stops it (SBC-4 §4.11). Meanwhile, and after a failure, the unit refuses commands that touch
/// the medium.
/// </summary>
/// <param name="unit">The unit.</param>
/// <param name="file">Where its order outlives this process; null when it need not.</param>
internal sealed class Sanitizer(LogicalUnit unit, SanitizeFile? file = null)
{
    private const byte Immediate = 0x80;
    private const byte AllowUnrestrictedExit = 0x20;
    private const int HeaderLength = 4;
    private const int Piece = 1 << 20;
    private const int PatienceMilliseconds = 50;

    private readonly Lock _lock = new();
    private volatile bool _running;
    private volatile bool _failed;
    private SanitizeOrder? _order; // what the file says
    private SanitizeOrder? _suspended;
    private bool _mayExit;
    private volatile int _count;
    private long _done;
    private long _total;

    /// <summary>Whether a unit whose medium outlives this process can be sanitized: not when a restart would forget about it.</summary>
    public bool Remembers => file is not null;

    /// <summary>How many have begun: what was written before one is gone.</summary>
    public int Count => _count;

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
        return unit.Sanitizer.Begin(task, pattern, passes, invert);
    }

    /// <summary>SANITIZE, BLOCK ERASE service action: afterwards nothing is mapped.</summary>
    public static ScsiStatus BlockErase(ScsiTask task) => Erase(task);

    /// <summary>SANITIZE, CRYPTOGRAPHIC ERASE service action: there is no key that could be changed, so the blocks are.</summary>
    public static ScsiStatus CryptographicErase(ScsiTask task) => Erase(task);

    /// <summary>SANITIZE, EXIT FAILURE MODE service action: as far as the SANITIZE that failed allowed it.</summary>
    public static ScsiStatus ExitFailureMode(ScsiTask task)
    {
        if (task.OutLength != 0) return task.FailField(7);
        if (!task.MayBlock) return ScsiTask.Deferred;
        return task.Unit!.Sanitizer.TryExit() ? ScsiStatus.Good : task.FailField(1, 4);
    }

    private static ScsiStatus Erase(ScsiTask task)
    {
        if (task.OutLength != 0) return task.FailField(7);
        if (!task.MayBlock) return ScsiTask.Deferred;
        return task.Unit!.Sanitizer.Begin(task, task.Unit.Thin ? null : [0], 1, invert: false);
    }

    /// <summary>Takes up what an earlier run left, or its failure. A run that may not write leaves it to the next. Another medium in its place is neither erased nor called clean.</summary>
    /// <exception cref="IOException">What is there cannot be read; the message names it.</exception>
    public void Load()
    {
        if (file?.Load() is not { } order) return;
        _order = order;
        _mayExit = order.MayExit;
        _failed = order.Failed || unit.Store.ReadOnly || order.Length != unit.Store.Length || order.Medium != unit.Store.Identity;
        _running = !_failed;
        if (_running) _suspended = order;
    }

    /// <summary>Goes on with what <see cref="Load"/> found, once it is certain that the unit is served.</summary>
    public void Resume()
    {
        if (Interlocked.Exchange(ref _suspended, null) is not { } order) return;
        try
        {
            Start(order);
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            (_failed, _running) = (true, false); // there is no thread: the next run tries again
        }
    }

    private ScsiStatus Begin(ScsiTask task, byte[]? pattern, int passes, bool invert)
    {
        lock (_lock)
        {
            if (InProgress) return unit.FailNotReady(task);
            Volatile.Write(ref _done, 0);
            _running = true;
        }
        // Commands that are under way end first; from now on there are no new ones.
        if (!unit.AwaitOthers(task, PatienceMilliseconds))
        {
            _running = false;
            return ScsiStatus.Good; // nobody hears it
        }
        Thread? thread = TryBegin(pattern, passes, invert, (task.Cdb[1] & AllowUnrestrictedExit) != 0);
        if (thread is null) return task.Fail(SenseCode.InternalTargetFailure);
        if ((task.Cdb[1] & Immediate) != 0) return ScsiStatus.Good;
        while (!thread.Join(PatienceMilliseconds))
            if (task.IsVoid)
                return ScsiStatus.Good; // nobody hears it
        return _failed ? task.Fail(SenseCode.SanitizeCommandFailed) : ScsiStatus.Good;
    }

    // Null, and nothing has begun, when a restart would forget about it, or nobody would do it.
    private Thread? TryBegin(byte[]? pattern, int passes, bool invert, bool mayExit)
    {
        SanitizeOrder? before = _order;
        try
        {
            var order = new SanitizeOrder(unit.Store.Identity, unit.Store.Length, pattern, passes, invert, mayExit, Failed: false);
            Keep(order);
            Thread thread = Start(order);
            _mayExit = mayExit;
            return thread;
        }
#pragma warning disable CA1031 // No thread, no memory, a medium that is being closed: this command fails, and the next may not.
        catch (Exception)
#pragma warning restore CA1031
        {
            Withdraw(before);
            _running = false;
            return null;
        }
    }

    private void Keep(SanitizeOrder? order)
    {
        try
        {
            file?.Save(order);
            _order = order;
        }
        catch (StateInDoubtException)
        {
            _failed = true; // it may begin with the next start: until then nobody is to take the medium for what it was
            throw;
        }
    }

    private void Withdraw(SanitizeOrder? before)
    {
        if (_order == before) return;
        try
        {
            Keep(before);
        }
        catch (IOException)
        {
            _failed = true;
        }
    }

    private bool TryExit()
    {
        lock (_lock)
        {
            if (_failed && !_mayExit) return false;
            if (_failed) Keep(null);
            _failed = false;
            return true;
        }
    }

    private Thread Start(SanitizeOrder order)
    {
        _total = order.Passes * unit.Store.Length;
        _count++;
        var thread = new Thread(() => Run(order)) { IsBackground = true, Name = "sanitize" };
        thread.Start();
        return thread;
    }

    private void Run(SanitizeOrder order)
    {
        bool clean = false;
        try
        {
            using (unit.Store.Alone()) { } // the last writer has left
            if (order.Pattern is { } pattern) Write(pattern, order.Passes, order.Invert);
            else Unmap();
            unit.Store.Flush();
            Keep(null); // before anybody writes again: an order that is there is followed
            clean = true;
        }
        catch (ObjectDisposedException)
        {
            // The target is going down; the next one resumes.
        }
#pragma warning disable CA1031 // A bug, or no memory, must cost this unit and not the process.
        catch (Exception)
#pragma warning restore CA1031
        {
            RememberFailure(order);
        }
        finally
        {
            _failed = !clean;
            _running = false;
        }
    }

    // Where that is not possible the order is there still, and the next run tries again.
    private void RememberFailure(SanitizeOrder order)
    {
        try
        {
            Keep(order with { Failed = true });
        }
        catch (Exception e) when (e is IOException or OutOfMemoryException)
        {
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

    // The pattern begins anew with each block, and is inverted with each pass where that is asked for, so that the last pass
    // leaves it as it was given (SBC-4 §5.30.3).
    private void Write(byte[] pattern, int passes, bool invert)
    {
        byte[] piece = new byte[Piece];
        for (int i = 0; i < piece.Length; i++) piece[i] = (byte)(pattern[i % unit.BlockSize % pattern.Length] ^ (invert && passes % 2 == 0 ? 0xff : 0));
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
