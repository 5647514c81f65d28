using System.Numerics;

namespace Iscsitop.Engine;

/// <summary>
/// A pattern as the engine keeps it, in the way of <see cref="CellState"/>: what happened since anybody was told. While one looks that is
/// all there is to it; for more, what one is told is put by for the others.
/// </summary>
internal abstract class UntoldPattern
{
    private Pattern?[] _putBy = [];
    private ulong _owed;
    private Pattern? _past;

    /// <summary>What nobody has been told.</summary>
    public Pattern Pattern { get; } = new();

    /// <summary>Bytes it took when it was told last.</summary>
    public int Bytes { get; private set; }

    /// <summary>A subscriber comes. What the others are still to be told is none of its business, what was before is.</summary>
    /// <param name="subscriber">Its number.</param>
    /// <param name="others">The bits of those that are there.</param>
    /// <param name="hasPast">Whether it is known what was before.</param>
    public void Join(int subscriber, ulong others, bool hasPast)
    {
        if (!hasPast) _past = null;
        if (others != 0) PutBy(others, hasPast);
        else if (!hasPast) Pattern.Clear();
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

    /// <summary>What a subscriber has not been told; null when there is nothing.</summary>
    public Pattern? Tell(int subscriber, ulong subscribers, bool hasPast)
    {
        ulong bit = 1UL << subscriber;
        bool owed = (_owed & bit) != 0;
        if (Pattern.Count == 0) return owed ? _putBy[subscriber] : null;
        if (subscribers == bit && !owed) return Pattern;
        PutBy(subscribers, hasPast);
        return _putBy[subscriber];
    }

    /// <summary>The subscriber has been told that.</summary>
    /// <param name="subscriber">Its number.</param>
    /// <param name="hasPast">Whether what was told is kept for who comes later.</param>
    /// <param name="giveBack">Whether memory is short.</param>
    public void Told(int subscriber, bool hasPast, bool giveBack)
    {
        ulong bit = 1UL << subscriber;
        if (!hasPast) _past = null;
        if ((_owed & bit) != 0)
        {
            _putBy[subscriber]!.Clear(giveBack);
            _owed &= ~bit;
        }
        else
        {
            if (hasPast) (_past ??= new Pattern()).Add(Pattern);
            Pattern.Clear(giveBack);
        }
        Bytes = Size;
    }

    /// <summary>Makes this an empty one.</summary>
    protected void Reset()
    {
        Pattern.Clear();
        (_putBy, _owed, _past) = ([], 0, null);
        Bytes = Size;
    }

    private int Size
    {
        get
        {
            int size = 400 + Pattern.Size + (_past?.Size ?? 0);      // with the places where the last commands ended
            foreach (Pattern? pattern in _putBy) size += pattern?.Size ?? 0;
            return size;
        }
    }

    private void PutBy(ulong subscribers, bool hasPast)
    {
        if (Pattern.Count == 0) return;
        _owed |= subscribers;
        for (ulong left = subscribers; left != 0; left &= left - 1) PutByFor(BitOperations.TrailingZeroCount(left)).Add(Pattern);
        if (hasPast) (_past ??= new Pattern()).Add(Pattern);
        Pattern.Clear();
    }

    private Pattern PutByFor(int subscriber)
    {
        if (subscriber >= _putBy.Length) Array.Resize(ref _putBy, subscriber + 1);
        return _putBy[subscriber] ??= new Pattern();
    }
}
