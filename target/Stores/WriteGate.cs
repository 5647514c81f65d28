namespace Iscsitop.Target.Stores;

/// <summary>
/// Writers pass together; what reads and then writes, as COMPARE AND WRITE does, passes alone. A writer pays two
/// uncontended atomic operations and waits only while somebody is alone.
/// </summary>
internal sealed class WriteGate
{
    // One counter a cache line: writers on different threads share none.
    private const int Stripes = 16;
    private const int Stride = 16;

    private readonly int[] _writers = new int[(Stripes + 1) * Stride];
    private readonly Lock _alone = new();
    private int _closed;

    /// <summary>A writer enters.</summary>
    /// <returns>What <see cref="Leave"/> wants back.</returns>
    public int Enter()
    {
        int stripe = (Environment.CurrentManagedThreadId % Stripes + 1) * Stride;
        while (true)
        {
            Interlocked.Increment(ref _writers[stripe]);
            if (Volatile.Read(ref _closed) == 0) return stripe;
            Interlocked.Decrement(ref _writers[stripe]);
            lock (_alone) { } // until whoever is alone has gone
        }
    }

    /// <summary>A writer leaves.</summary>
    public void Leave(int stripe) => Interlocked.Decrement(ref _writers[stripe]);

    /// <summary>Waits for the writers inside and keeps others out until the result is disposed.</summary>
    public Solitude Alone()
    {
        _alone.Enter();
        Interlocked.Exchange(ref _closed, 1);
        for (int i = 1; i <= Stripes; i++)
        {
            var spin = new SpinWait();
            while (Volatile.Read(ref _writers[i * Stride]) != 0) spin.SpinOnce();
        }
        return new Solitude(this);
    }

    /// <summary>Being alone.</summary>
    public readonly ref struct Solitude(WriteGate gate)
    {
        /// <summary>Lets the others in.</summary>
        public void Dispose()
        {
            Volatile.Write(ref gate._closed, 0);
            gate._alone.Exit();
        }
    }
}
