using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// Derives xfer-start and xfer-done, one pair for each data buffer (docs/provider.md): what answers an R2T, a Data-In
/// sequence, an unsolicited Data-Out sequence, immediate data. Where only the end tells the length, both fire then, the
/// start with its own time.
/// </summary>
internal sealed class XferProbes
{
    private ulong _lastId;

    /// <summary>Gets the events; null when nobody wants them.</summary>
    public EventSink? Sink { get; set; }

    /// <summary>Immediate data came with the command.</summary>
    public void Immediate(PendingTask task, long time, uint length)
    {
        var burst = new Burst { Id = ++_lastId, Began = time, Length = length };
        Start(task, in burst, write: true);
        Done(task, time, in burst, write: true);
    }

    /// <summary>An R2T went out: the buffer it asks for.</summary>
    public Burst R2t(PendingTask task, long time, uint ttt, uint offset, uint length)
    {
        var burst = new Burst { Id = ++_lastId, Began = time, Ttt = ttt, Offset = offset, Length = length, Open = true };
        Start(task, in burst, write: true);
        return burst;
    }

    /// <summary>A Data-In went out.</summary>
    public void DataIn(PendingTask task, long time, uint offset, uint length, bool final)
    {
        Extend(ref task.In, time, offset, length);
        if (final) End(task, ref task.In, time, write: false);
    }

    /// <summary>An unsolicited Data-Out came.</summary>
    public void Unsolicited(PendingTask task, long time, uint offset, uint length, bool final)
    {
        Extend(ref task.Out, time, offset, length);
        if (final) End(task, ref task.Out, time, write: true);
    }

    /// <summary>The task ends: so does what is on its way.</summary>
    public void EndOf(PendingTask task, long time)
    {
        if (Sink is null) return;
        End(task, ref task.In, time, write: false);
        End(task, ref task.Out, time, write: true);
        foreach (ref readonly Burst r2t in task.R2ts) Done(task, time, in r2t, write: true);
    }

    /// <summary>Fires xfer-done.</summary>
    public void Done(PendingTask task, long time, in Burst burst, bool write) => Fire(Probe.XferDone, task, time, in burst, write);

    private void Start(PendingTask task, in Burst burst, bool write) => Fire(Probe.XferStart, task, burst.Began, in burst, write);

    private void Extend(ref Burst burst, long time, uint offset, uint length)
    {
        if (!burst.Open) burst = new Burst { Id = ++_lastId, Began = time, Offset = offset, Open = true };
        burst.Length += length;
    }

    private void End(PendingTask task, ref Burst burst, long time, bool write)
    {
        if (!burst.Open) return;
        Start(task, in burst, write);
        Done(task, time, in burst, write);
        burst.Open = false;
    }

    private void Fire(Probe probe, PendingTask task, long time, in Burst burst, bool write)
    {
        if (Sink is not { } sink) return;
        ProbeEvent e = default;
        e.Time = time;
        e.Probe = probe;
        e.LunNumber = task.Command.Lun;
        e.Connection = task.Command.Connection;
        e.Target = task.Command.Target;
        e.Initiator = task.Command.Initiator;
        ProbeEvent.XferView xfer = e.Xfer;
        xfer.Id = burst.Id;
        xfer.Offset = burst.Offset;
        xfer.Length = burst.Length;
        xfer.Itt = task.Command.Itt;
        xfer.Write = write;
        sink(in e);
    }
}
