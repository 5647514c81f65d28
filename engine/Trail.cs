using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>What of a connection is told when it ends: its last PDUs, when each side was heard, what it left. Allocates nothing for an event.</summary>
internal sealed class Trail
{
    /// <summary>Commands listed at most.</summary>
    public const int MostCommands = 32;

    private const int MostFunctions = 64;

    private readonly long[] _heard = new long[2];
    private long[]? _functions;
    private int _functionCount;

    /// <summary>Its last PDUs; null when there are too many connections, or none was seen.</summary>
    public LastPdus? Pdus { get; set; }

    /// <summary>Whether any PDU was seen.</summary>
    public bool Seen { get; private set; }

    /// <summary>Whether its last Login Response sent the initiator elsewhere (RFC 7143 §11.13.5, class 1).</summary>
    public bool Redirected { get; private set; }

    /// <summary>The commands it left when it logged out; null when it left none.</summary>
    public LeftCommand[]? Left { get; private set; }

    /// <summary>How many those were.</summary>
    public int LeftCount { get; private set; }

    /// <summary>Takes in an event.</summary>
    public void Take(in ProbeEvent e)
    {
        Pdus?.Add(in e);
        Seen = true;
        _heard[(e.Header[0] & (byte)Opcode.NopIn) == 0 ? 0 : 1] = Math.Max(1, e.Time);
        if (e.Probe == Probe.TaskCommand) Function(e.Time);
        else if (e.Probe == Probe.LoginResponse) Redirected = e.Header[36] == 1;
    }

    /// <summary>It logs out: what is outstanding is left.</summary>
    public void Leave(TaskSet set, long time)
    {
        if (set.Count == 0) return;
        Left = Commands(set, time);
        LeftCount = set.Count;
    }

    /// <summary>ns since a side was last heard, -1 when it never was.</summary>
    public long Quiet(Direction from, long time) => _heard[(int)from] == 0 ? -1 : Math.Max(0, time - _heard[(int)from]);

    /// <summary>Task management requests since a time; the last 64 are known.</summary>
    public int FunctionsSince(long time)
    {
        int count = 0;
        foreach (long asked in _functions.AsSpan(0, Math.Min(_functionCount, MostFunctions)))
            if (asked >= time) count++;
        return count;
    }

    /// <summary>The oldest commands outstanding.</summary>
    public static LeftCommand[] Commands(TaskSet set, long time)
    {
        var left = new LeftCommand[Math.Min(set.Count, MostCommands)];
        PendingTask? task = set.Oldest;
        for (int i = 0; i < left.Length; i++, task = task.Newer)
        {
            ref readonly CompletedCommand c = ref task!.Command;
            ReadOnlySpan<byte> cdb = c.CdbSpan;
            long lba = Command.Find(cdb)?.Lba(cdb) is { } at ? (long)at : -1;
            left[i] = new LeftCommand(c.Itt, c.Lun, Command.Operation(cdb), lba, c.ExpectedLength, Math.Max(0, time - task.Began));
        }
        return left;
    }

    /// <summary>Nothing has been seen yet.</summary>
    public void Clear()
    {
        Array.Clear(_heard);
        _functionCount = 0;
        (Seen, Redirected, Left, LeftCount) = (false, false, null, 0);
    }

    private void Function(long time)
    {
        _functions ??= new long[MostFunctions];
        _functions[_functionCount % MostFunctions] = time;
        // Beyond that only the remainder matters.
        if (++_functionCount == 2 * MostFunctions) _functionCount = MostFunctions;
    }
}
