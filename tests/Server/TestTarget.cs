using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Iscsitop.Tests.Server;

/// <summary>A target on a free loopback port, for one test.</summary>
internal sealed class TestTarget : IDisposable
{
    public const string Name = "iqn.2026-01.test.example:t";

    public TestTarget(params string[] luns)
        : this(new TargetOptions { Name = Name, Portals = [new IPEndPoint(IPAddress.Loopback, 0)], Luns = Specs(luns), NopInterval = TimeSpan.Zero })
    {
    }

    public TestTarget(TargetOptions options, ILoggerFactory? loggers = null)
    {
        Server = new TargetServer(options, loggers ?? NullLoggerFactory.Instance);
        Server.Start();
    }

    public TargetServer Server { get; }

    public IPEndPoint Portal => Server.Portals[0];

    public static IReadOnlyList<LunSpec> Specs(params string[] luns) =>
        [.. (luns.Length == 0 ? ["0=ram:16MiB"] : luns).Select(l => LunSpec.TryParse(l, out LunSpec? spec, out string error) ? spec! : throw new ArgumentException(error))];

    /// <summary>A raw connection.</summary>
    public RawPeer Connect() => new(Portal);

    /// <summary>An initiator, logged in, with its unit attentions taken.</summary>
    public Initiator Login(string host = "host", params (string Key, string Value)[] keys)
    {
        var initiator = new Initiator(Portal, $"iqn.2026-01.test.example:{host}");
        initiator.Login(Name, keys);
        foreach (LunSpec lun in Server.Options.Luns)
            while (initiator.Execute(Cdb.TestUnitReady(lun.Lun)).Status != Target.Scsi.ScsiStatus.Good)
            {
            }
        return initiator;
    }

    public void Dispose() => Server.Dispose();
}

/// <summary>Commands for tests.</summary>
internal static class Cdb
{
    public static ScsiRequest TestUnitReady(int lun) => new(lun, new byte[6], default, false);

    public static ScsiRequest Read10(int lun, uint lba, int blocks, ArraySegment<byte> into) => new(lun, Ten(0x28, lba, blocks), into, false);

    public static ScsiRequest Write10(int lun, uint lba, int blocks, ArraySegment<byte> from) => new(lun, Ten(0x2a, lba, blocks), from, true);

    /// <summary>A pinned buffer, as gathered sends want it.</summary>
    public static ArraySegment<byte> Buffer(int length, int seed = 0)
    {
        byte[] buffer = GC.AllocateArray<byte>(length, pinned: true);
        if (seed != 0) new Random(seed).NextBytes(buffer);
        return buffer;
    }

    public static byte[] Ten(byte opcode, uint lba, int blocks) =>
        [opcode, 0, (byte)(lba >> 24), (byte)(lba >> 16), (byte)(lba >> 8), (byte)lba, 0, (byte)(blocks >> 8), (byte)blocks, 0];
}
