using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>A logical unit: its identity, its geometry and what it tells its nexuses.</summary>
internal sealed class LogicalUnit
{
    /// <summary>T10 vendor identification of units that are given none.</summary>
    public const string DefaultVendor = "ISCSITOP";

    /// <summary>Product identification of units that are given none.</summary>
    public const string DefaultProduct = "VIRTUAL DISK";

    /// <summary>Product revision level, up to 4 characters: major and minor version of this assembly.</summary>
    public static readonly string Revision = typeof(LogicalUnit).Assembly.GetName().Version is { } v ? $"{v.Major}.{v.Minor}" : "";

    /// <summary>Extended copies in progress at most, unless told otherwise.</summary>
    public const int DefaultMaxCopies = 4;

    private const int MaxAtomicLength = 1 << 20;

    private readonly Generations _tasks = new();
    private readonly Lock _lock = new();
    private readonly bool _readOnly;
    private Nexus[] _nexuses = [];
    private int _copies;

    /// <param name="store">Where its blocks are; a whole number of them.</param>
    /// <param name="targetName">The target's name, which with the LUN makes the unit's identity.</param>
    /// <param name="lun">The LUN the target knows it by.</param>
    /// <param name="blockSize">Bytes of a logical block: a power of two from 512 to 4096.</param>
    /// <param name="readOnly">Refuses writes even when the store would not.</param>
    /// <param name="serial">Unit serial number, printable ASCII; derived from the identity when empty.</param>
    /// <param name="naa">NAA designator in hexadecimal; derived from target and LUN when empty.</param>
    /// <param name="stateDirectory">Where reservations and a SANITIZE outlive a loss of power; null when they need not.</param>
    /// <exception cref="IOException">What an earlier run left in the state directory cannot be read.</exception>
    public LogicalUnit(
        Store store, string targetName, int lun, int blockSize = 512, bool readOnly = false, string serial = "", string naa = "", string? stateDirectory = null)
    {
        Store = store;
        BlockSize = blockSize;
        BlockCount = (ulong)(store.Length / blockSize);
        MaxTransferBlocks = (uint)(BufferPool.MaxLength / blockSize);
        MaxAtomicBlocks = (uint)(MaxAtomicLength / blockSize);
        PhysicalBlockSize = blockSize;
        NaaId = LocallyAssigned(targetName, lun);
        Designator = Convert.FromHexString(naa.Length > 0 ? naa : NaaId.ToString("x16", null));
        Serial = serial.Length > 0 ? serial : Convert.ToHexStringLower(Designator);
        _readOnly = readOnly;
        Modes = new ModeValues(this);
        string name = $"naa.{Convert.ToHexStringLower(Designator)}";
        Reservations = new Reservations(this, stateDirectory is null ? null : new ReservationFile(stateDirectory, name));
        Reservations.Load();
        Sanitizer = new Sanitizer(this, stateDirectory is null || !store.OutlivesProcess ? null : new SanitizeFile(stateDirectory, name));
        Sanitizer.Load();
    }

    /// <summary>Where its blocks are.</summary>
    public Store Store { get; }

    /// <summary>Bytes of a logical block.</summary>
    public int BlockSize { get; }

    /// <summary>Number of logical blocks.</summary>
    public ulong BlockCount { get; private set; }

    /// <summary>Most blocks a command may transfer or verify (VPD page B0h).</summary>
    public uint MaxTransferBlocks { get; }

    /// <summary>Most blocks of a WRITE ATOMIC (VPD page B0h).</summary>
    public uint MaxAtomicBlocks { get; }

    /// <summary>Bytes of a physical block: a power of two, no less than a logical block.</summary>
    public int PhysicalBlockSize { get; init; }

    /// <summary>LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT (SBC-4 §5.21).</summary>
    public int PhysicalBlockExponent => BitOperations.Log2((uint)(PhysicalBlockSize / BlockSize));

    /// <summary>Extended copies in progress at most, up to 255; a reload may change it.</summary>
    public int MaxCopies { get; set; } = DefaultMaxCopies;

    /// <summary>Whether blocks can be unmapped.</summary>
    public bool Thin { get; init; }

    /// <summary>Whether a WRITE SAME of no blocks is refused (WSNZ): where it might be meant to unmap, all to the end would be lost.</summary>
    public bool RefusesWriteSameOfNoBlocks => Thin;

    /// <summary>T10 vendor identification, up to 8 characters.</summary>
    public string Vendor { get; init; } = DefaultVendor;

    /// <summary>Product identification, up to 16 characters.</summary>
    public string Product { get; init; } = DefaultProduct;

    /// <summary>NAA designator, 8 or 16 bytes (SPC-4 §7.8.6.6); <see cref="NaaId"/> unless another was given.</summary>
    public byte[] Designator { get; }

    /// <summary>What commands find on it.</summary>
    public Feature Features => (Thin ? Feature.Thin : 0) | (Store.Atomic ? Feature.Atomic : 0) | (Sanitizer.Remembers || !Store.OutlivesProcess ? Feature.Sanitize : 0);

    /// <summary>Unit serial number (VPD page 80h).</summary>
    public string Serial { get; }

    /// <summary>NAA locally assigned identifier: 3h and 60 bits (SPC-4 §7.8.6.6.4); the same in every run.</summary>
    public ulong NaaId { get; }

    /// <summary>Whether writes are refused.</summary>
    public bool WriteProtected => _readOnly || Store.ReadOnly || Modes.SoftwareWriteProtect;

    /// <summary>Why they are.</summary>
    public SenseCode WriteProtection =>
        _readOnly || Store.ReadOnly ? SenseCode.WriteProtected : SenseCode.LogicalUnitSoftwareWriteProtected;

    /// <summary>Whether the medium can be ejected (RMB).</summary>
    public bool Removable { get; init; }

    /// <summary>Whether it is.</summary>
    public RemovableMedium Medium { get; } = new();

    /// <summary>Why commands that touch the medium are refused; <see cref="SenseCode.NoSense"/> while they are not.</summary>
    public SenseCode NotReady =>
        Sanitizer.NotReady is var code and not SenseCode.NoSense ? code : Medium.Ejected ? SenseCode.MediumNotPresent : SenseCode.NoSense;

    /// <summary>SANITIZE.</summary>
    public Sanitizer Sanitizer { get; }

    /// <summary>The mode parameters.</summary>
    public ModeValues Modes { get; }

    /// <summary>Counts resets: a task that began in an older generation was aborted by one.</summary>
    public int Generation => _tasks.Current;

    /// <summary>Who may do what to it.</summary>
    public Reservations Reservations { get; }

    /// <summary>The nexuses that unit attentions reach.</summary>
    public IReadOnlyList<Nexus> Nexuses => Volatile.Read(ref _nexuses);

    /// <summary>Opens the store of a LUN specification.</summary>
    /// <exception cref="IOException">It cannot be opened; the message names the LUN and what is wrong with the file.</exception>
    public static LogicalUnit Open(LunSpec spec, string targetName, string? stateDirectory = null)
    {
        Store store = spec.Kind switch
        {
            LunSpec.Ram => new MemoryStore(spec.Size),
            LunSpec.File or LunSpec.Block => OpenFile(spec),
            _ => throw new ArgumentException($"LUN {spec.Lun}: no store is called '{spec.Kind}'", nameof(spec)),
        };
        if (spec.Delay > TimeSpan.Zero) store = new DelayStore(store, spec.Delay);
        try
        {
            return new LogicalUnit(store, targetName, spec.Lun, spec.BlockSize, spec.ReadOnly, spec.Serial, spec.Naa, stateDirectory)
            {
                Thin = spec.Thin || spec.Kind == LunSpec.Ram,
                PhysicalBlockSize = Math.Max(spec.PhysicalBlockSize, spec.BlockSize),
                Removable = spec.Removable,
                Vendor = spec.Vendor.Length > 0 ? spec.Vendor : DefaultVendor,
                Product = spec.Product.Length > 0 ? spec.Product : DefaultProduct,
            };
        }
        catch (IOException e)
        {
            store.Dispose();
            throw new IOException($"LUN {spec.Lun}: {e.Message}", e);
        }
    }

    /// <summary>Takes notice of what its store has grown by since, and tells every nexus (SBC-4 §4.7).</summary>
    public void Grow()
    {
        ulong blocks = (ulong)(Store.Grow() / BlockSize);
        if (blocks <= BlockCount) return;
        BlockCount = blocks;
        Raise(SenseCode.CapacityDataChanged);
    }

    /// <summary>Answers that the unit is not ready, and why.</summary>
    public ScsiStatus FailNotReady(ScsiTask task)
    {
        SenseCode code = NotReady;
        ScsiStatus status = task.Fail(code);
        if (code == SenseCode.SanitizeInProgress) task.Sense.Indicate(Sanitizer.Progress);
        return status;
    }

    /// <summary>Whether a command has to wait for the unit to become ready; SANITIZE is what ends its own failure.</summary>
    public bool Refuses(CommandRow row)
    {
        const byte sanitize = 0x48;
        return (row.Access & Access.Medium) != 0 && NotReady is var code and not SenseCode.NoSense
            && !(code == SenseCode.SanitizeCommandFailed && row.Opcode == sanitize);
    }

    /// <summary>On a worker: waits until no other worker has a task.</summary>
    /// <returns>False when the task that waits has become void: another's may wait for it.</returns>
    public bool AwaitOthers(ScsiTask task, int pollMilliseconds)
    {
        while (_tasks.InHand > 1 && !task.IsVoid) Thread.Sleep(pollMilliseconds);
        return !task.IsVoid;
    }

    /// <summary>A worker gets a task of a generation.</summary>
    public void Enter(int generation) => _tasks.Enter(generation);

    /// <summary>A worker has done with it.</summary>
    public void Leave(int generation) => _tasks.Leave(generation);

    /// <summary>Whether no worker has a task of an earlier generation.</summary>
    public bool IsQuietBefore(int generation) => _tasks.IsQuietBefore(generation);

    /// <summary>An extended copy begins.</summary>
    /// <returns>False when there are as many as there may be.</returns>
    public bool TryBeginCopy()
    {
        if (Interlocked.Increment(ref _copies) <= MaxCopies) return true;
        EndCopy();
        return false;
    }

    /// <summary>An extended copy has ended.</summary>
    public void EndCopy() => Interlocked.Decrement(ref _copies);

    /// <summary>A logical unit reset (SAM-5 §6.3.3): tasks of the old generation are aborted, every nexus is told.</summary>
    public void Reset()
    {
        _tasks.Next();
        Reservations.Reset();
        Modes.Reset();
        Medium.Allow();
        Raise(SenseCode.BusDeviceReset);
    }

    /// <summary>CLEAR TASK SET (SAM-5 §7.4): the tasks of all nexuses are aborted, the others are told.</summary>
    public void ClearTaskSet(Nexus by)
    {
        _tasks.Next();
        Raise(SenseCode.CommandsClearedByAnotherInitiator, except: by);
    }

    /// <summary>Establishes a unit attention for every attached nexus but one.</summary>
    public void Raise(SenseCode code, Nexus? except = null)
    {
        foreach (Nexus nexus in Volatile.Read(ref _nexuses))
            if (nexus != except)
                nexus.Attentions(this).Add(code);
    }

    internal void Attach(Nexus nexus)
    {
        lock (_lock) Volatile.Write(ref _nexuses, [.. _nexuses.Where(n => n != nexus), nexus]);
    }

    internal void Detach(Nexus nexus)
    {
        Medium.Prevent(nexus, false);
        lock (_lock) Volatile.Write(ref _nexuses, [.. _nexuses.Where(n => n != nexus)]);
        Reservations.NexusLost(nexus);
    }

    private static FileStore OpenFile(LunSpec spec)
    {
        try
        {
            return spec.Kind == LunSpec.Block
                ? FileStore.OpenDevice(spec.Path, spec.BlockSize, spec.ReadOnly)
                : FileStore.Open(spec.Path, spec.Size, spec.BlockSize, spec.ReadOnly);
        }
        catch (IOException e)
        {
            throw new IOException($"LUN {spec.Lun}: {e.Message}", e);
        }
    }

    private static ulong LocallyAssigned(string targetName, int lun)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{targetName}\n{lun}"));
        return 0x3UL << 60 | BinaryPrimitives.ReadUInt64BigEndian(hash) >> 4;
    }
}
