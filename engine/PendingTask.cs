using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>A sequence of data PDUs on its way: what answers one R2T, or a run of Data-In or unsolicited Data-Out.</summary>
internal struct Burst
{
    /// <summary>Id of its xfer-start and xfer-done.</summary>
    public ulong Id;

    /// <summary>Monotonic ns of its begin.</summary>
    public long Began;

    /// <summary>Offset in the command's data.</summary>
    public uint Offset;

    /// <summary>Bytes asked for by the R2T; bytes moved so far of an unsolicited run.</summary>
    public uint Length;

    /// <summary>Bytes that came for the R2T.</summary>
    public uint Moved;

    /// <summary>Target transfer tag of the R2T.</summary>
    public uint Ttt;

    /// <summary>Whether it is on its way.</summary>
    public bool Open;
}

/// <summary>
/// A command between its PDU and its status. What of the record is known already stands in <see cref="Command"/>.
/// Reused: <see cref="Begin"/> leaves nothing of the last command.
/// </summary>
internal sealed class PendingTask
{
    /// <summary>R2Ts followed at once; a target that has more outstanding gets the oldest counted as answered.</summary>
    public const int MaxR2ts = 64;

    private Burst[] _r2ts = new Burst[1];
    private long _hostSince;
    private long _host;
    private long _lastOut;
    private long _firstIn;
    private long _lastIn;

    /// <summary>The record, as far as it is known.</summary>
    public CompletedCommand Command;

    /// <summary>The running Data-In sequence.</summary>
    public Burst In;

    /// <summary>The running unsolicited Data-Out sequence.</summary>
    public Burst Out;

    /// <summary>C: monotonic ns of the command.</summary>
    public long Began { get; private set; }

    /// <summary>Its cell.</summary>
    public CellState Cell { get; set; } = null!;

    /// <summary>Its unit, null when there are too many.</summary>
    public UnitState? Unit { get; set; }

    /// <summary>Its initiator, null when there are too many.</summary>
    public UnitState? Initiator { get; set; }

    /// <summary>The next in its chain of <see cref="TaskSet"/>.</summary>
    public PendingTask? Next { get; set; }

    /// <summary>The task of the same connection that began before it.</summary>
    public PendingTask? Older { get; set; }

    /// <summary>The task of the same connection that began after it.</summary>
    public PendingTask? Newer { get; set; }

    /// <summary>R2Ts that wait for data.</summary>
    public ReadOnlySpan<Burst> R2ts => _r2ts.AsSpan(0, OpenR2ts);

    /// <summary>How many R2Ts wait for data.</summary>
    public int OpenR2ts { get; private set; }

    /// <summary>Starts over with a command.</summary>
    public void Begin(in ProbeEvent e)
    {
        Command = default;
        In.Open = Out.Open = false;
        _host = _hostSince = 0;
        _lastOut = Began = e.Time;
        _firstIn = _lastIn = -1;
        OpenR2ts = 0;
        Command.Lun = e.LunNumber;
        Command.Connection = e.Connection;
        Command.Target = e.Target;
        Command.Initiator = e.Initiator;
        Bhs bhs = e.Bhs;
        Command.Itt = bhs.Itt;
        Command.CmdSn = bhs.CmdSn;
        Command.ExpectedLength = bhs.At20;
        Command.WriteBytes = bhs.DataLength;
        Command.R2tWait = -1;
        ReadOnlySpan<byte> more = e.TailSpan[..Math.Min(e.TailSpan.Length, CompletedCommand.CdbBytes.Length - 16)];
        bhs.Bytes[32..].CopyTo(Command.Cdb);
        more.CopyTo(((Span<byte>)Command.Cdb)[16..]);
        Command.CdbLength = (byte)(16 + more.Length);
    }

    /// <summary>A Data-In went out.</summary>
    public void DataIn(long time, int length)
    {
        if (_firstIn < 0) _firstIn = time;
        _lastIn = time;
        Command.ReadBytes += length;
    }

    /// <summary>An R2T went out; HST runs while at least one is unanswered, which is the union of their times.</summary>
    /// <returns>The oldest, when there are too many and it is no longer followed.</returns>
    public Burst R2t(in Burst r2t)
    {
        Burst displaced = default;
        if (OpenR2ts == MaxR2ts)
        {
            displaced = _r2ts[0];
            Answered(0, r2t.Began);
        }
        if (OpenR2ts == _r2ts.Length) Array.Resize(ref _r2ts, 2 * _r2ts.Length);
        if (OpenR2ts == 0) _hostSince = r2t.Began;
        _r2ts[OpenR2ts++] = r2t;
        if (Command.R2ts++ == 0) Command.R2tWait = Math.Max(0, r2t.Began - Began);
        return displaced;
    }

    /// <summary>A Data-Out came for an R2T.</summary>
    /// <param name="time">When.</param>
    /// <param name="ttt">The R2T's tag.</param>
    /// <param name="length">Bytes of payload.</param>
    /// <param name="final">Whether it ends the sequence; all the bytes asked for do so too.</param>
    /// <param name="done">The R2T, when this was the last that answers it.</param>
    public bool DataOut(long time, uint ttt, int length, bool final, out Burst done)
    {
        done = default;
        int i = 0;
        while (i < OpenR2ts && _r2ts[i].Ttt != ttt) i++;
        if (i == OpenR2ts) return false;
        _r2ts[i].Moved += (uint)length;
        if (!final && _r2ts[i].Moved < _r2ts[i].Length) return false;
        done = _r2ts[i];
        Answered(i, time);
        return true;
    }

    /// <summary>O: the last PDU of a Data-Out sequence came.</summary>
    public void EndOfDataOut(long time) => _lastOut = time;

    /// <summary>
    /// Fills in the durations of a command that got its status (docs/measures.md). An R2T that never was answered has waited
    /// until then.
    /// </summary>
    public void Complete(long time)
    {
        if (OpenR2ts > 0) _host += time - _hostSince;
        Command.Time = time;
        Command.Latency = Math.Max(0, time - Began);
        Command.FirstByte = _firstIn < 0 ? -1 : Math.Max(0, _firstIn - Began);
        Command.Transfer = _firstIn < 0 ? -1 : Math.Max(0, _lastIn - _firstIn);
        Command.HostData = Command.R2ts == 0 ? -1 : Math.Max(0, _host);
        Command.Service = Math.Max(0, time - Math.Max(Began, _lastOut) - Math.Max(0, Command.Transfer));
    }

    /// <summary>Fills in what is known of a command that ends without a status: nothing that needs one.</summary>
    public void Abort(long time)
    {
        Command.Time = time;
        Command.Response = Correlator.NoStatus;
        Command.FirstByte = _firstIn < 0 ? -1 : Math.Max(0, _firstIn - Began);
        Command.Latency = Command.Service = Command.HostData = Command.Transfer = -1;
    }

    private void Answered(int i, long time)
    {
        OpenR2ts--;
        Array.Copy(_r2ts, i + 1, _r2ts, i, OpenR2ts - i);
        if (OpenR2ts == 0) _host += time - _hostSince;
    }
}
