using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <content>Failures and patterns.</content>
internal sealed partial class Mirror
{
    private readonly FailureMirror _failures = new();
    private readonly PatternMirror _patterns = new();
    private Func<uint, ConnectionInfo?>? _listed;

    private Func<uint, ConnectionInfo?> Listed => _listed ??= Find;

    private void TakeFailuresAndPatterns(Snapshot snapshot)
    {
        _failures.TakeInto(snapshot.Failures, Listed, Status);
        _patterns.TakeInto(snapshot.Patterns);
    }

    // What is neither open nor listed any more is told in sums.
    private void FoldFailuresAndPatterns()
    {
        _failures.Fold(Listed);
        _patterns.Fold(Listed);
    }

    // What ended is told with why it did where it is listed.
    private ConnectionInfo? Find(uint connection) =>
        _connections.TryGetValue(connection, out ConnectionMirror? mirror) ? mirror.Connection : Connections.GetValueOrDefault(connection);
}
