using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

/// <summary>A nexus with one unit at LUN 0 and a task, driven as the connection drives them.</summary>
internal sealed class Rig : IDisposable
{
    public const string TargetName = "iqn.2026-01.test:disk";

    public Rig(Store? store = null, int blockSize = 512, bool readOnly = false, bool thin = false, bool removable = false, string? stateDirectory = null)
    {
        Unit = new LogicalUnit(store ?? new MemoryStore(4 << 20), TargetName, 0, blockSize, readOnly, stateDirectory: stateDirectory) { Thin = thin, Removable = removable };
        Unit.Sanitizer.Resume();
        Nexus = Open();
        while (Nexus.Attentions(Unit).Take() != SenseCode.NoSense) { }
    }

    public LogicalUnit Unit { get; init; }

    public Nexus Nexus { get; set; }

    public RigTask Task { get; } = new();

    /// <summary>The Expected Data Transfer Length, where it is not what is sent of what the command takes.</summary>
    public int? Announced { get; set; }

    public byte[] DataIn => [.. Task.DataIn.ToArray().SelectMany(s => s)];

    public SenseCode Code => Task.Sense.Code;

    /// <summary>Field pointer and bit pointer of the sense data: "2.5"; "" when there is none.</summary>
    public string Pointer
    {
        get
        {
            Span<byte> sense = stackalloc byte[Sense.MaxLength];
            Task.Sense.Write(sense, descriptorFormat: false);
            return (sense[15] & 0x80) == 0 ? "" : $"{sense[16] << 8 | sense[17]}.{sense[15] & 7}";
        }
    }

    public Nexus Open() => new("iqn.2026-01.test:host", new byte[6], TargetName, 1, new Dictionary<int, LogicalUnit> { [0] = Unit });

    public ScsiStatus Run(string cdb, ReadOnlySpan<byte> dataOut = default) => Run(Convert.FromHexString(cdb.Replace(" ", "", StringComparison.Ordinal)), dataOut);

    public ScsiStatus Run(byte[] cdb, ReadOnlySpan<byte> dataOut = default, ulong lun = 0)
    {
        byte[] padded = new byte[Math.Max(16, cdb.Length)];
        cdb.CopyTo(padded, 0);
        Task.Reset(padded, []);
        Task.Lun = lun;
        Task.Nexus = Nexus;
        Task.Unit = Nexus.Find(lun);
        ScsiStatus status = DeviceServer.Prepare(Task);
        if (status != ScsiStatus.Good) return status;
        Task.Announce(Announced ?? (int)Math.Min(dataOut.Length, Task.OutLength));
        Task.SetDataOut(dataOut[..(int)Math.Min(dataOut.Length, Task.OutLength)].ToArray());
        status = DeviceServer.Execute(Task);
        if (status != ScsiTask.Deferred) return status;
        Task.MayBlock = true;
        return DeviceServer.Execute(Task);
    }

    public void Dispose()
    {
        Task.ReturnBuffer();
        Unit.Store.Dispose();
    }
}

/// <summary>A task whose initiator announces what the test says.</summary>
internal sealed class RigTask : ScsiTask
{
    public bool Void { get; set; }

    public override bool IsVoid => Void;

    public void Announce(int length) => Expected = (uint)length;
}

/// <summary>Memory behind a write cache.</summary>
internal sealed class CachedStore : Store
{
    private readonly MemoryStore _memory = new(1 << 20);

    public int Flushes { get; private set; }

    public override long Length => _memory.Length;

    public override bool MayBlock => true;

    public override bool WriteCache => true;

    public override bool TryReadNow(long offset, int length, ScsiTask task) => false;

    public override void Read(long offset, int length, ScsiTask task) => _memory.Read(offset, length, task);

    public override void Read(long offset, Span<byte> into) => _memory.Read(offset, into);

    public override void Put(long offset, ReadOnlySpan<byte> from) => _memory.Put(offset, from);

    public override void Flush() => Flushes++;
}
