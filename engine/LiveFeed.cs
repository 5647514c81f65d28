using Iscsitop.Engine.Sources;

namespace Iscsitop.Engine;

/// <summary>A subscription to an interface, whose engine runs in this process and serves nobody else.</summary>
internal sealed class LiveFeed : Feed
{
    private readonly ProbeEngine _engine;
    private readonly Reception _reception;
    private readonly AutoResetEvent _arrived = new(false);
    private readonly WaitHandle[] _waits;

    public LiveFeed(Capture capture, Wants wants, EventHandler? onEvent, CommandHandler? onCommand)
        : base(wants.Filter)
    {
        _reception = new Reception(Gate, Environment.ProcessId, onEvent, onCommand) { OnNews = () => _arrived.Set() };
        Add(_reception, late: false);
        _waits = [_arrived, _arrived];
        _engine = new ProbeEngine(capture, new LocalOutbox(_reception), wants);
        _engine.Start();
    }

    public override bool Ended => !_reception.Mirror.Alive;

    public override string Problem => _engine.Problem;

    public override string WriteProblem => _engine.WriteProblem;

    public override bool Broken => _engine.Problem.Length > 0;

    public override bool WaitForSnapshot(TimeSpan timeout, CancellationToken cancellation)
    {
        _waits[1] = cancellation.CanBeCanceled ? cancellation.WaitHandle : _arrived;
        return WaitFor(_waits, timeout);
    }

    public override void SetInterval(TimeSpan interval) => _engine.SetInterval(interval);

    protected override void Dispose(bool disposing)
    {
        _engine.Dispose();
        _arrived.Dispose();
    }
}
