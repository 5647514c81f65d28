using System.Numerics;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>
/// A cell as the engine keeps it: what happened since anybody was told. While one looks that is all there is to it; for more,
/// what one is told is put by for the others.
/// </summary>
internal sealed class CellState
{
    private Cell?[] _putBy = [];
    private ulong _owed;
    private Cell? _past;
    private bool _changed;

    /// <summary>What nobody has been told. Its integral reaches to <see cref="Touched"/>.</summary>
    public Cell Cell { get; } = new();

    /// <summary>Monotonic ns of the last change.</summary>
    public long Touched { get; private set; }

    /// <summary>The table's version at the last change.</summary>
    public long Version { get; private set; }

    /// <summary>Bytes it took when it was told last.</summary>
    public int Bytes { get; private set; }

    /// <summary>Completed commands that somebody has not been told of.</summary>
    public long Untold
    {
        get
        {
            long most = 0;
            for (int i = 0; i < _putBy.Length; i++)
                if ((_owed & 1UL << i) != 0)
                    most = Math.Max(most, _putBy[i]!.Completed);
            return most + Cell.Completed;
        }
    }

    /// <summary>Makes this an empty cell.</summary>
    public void Reset(CellKey key, CommandKind kind, long time)
    {
        Cell.Clear();
        (Cell.Key, Cell.Kind) = (key, kind);
        (_putBy, _owed, _past, _changed) = ([], 0, null, false);
        (Touched, Version) = (time, 0);
        Bytes = Size;
    }

    /// <summary>
    /// Brings the integral up to <paramref name="time"/> before a change. A time before the last change is a
    /// correction: the sum stays exact, since it is linear in each command's begin and end.
    /// </summary>
    public void Touch(long time, long version)
    {
        Touch(time);
        Version = version;
        _changed = true;
    }

    /// <summary>A subscriber comes. What the others are still to be told is none of its business, what was before is.</summary>
    /// <param name="subscriber">Its number.</param>
    /// <param name="others">The bits of those that are there.</param>
    /// <param name="hasPast">Whether it is known what was before.</param>
    /// <param name="time">When.</param>
    public void Join(int subscriber, ulong others, bool hasPast, long time)
    {
        if (!hasPast || others != 0) Touch(time);
        if (others != 0) PutBy(others, hasPast);
        else if (!hasPast) Empty(Cell, false);
        if (others == 0 && !hasPast) _changed = false;
        if (_past is not { } past) return;
        PutByFor(subscriber).Add(past);
        _owed |= 1UL << subscriber;
    }

    /// <summary>A subscriber goes.</summary>
    public void Leave(int subscriber)
    {
        if (subscriber < _putBy.Length) _putBy[subscriber] = null;
        _owed &= ~(1UL << subscriber);
    }

    /// <summary>What a subscriber has not been told, up to a time; null when there is nothing.</summary>
    public Cell? Tell(int subscriber, ulong subscribers, bool hasPast, long time)
    {
        ulong bit = 1UL << subscriber;
        if (!_changed && Cell.Outstanding == 0 && (_owed & bit) == 0) return null;
        Touch(time);
        if (subscribers == bit && (_owed & bit) == 0) return Cell;
        PutBy(subscribers, hasPast);
        Cell putBy = PutByFor(subscriber);
        putBy.Outstanding = Cell.Outstanding;
        return putBy;
    }

    /// <summary>The subscriber has been told that.</summary>
    /// <param name="subscriber">Its number.</param>
    /// <param name="hasPast">Whether what was told is kept for who comes later.</param>
    /// <param name="giveBack">Whether memory is short.</param>
    public void Told(int subscriber, bool hasPast, bool giveBack)
    {
        ulong bit = 1UL << subscriber;
        if ((_owed & bit) != 0)
        {
            Empty(PutByFor(subscriber), giveBack);
            _owed &= ~bit;
        }
        else
        {
            if (hasPast) (_past ??= new Cell()).Add(Cell);
            Empty(Cell, giveBack);
            _changed = false;
        }
        Bytes = Size;
    }

    /// <summary>Forgets what everybody has been told.</summary>
    public void ForgetPast() => _past = null;

    private int Size
    {
        get
        {
            int size = 160 + Cell.Size + (_past?.Size ?? 0);
            foreach (Cell? cell in _putBy) size += cell?.Size ?? 0;
            return size;
        }
    }

    private void Touch(long time)
    {
        Cell.OutstandingTime += Cell.Outstanding * (time - Touched);
        Touched = time;
    }

    private void PutBy(ulong subscribers, bool hasPast)
    {
        _owed |= subscribers;
        for (ulong left = subscribers; left != 0; left &= left - 1) PutByFor(BitOperations.TrailingZeroCount(left)).Add(Cell);
        if (hasPast) (_past ??= new Cell()).Add(Cell);
        Empty(Cell, false);
        _changed = false;
    }

    private Cell PutByFor(int subscriber)
    {
        if (subscriber >= _putBy.Length) Array.Resize(ref _putBy, subscriber + 1);
        return _putBy[subscriber] ??= new Cell { Key = Cell.Key, Kind = Cell.Kind };
    }

    // What is outstanding stays so.
    private static void Empty(Cell cell, bool giveBack)
    {
        long outstanding = cell.Outstanding;
        cell.Clear(giveBack);
        cell.Outstanding = outstanding;
    }
}
