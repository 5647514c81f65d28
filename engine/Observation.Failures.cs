using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <content>What no event tells, and the bound of what failed.</content>
internal sealed partial class Observation
{
    // Connections that nobody lists any more before failures of theirs are looked for in a full table.
    private const int WorthSweeping = 64;

    private readonly Func<uint, bool> _isUnlisted;
    private int _swept;

    private void TakeFaults(bool discard = false)
    {
        while (_provider.TryTake(out Fault fault))
            if (_following && !discard) _correlator.Take(in fault);
        for (var kind = FaultKind.Reject; kind <= FaultKind.DataDigest; kind++)
        {
            long lost = _provider.TakeLost(kind);
            if (_following && !discard) _correlator.TakeLost(kind, lost, _now);
        }
    }

    private void MakeFailureRoom(long now)
    {
        if (_roster.Dropped - _swept < WorthSweeping) return;
        PublishEarly(now);
        SweepFailures();
        foreach (Subscriber subscriber in _subscribers) subscriber.Snapshots.Rewind();
    }

    // Failures stay as long as their connection is listed, and until everybody has seen them.
    private void SweepFailures()
    {
        if (_swept == _roster.Dropped) return;
        _swept = _roster.Dropped;
        _correlator.Failures.Forget(_isUnlisted, Seen());
    }

    private bool SendMore(Subscriber subscriber) =>
        subscriber.Snapshots.SendFailures(_correlator.Failures.All, subscriber.Outbox, _writer)
        && subscriber.Snapshots.SendPatterns(_correlator.Patterns, subscriber.Number, subscriber.Outbox, _writer);
}
