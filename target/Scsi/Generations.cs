namespace Iscsitop.Target.Scsi;

/// <summary>
/// Tasks by the generation they began in: what aborts many at once starts a new generation, and those of an older one are
/// void. Every call may come from any thread.
/// </summary>
internal sealed class Generations
{
    // Tasks that workers have in hand; more generations than slots at once do not happen.
    private readonly int[] _inFlight = new int[64];
    private int _current;

    /// <summary>The generation that a task which comes now belongs to.</summary>
    public int Current => Volatile.Read(ref _current);

    /// <summary>Starts a generation.</summary>
    public int Next() => Interlocked.Increment(ref _current);

    /// <summary>A worker gets a task of a generation.</summary>
    public void Enter(int generation) => Interlocked.Increment(ref _inFlight[generation & (_inFlight.Length - 1)]);

    /// <summary>A worker has done with it.</summary>
    public void Leave(int generation) => Interlocked.Decrement(ref _inFlight[generation & (_inFlight.Length - 1)]);

    /// <summary>Tasks that workers have in hand, of any generation.</summary>
    public int InHand => _inFlight.Sum();

    /// <summary>Whether no worker has a task of an earlier generation.</summary>
    public bool IsQuietBefore(int generation)
    {
        for (int i = 1; i < _inFlight.Length; i++)
            if (Volatile.Read(ref _inFlight[(generation - i) & (_inFlight.Length - 1)]) != 0)
                return false;
        return true;
    }
}
