using System.Diagnostics;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Bench.Scale;

/// <summary>An engine whose provider is told of commands that nobody sends, for the real iscsitop to look at.</summary>
internal static class Server
{
    // Opcode, and where in the header the low four bytes of the LBA and the low one of the blocks are.
    private static readonly (byte Opcode, CommandKind Kind, int Lba, int Blocks)[] s_operations =
    [
        (0x28, CommandKind.Read, 34, 40), (0x2a, CommandKind.Write, 34, 40), (0x88, CommandKind.Read, 38, 45), (0x8a, CommandKind.Write, 38, 45),
        (0x00, CommandKind.Other, 0, 0), (0x12, CommandKind.Other, 0, 0), (0x35, CommandKind.Other, 0, 0), (0x42, CommandKind.Other, 0, 0),
    ];

    public static void Run(int perSecond, int connections, int luns, bool places, int seconds, int comings)
    {
        var provider = new Provider("scale", 1 << 18);
        using var engine = new ProbeEngine(provider);
        engine.Start();
        Console.WriteLine($"engine {Environment.ProcessId}: {connections * luns * s_operations.Length} cells, {perSecond} commands a second");
        uint[] ids = new uint[connections], initiators = new uint[connections];
        uint target = 0;
        for (int i = 0; i < connections; i++)
        {
            ids[i] = provider.NextConnection();
            ConnectionInfo info = Load.Connection((uint)i + 1) with { Id = ids[i], Opened = Clock.Now };
            (target, initiators[i]) = (provider.Intern(info.Target), provider.Intern(info.Initiator));
            provider.ConnectionChanges.Enqueue(info);
        }
        bool stop = false;
        Console.CancelKeyPress += (_, e) => stop = e.Cancel = true;
        Span<byte> header = stackalloc byte[48];
        var watch = Stopwatch.StartNew();
        long sent = 0, come = 0;
        ulong random = 88172645463325252;
        while (!stop)
        {
            long due = (long)(Math.Min(watch.Elapsed.TotalSeconds, seconds) * perSecond);
            for (; sent < due && !stop; sent++)
            {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                int c = (int)(sent % connections);
                ulong lun = (ulong)(sent / connections % luns);
                (byte opcode, CommandKind kind, int lba, int blocks) = s_operations[sent / connections / luns % s_operations.Length];
                long now = Clock.Now, latency = 20_000 + (long)(random >> 44) * (long)(random & 7);
                uint itt = (uint)sent;
                header.Clear();
                header[0] = (byte)Opcode.ScsiCommand;
                header[1] = 0x80;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header[16..], itt);
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header[24..], itt);
                header[32] = opcode;
                if (places && kind != CommandKind.Other)
                {
                    // Half goes on where the one before ended, half goes somewhere; most of it is 4 KiB.
                    int n = (random & 7) == 0 ? 128 : 8;
                    header[1] = (byte)(kind == CommandKind.Read ? 0xc0 : 0xa0);
                    System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header[20..], n * 512);
                    System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header[lba..], (random & 8) == 0 ? (uint)(sent * 8) : (uint)(random >> 40) * 8);
                    header[blocks] = (byte)n;
                }
                if (provider.Wants(header[0])) provider.Fire(header, [], lun, ids[c], target, initiators[c], now - latency);
                header[0] = (byte)Opcode.ScsiResponse;
                header[24..].Clear();
                if (provider.Wants(header[0])) provider.Fire(header, [], lun, ids[c], target, initiators[c], now);
            }
            for (; come < (long)(Math.Min(watch.Elapsed.TotalSeconds, seconds) * comings); come++) Replace(provider, ids, initiators, come);
            Thread.Sleep(1);
        }
    }

    // An initiator goes, and one that nobody knew comes in its place.
    private static void Replace(Provider provider, uint[] ids, uint[] initiators, long come)
    {
        int i = (int)(come % ids.Length);
        ConnectionInfo before = Load.Connection((uint)i + 1);
        string name = before.Initiator + "-";
        provider.ConnectionChanges.Enqueue(before with { Id = ids[i], Initiator = come < ids.Length ? before.Initiator : name + (come - ids.Length), Opened = Clock.Now, Closed = Clock.Now, End = ConnectionEnd.Logout });
        ids[i] = provider.NextConnection();
        initiators[i] = provider.Intern(name + come);
        provider.ConnectionChanges.Enqueue(before with { Id = ids[i], Initiator = name + come, Opened = Clock.Now });
    }
}
