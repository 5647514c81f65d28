using System.Diagnostics;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Bench.Scale;

/// <summary>An engine whose provider is told of commands that nobody sends, for the real iscsitop to look at.</summary>
internal static class Server
{
    private static readonly byte[] s_opcodes = [0x28, 0x2a, 0x88, 0x8a, 0x00, 0x12, 0x35, 0x42];

    public static void Run(int perSecond, int connections, int luns)
    {
        var provider = new Provider("scale", 1 << 18);
        using var engine = new ProbeEngine(provider);
        engine.Start();
        Console.WriteLine($"engine {Environment.ProcessId}: {connections * luns * s_opcodes.Length} cells, {perSecond} commands a second");
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
        long sent = 0;
        ulong random = 88172645463325252;
        while (!stop)
        {
            long due = (long)(watch.Elapsed.TotalSeconds * perSecond);
            for (; sent < due && !stop; sent++)
            {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                int c = (int)(sent % connections);
                ulong lun = (ulong)(sent / connections % luns);
                byte opcode = s_opcodes[sent / connections / luns % s_opcodes.Length];
                long now = Clock.Now, latency = 20_000 + (long)(random >> 44) * (long)(random & 7);
                uint itt = (uint)sent;
                header.Clear();
                header[0] = (byte)Opcode.ScsiCommand;
                header[1] = 0x80;
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header[16..], itt);
                System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(header[24..], itt);
                header[32] = opcode;
                if (provider.Wants(header[0])) provider.Fire(header, [], lun, ids[c], target, initiators[c], now - latency);
                header[0] = (byte)Opcode.ScsiResponse;
                header[24..].Clear();
                if (provider.Wants(header[0])) provider.Fire(header, [], lun, ids[c], target, initiators[c], now);
            }
            Thread.Sleep(1);
        }
    }
}
