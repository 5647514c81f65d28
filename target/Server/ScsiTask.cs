using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Server;

/// <summary>
/// One SCSI command from its PDU to its status. The connection fills in what arrived, the device server what it
/// answers. Tasks are reused: nothing here is allocated per command once the buffers have grown.
/// </summary>
internal class ScsiTask
{
    /// <summary>What a handler returns when it would wait and <see cref="MayBlock"/> is false: a worker calls it again.</summary>
    public const ScsiStatus Deferred = (ScsiStatus)0xff;

    private const int ReplyLength = 4096;

    private readonly byte[] _cdb = new byte[260];
    private readonly byte[] _reply = GC.AllocateUninitializedArray<byte>(ReplyLength, pinned: true);
    private ArraySegment<byte>[] _dataIn = new ArraySegment<byte>[4];

    /// <summary>The CDB: 16 bytes, or more when an Extended CDB AHS came along.</summary>
    public ReadOnlySpan<byte> Cdb => _cdb.AsSpan(0, CdbLength);

    /// <summary>Bytes of <see cref="Cdb"/>.</summary>
    public int CdbLength { get; private set; }

    /// <summary>The command's row, null when the table has none. Set by <see cref="DeviceServer.Prepare"/>.</summary>
    public CommandRow? Row { get; set; }

    /// <summary>The LUN field of the command, decoded; what no unit answers to leaves <see cref="Unit"/> null.</summary>
    public ulong Lun { get; set; }

    /// <summary>The logical unit, null when the nexus has none at this LUN.</summary>
    public LogicalUnit? Unit { get; set; }

    /// <summary>The I_T nexus the command came from.</summary>
    public Nexus Nexus { get; set; } = null!;

    /// <summary>First block, from the CDB. Valid when the row's layout has an LBA.</summary>
    public ulong Lba { get; set; }

    /// <summary>Blocks, from the CDB. Valid when the row's layout counts blocks.</summary>
    public uint Blocks { get; set; }

    /// <summary>Bytes the CDB moves from the initiator (SPDTL of Data-Out), set by <see cref="DeviceServer.Prepare"/>.</summary>
    public long OutLength { get; set; }

    /// <summary>Expected Data Transfer Length: the peer's word, never the size of anything.</summary>
    public uint Expected { get; protected set; }

    /// <summary>
    /// Whether the task is void: aborted, its unit reset since it came, or its nexus preempted. A long command may end at any
    /// point then.
    /// </summary>
    public virtual bool IsVoid => false;

    /// <summary>Bytes of data that came with the command, at most <see cref="OutLength"/>; all of it when the handler runs.</summary>
    public ReadOnlySpan<byte> DataOut => _dataOut.AsSpan();

    /// <summary>Bytes of <see cref="DataOut"/> that are in the store already, whole blocks from its begin; their part of it is void.</summary>
    public int Placed { get; set; }

    /// <summary>The <see cref="Sanitizer.Count"/> of the unit when the first of them were placed.</summary>
    public int PlacedAt { get; set; }

    /// <summary>What an UNMAP asks for.</summary>
    public UnmapSum Unmapped { get; set; }

    /// <summary>Whether the handler may wait for a device: it runs on a worker.</summary>
    public bool MayBlock { get; set; }


    /// <summary>Bytes the CDB moves to the initiator (SPDTL of Data-In), after allocation length truncation.</summary>
    public long InLength { get; private set; }

    /// <summary>The Data-In segments in order.</summary>
    public ReadOnlySpan<ArraySegment<byte>> DataIn => _dataIn.AsSpan(0, DataInCount);

    /// <summary>How many segments <see cref="DataIn"/> has.</summary>
    public int DataInCount { get; private set; }

    /// <summary>Sense data of a CHECK CONDITION.</summary>
    public Sense Sense { get; } = new();

    /// <summary>A buffer of the task's own, returned to the pool with the task.</summary>
    public byte[]? Buffer { get; private set; }

    private ArraySegment<byte> _dataOut;
    private byte[] _replyArea = [];

    /// <summary>Starts a new command.</summary>
    public void Reset(ReadOnlySpan<byte> cdb, ReadOnlySpan<byte> more)
    {
        cdb.CopyTo(_cdb);
        more.CopyTo(_cdb.AsSpan(cdb.Length));
        CdbLength = cdb.Length + more.Length;
        Row = null;
        Unit = null;
        Lba = 0;
        Blocks = 0;
        OutLength = InLength = 0;
        Placed = 0;
        Unmapped = default;
        DataInCount = 0;
        MayBlock = false;
        _dataOut = default;
        Sense.Clear();
    }

    /// <summary>Sets the data that came with the command.</summary>
    public void SetDataOut(ArraySegment<byte> data) => _dataOut = data;

    /// <summary>Adds a segment of Data-In where it stands; its array must be pinned and outlive the send.</summary>
    public void AddDataIn(ArraySegment<byte> segment)
    {
        if (DataInCount == _dataIn.Length) Array.Resize(ref _dataIn, _dataIn.Length * 2);
        _dataIn[DataInCount++] = segment;
        InLength += segment.Count;
    }

    /// <summary>Copies Data-In that stands in a store's memory, where others write, to a buffer of the task's own.</summary>
    public void OwnDataIn()
    {
        bool own = true;
        for (int i = 0; i < DataInCount; i++) own &= _dataIn[i].Array == Buffer || _dataIn[i].Array == _reply;
        if (own) return;
        byte[] buffer = RentBuffer((int)InLength);
        int length = 0;
        for (int i = 0; i < DataInCount; i++)
        {
            _dataIn[i].AsSpan().CopyTo(buffer.AsSpan(length));
            length += _dataIn[i].Count;
        }
        _dataIn[0] = new ArraySegment<byte>(buffer, 0, length);
        DataInCount = 1;
    }

    /// <summary>A buffer of the task's own for <paramref name="length"/> bytes, at most <see cref="BufferPool.MaxLength"/>.</summary>
    public byte[] RentBuffer(int length)
    {
        if (Buffer is not null && Buffer.Length >= length) return Buffer;
        ReturnBuffer();
        return Buffer = BufferPool.Rent(length);
    }

    /// <summary>Gives the task's buffer back.</summary>
    public void ReturnBuffer()
    {
        if (Buffer is { } buffer) BufferPool.Return(buffer);
        Buffer = null;
    }

    /// <summary>
    /// A cleared area to compose parameter data in; then call <see cref="Reply"/>. One beyond 4096 bytes is the
    /// task's own buffer, which must not hold Data-Out then.
    /// </summary>
    public Span<byte> ReplyArea(int length = ReplyLength)
    {
        _replyArea = length <= ReplyLength ? _reply : RentBuffer(length);
        Span<byte> area = _replyArea.AsSpan(0, length);
        area.Clear();
        return area;
    }

    /// <summary>Answers GOOD with the first bytes of the reply area, truncated to the CDB's allocation length.</summary>
    public ScsiStatus Reply(int length)
    {
        int count = (int)Math.Min((uint)length, Row!.Length(Cdb));
        if (count > 0) AddDataIn(new ArraySegment<byte>(_replyArea, 0, count));
        return ScsiStatus.Good;
    }

    /// <summary>Answers GOOD with the first bytes of the reply area, for a CDB without an allocation length.</summary>
    public ScsiStatus ReplyAll(int length)
    {
        AddDataIn(new ArraySegment<byte>(_replyArea, 0, length));
        return ScsiStatus.Good;
    }

    /// <summary>Writes the sense data in the format the unit's control mode page asks for.</summary>
    /// <param name="into">At least <see cref="Scsi.Sense.MaxLength"/> bytes.</param>
    /// <returns>Bytes written.</returns>
    public int WriteSense(Span<byte> into) => Sense.Write(into, Unit?.Modes.DescriptorSense ?? false);

    /// <summary>Answers CHECK CONDITION.</summary>
    public ScsiStatus Fail(SenseCode code, ulong? information = null)
    {
        Sense.Set(code, information);
        DataInCount = 0;
        InLength = 0;
        return ScsiStatus.CheckCondition;
    }

    /// <summary>Answers ILLEGAL REQUEST, INVALID FIELD IN PARAMETER LIST, with the field pointer.</summary>
    public ScsiStatus FailParameter(int atByte, int bit = 7)
    {
        ScsiStatus status = Fail(SenseCode.InvalidFieldInParameterList);
        Sense.PointTo(inCdb: false, atByte, bit);
        return status;
    }

    /// <summary>Answers ILLEGAL REQUEST, INVALID FIELD IN CDB, with the field pointer (SPC-4 §4.5.2.4.2).</summary>
    public ScsiStatus FailField(int atByte, int bit = 7)
    {
        ScsiStatus status = Fail(SenseCode.InvalidFieldInCdb);
        Sense.PointTo(inCdb: true, atByte, bit);
        return status;
    }
}
