namespace Iscsitop.Target.Scsi;

/// <summary>
/// Tasks by the generation they began in: what aborts many at once starts a new generation, and those of an older one are
/// void. A task may hang for any number of generations. Every call may come from any thread.
/// </summary>
internal sealed class Generations
{
    private readonly Lock _lock = new();
    private Generation _current = new(0, null);

    /// <summary>The generation that a task which comes now belongs to.</summary>
    public int Current => Volatile.Read(ref _current).Number;

    /// <summary>Tasks that workers have in hand, of any generation.</summary>
    public int InHand
    {
        get
        {
            int count = 0;
            for (Generation? g = Volatile.Read(ref _current); g is not null; g = g.Older) count += g.InHand;
            return count;
        }
    }

    /// <summary>Starts a generation.</summary>
    public int Next()
    {
        lock (_lock)
        {
            var next = new Generation(unchecked(_current.Number + 1), _current);
            // Before the others are looked at: who enters one of them later finds its task void.
            Interlocked.Exchange(ref _current, next);
            for (Generation? g = next; g is not null; g = g.Older) g.Older = FirstBusy(g.Older);
            return next.Number;
        }
    }

    /// <summary>A worker gets a task of a generation.</summary>
    public void Enter(int generation)
    {
        if (Find(generation) is { } found) Interlocked.Increment(ref found.InHand);
    }

    /// <summary>A worker has done with it.</summary>
    public void Leave(int generation)
    {
        if (Find(generation) is { } found) Interlocked.Decrement(ref found.InHand);
    }

    /// <summary>Whether no worker has a task of an earlier generation.</summary>
    public bool IsQuietBefore(int generation)
    {
        for (Generation? g = Volatile.Read(ref _current); g is not null; g = g.Older)
            if (unchecked(g.Number - generation) < 0 && Volatile.Read(ref g.InHand) != 0)
                return false;
        return true;
    }

    // Generations that no worker has a task of are forgotten: nobody needs to wait for a void task that touches nothing.
    private static Generation? FirstBusy(Generation? from)
    {
        while (from is not null && Volatile.Read(ref from.InHand) == 0) from = from.Older;
        return from;
    }

    private Generation? Find(int number)
    {
        Generation? g = Volatile.Read(ref _current);
        while (g is not null && g.Number != number) g = g.Older;
        return g;
    }

    private sealed class Generation(int number, Generation? older)
    {
        public int InHand;

        public int Number => number;

        public Generation? Older { get; set; } = older;
    }
}
