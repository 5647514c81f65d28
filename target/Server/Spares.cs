namespace Iscsitop.Target.Server;

/// <summary>
/// What connections that have ended leave to those that come. A connection's pinned buffers are made for long sessions: a login a
/// millisecond must not have the collector find and free them.
/// </summary>
/// <param name="make">Makes one where none is left.</param>
/// <param name="most">How many are kept.</param>
internal sealed class Spares<T>(Func<T> make, int most)
    where T : class
{
    private readonly Stack<T> _free = new();

    /// <summary>One with undefined content.</summary>
    public T Take()
    {
        lock (_free)
            if (_free.TryPop(out T? spare))
                return spare;
        return make();
    }

    /// <summary>Gives one back, which nobody uses any more.</summary>
    public void Give(T spare)
    {
        lock (_free)
            if (_free.Count < most)
                _free.Push(spare);
    }
}
