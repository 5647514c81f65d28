using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Server;

/// <summary>
/// A unit with a delay whose reads and writes wait until they are let go instead: what comes meanwhile comes in time, however slow
/// the machine is.
/// </summary>
internal sealed class HeldUnit : IDisposable
{
    private readonly SemaphoreSlim _begun = new(0);
    private readonly ManualResetEventSlim _letGo = new();

    /// <summary>Holds what comes to the LUN from now on; somebody has a session with the target.</summary>
    public HeldUnit(TestTarget target, int lun)
    {
        Target.Server.Session session = target.Server.Sessions().First(s => s.Target == TestTarget.Name);
        ((DelayStore)session.Nexus!.Find((ulong)lun)!.Store).Wait = () =>
        {
            _begun.Release();
            _letGo.Wait();
        };
    }

    /// <summary>Returns when a worker waits with one, the next time when one waits with another.</summary>
    public void AwaitOne() => Assert.That(_begun.Wait(TimeSpan.FromSeconds(60)), "nobody reads");

    /// <summary>Lets all go, those that come later too.</summary>
    public void LetGo() => _letGo.Set();

    // The events stay for workers that still look at them.
    public void Dispose() => LetGo();
}
