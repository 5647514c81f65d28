using System.Buffers.Binary;
using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Commands;

/// <summary>The demo's load: a few hosts with habits of their own, over real TCP, paced so that there is something to see and CPU left to see it with.</summary>
internal static class DemoLoad
{
    /// <summary>One host: what it does, how much of it, how often.</summary>
    /// <param name="Host">End of its iSCSI name.</param>
    /// <param name="Lun">The LUN it works on.</param>
    /// <param name="BlocksPerIo">512-byte blocks of a command.</param>
    /// <param name="Depth">Commands outstanding.</param>
    /// <param name="ReadPercent">Share of reads.</param>
    /// <param name="Sequential">Whether it goes through the LUN from begin to end.</param>
    /// <param name="BatchesPerSecond">How often it sends <paramref name="Depth"/> commands.</param>
    private sealed record Habit(string Host, int Lun, int BlocksPerIo, int Depth, int ReadPercent, bool Sequential, double BatchesPerSecond);

    private static readonly Habit[] s_habits =
    [
        new("oltp-01", 0, 16, 8, 70, false, 60),
        new("oltp-02", 0, 8, 4, 80, false, 40),
        new("vm-farm", 1, 32, 12, 55, false, 25),
        new("backup", 2, 512, 4, 95, true, 12),
        new("archive", 3, 64, 8, 50, false, 10),
    ];

    /// <summary>Starts the hosts' threads; they end with <paramref name="cancellation"/>.</summary>
    public static void Start(IPEndPoint portal, string target, CancellationToken cancellation)
    {
        foreach (Habit habit in s_habits)
            new Thread(() => Work(habit, portal, target, cancellation)) { IsBackground = true, Name = habit.Host }.Start();
    }

    private static void Work(Habit habit, IPEndPoint portal, string target, CancellationToken cancellation)
    {
        try
        {
            using var initiator = new Initiator(portal, $"iqn.2026-01.io.github.iscsitop:{habit.Host}");
            initiator.Login(target);
            Run(initiator, habit, cancellation);
            initiator.Logout();
        }
        catch (IOException) when (cancellation.IsCancellationRequested)
        {
            // The target was quicker at shutting down.
        }
    }

    private static void Run(Initiator initiator, Habit habit, CancellationToken cancellation)
    {
        uint blocks = Capacity(initiator, habit.Lun);
        var data = new ArraySegment<byte>(GC.AllocateArray<byte>(habit.BlocksPerIo * 512, pinned: true));
        byte[][] cdbs = [.. Enumerable.Range(0, habit.Depth).Select(_ => new byte[10])];
        byte[] flush = [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        uint next = 0;
        for (int batch = 1; !cancellation.IsCancellationRequested && !initiator.LogoutRequested; batch++)
        {
            foreach (byte[] cdb in cdbs)
            {
                bool write = Random.Shared.Next(100) >= habit.ReadPercent;
                uint lba = habit.Sequential ? next : (uint)Random.Shared.NextInt64(blocks / (uint)habit.BlocksPerIo) * (uint)habit.BlocksPerIo;
                next = (lba + 2 * (uint)habit.BlocksPerIo) <= blocks ? lba + (uint)habit.BlocksPerIo : 0;
                cdb[0] = write ? (byte)0x2a : (byte)0x28;
                BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(2), lba);
                BinaryPrimitives.WriteUInt16BigEndian(cdb.AsSpan(7), (ushort)habit.BlocksPerIo);
                initiator.Submit(new ScsiRequest(habit.Lun, cdb, data, write));
            }
            if (batch % 16 == 0) initiator.Submit(new ScsiRequest(habit.Lun, flush, default, false));
            if (batch % 50 == 0) initiator.Submit(new ScsiRequest(habit.Lun, new byte[] { 0, 0, 0, 0, 0, 0 }, default, false));
            // Somebody always reads past the end.
            if (batch % 40 == 0) initiator.Submit(new ScsiRequest(habit.Lun, new byte[] { 0x28, 0, 0xff, 0xff, 0xff, 0, 0, 0, 8, 0 }, data, false));
            initiator.Send();
            while (initiator.Outstanding > 0) initiator.Complete();
            cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds((0.5 + Random.Shared.NextDouble()) / habit.BatchesPerSecond));
        }
    }

    private static uint Capacity(Initiator initiator, int lun)
    {
        var data = new ArraySegment<byte>(GC.AllocateArray<byte>(8, pinned: true));
        var request = new ScsiRequest(lun, new byte[] { 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, data, false);
        ScsiResult result;
        // The first answers on a new nexus are unit attentions.
        do result = initiator.Execute(request);
        while (result.Status == ScsiStatus.CheckCondition && result.Sense is [_, _, 0x06, ..]);
        if (result.Status != ScsiStatus.Good) throw new IOException($"READ CAPACITY(10) of LUN {lun} ended with {result.Status.Name()}");
        return BinaryPrimitives.ReadUInt32BigEndian(data) + 1;
    }
}
