using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Top;

/// <summary>What can go wrong beside a load: failures, requests, reservations, a lost session, patterns, phases. The same every time.</summary>
internal static class SyntheticTrouble
{
    public const long Now = 1_767_323_046_000_000_000;

    private const ulong None = Lun.Unknown;
    private const long Second = 1_000_000_000;

    /// <summary>What an expert would say of it.</summary>
    public static readonly IReadOnlyList<Finding> Findings =
    [
        new("closed_window", Severity.Problem, "backup at LUN 0", "the window was closed for 50 % of 60 s while 38 commands waited", "Raise the queue depth of the target or lower that of the initiator.", SyntheticLoad.Archive, 0, SyntheticLoad.Backup, Now - 60 * Second, Now),
        new("small_recv_length", Severity.Warning, SyntheticLoad.Esx1, "MaxRecvDataSegmentLength is 8192", "Let both sides take segments of 262144 bytes.", SyntheticLoad.Fast, None, SyntheticLoad.Esx1, Now - 5 * Second, Now),
        new("no_digests", Severity.Notice, SyntheticLoad.Esx2, "header and data digests are none", "Switch digests on where the network is not trusted.", SyntheticLoad.Fast, None, SyntheticLoad.Esx2, Now - 9 * Second, Now),
    ];

    /// <summary>Puts it beside the load of a snapshot.</summary>
    public static Snapshot AddTo(Snapshot s)
    {
        EngineStatus engine = s.Engines[0];
        ConnectionInfo esx1 = s.Connections[0].Connection, esx2 = s.Connections[1].Connection, backup = s.Connections[2].Connection, gone = s.Connections[3].Connection;
        s.Failures.Clear();
        Failure(s, backup, 0, 0x8800, FailureKind.Status, 0x02031100, 3, 41);
        Failure(s, backup, 1, 0x1200, FailureKind.Status, 0x02052400, 1, 7);
        Failure(s, esx2, 1, 0x2a00, FailureKind.Status, 0x18000000, 4, 90);
        Failure(s, esx1, 0, 0x0000, FailureKind.Status, 0x02062900, 0, 2);
        Failure(s, esx1, 0, 0x2800, FailureKind.Residual, 0, 0, 12);
        Failure(s, gone, None, 0, FailureKind.Digest, 1, 0, 1);
        Failure(s, gone, None, 0, FailureKind.Login, 0x0201, 0, 5);
        Failure(s, backup, None, 0, FailureKind.Reject, 0x04, 0, 1);
        Failure(s, backup, None, 0, FailureKind.Async, 1 << 16, 0, 1);
        Failure(s, backup, 0, 0x8800, FailureKind.NoStatus, 0, 0, 2);
        s.Patterns.Clear();
        Pattern(s, esx1, 0, false, 6200, 12, 0.98, 0.1, 0.8);
        Pattern(s, esx1, 0, true, 2100, 13, 0.5, 0.2, 0.7);
        Pattern(s, esx2, 1, true, 640, 16, 1, 0.9, 0.05);
        Pattern(s, backup, 0, false, 96, 20, 1, 1, 0);
        s.Tasks.Clear();
        s.Tasks.Add(new TaskRecord(1, Now - 40 * Second, backup, engine, 0, TaskFunction.AbortTask, 0x1a2b, 0x8800, 12 * Second, 1, 0, 3_400_000, TaskAftermath.Escalated));
        s.Tasks.Add(new TaskRecord(2, Now - 30 * Second, backup, engine, 0, TaskFunction.LogicalUnitReset, 0xffffffff, 0, 22 * Second, 7, 0, 900_000_000, TaskAftermath.Recovered));
        s.Tasks.Add(new TaskRecord(3, Now - 1 * Second, esx1, engine, None, TaskFunction.TargetWarmReset, 0xffffffff, 0, -1, 0));
        s.Reservations.Clear();
        var holder = new Registrant(SyntheticLoad.Esx1, "00023d000001", 0xabcd);
        s.Reservations.Add(new ReservationState(SyntheticLoad.Fast, 1, engine, ReservationKind.Persistent, 5, holder, [holder, new Registrant(SyntheticLoad.Backup, "400001370000", 0x77)], 4, Now - 300 * Second, true));
        s.Ends.Clear();
        s.Ends.Add(End(gone, engine));
        foreach (CellDelta delta in s.Cells) Phases(delta.Cell);
        return s;
    }

    private static void Failure(Snapshot s, ConnectionInfo c, ulong lun, ushort operation, FailureKind kind, uint code, long count, long total)
    {
        int n = s.Failures.Count;
        s.Failures.Add(new FailureDelta
        {
            Key = new FailureKey(c.Id, lun, operation, kind, code),
            Connection = c,
            Engine = s.Engines[0],
            Count = count,
            Total = total,
            First = Now - (100 + n) * Second,
            Last = Now - n * Second,
        });
    }

    private static void Pattern(Snapshot s, ConnectionInfo c, ulong lun, bool writes, long n, int size, double aligned, double sequential, double random)
    {
        var delta = new PatternDelta { Key = new PatternKey(c.Id, lun, writes), Connection = c, Engine = s.Engines[0] };
        Pattern p = delta.Pattern;
        p.Count = n;
        p.Sequential = (long)(n * sequential);
        p.Random = (long)(n * random);
        p.Sizes[size] = n * 3 / 4;
        p.Exact[size] = n * 3 / 4;
        p.Sizes[size + 2] = n - n * 3 / 4;
        p.Aligned[5] = (long)(n * aligned);
        p.Aligned[0] = n - p.Aligned[5];
        p.Seeks[Iscsitop.Engine.Pattern.NoSeek] = p.Sequential;
        p.Seeks[Iscsitop.Engine.Pattern.NoSeek + 31] = p.Random;
        p.Seeks[Iscsitop.Engine.Pattern.NoSeek - 14] = n - p.Sequential - p.Random;
        p.Interarrival = new Histogram();
        for (long i = 0; i < n; i++) p.Interarrival.Add(Second / n + i * 100);
        s.Patterns.Add(delta);
    }

    // Writes wait for the host, reads of the archive are on their way, the rest is the target's own time.
    private static void Phases(Iscsitop.Engine.Cell cell)
    {
        if (cell.Of(Phase.Latency) is not { Count: > 0 } latency || cell.Kind == Iscsitop.Target.Scsi.CommandKind.Other) return;
        bool write = cell.Kind == Iscsitop.Target.Scsi.CommandKind.Write, late = cell.Key.Connection == 3;
        long mean = latency.Sum / latency.Count;
        for (long i = 0; i < latency.Count; i++)
        {
            cell.Ensure(Phase.Service).Add(mean * (write ? 20 : late ? 25 : 90) / 100);
            if (write) cell.Ensure(Phase.R2tWait).Add(mean * 10 / 100);
            if (write) cell.Ensure(Phase.HostData).Add(mean * 65 / 100);
            if (!write) cell.Ensure(Phase.Transfer).Add(mean * (late ? 75 : 10) / 100);
            if (!write) cell.Ensure(Phase.FirstByte).Add(mean * (late ? 20 : 80) / 100);
        }
    }

    private static SessionEnd End(ConnectionInfo c, EngineStatus engine)
    {
        byte[] command = Header(0x01, 0xc1, 0x1b), ping = Header(0x20, 0x80, 0xffffffff), reset = Header(0x02, 0x85, 0x1c);
        command[1] = 0xc1;
        command[32] = 0x28;
        command[37] = 8;
        ping[20] = 0;
        command.AsSpan(20, 2).Clear();
        return new SessionEnd(c, engine, Now - 20 * Second,
            [new KeptPdu(Now - 27 * Second, command), new KeptPdu(Now - 25 * Second, ping), new KeptPdu(Now - 21 * Second, reset)],
            [new LeftCommand(0x1b, 0, 0x2800, 8, 4096, 7 * Second)], 1, 1, 5 * Second, 0, 1 * Second, 5 * Second, 1, 2 * Second);
    }

    private static byte[] Header(byte opcode, byte flags, uint itt)
    {
        var header = new byte[48];
        header[0] = opcode;
        header[1] = flags;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(16), itt);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(20), 0xffffffff);
        header[27] = 7;
        header[31] = 9;
        return header;
    }
}
