using System.Buffers.Binary;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Server;

/// <summary>
/// The path of SCSI commands on one connection: data in by immediate, unsolicited and solicited data, data and status
/// out, and tasks that would wait handed to workers. Only the connection's thread runs here, but for
/// <see cref="WorkerDone"/>.
/// </summary>
internal sealed class ScsiCommands(Connection connection, Session session, FullFeature phase) : IDisposable
{
    /// <summary>Data-Out PDUs for tags we do not know, after which the peer is taken for mad.</summary>
    private const int MaxStrays = 64;

    /// <summary>Bytes of tasks' buffers that wait to be sent before they are.</summary>
    private const long MaxLent = 4 << 20;

    private readonly Dictionary<uint, IscsiTask> _tasks = [];
    private readonly Stack<IscsiTask> _free = new();
    private readonly List<IscsiTask> _sent = [];
    private readonly uint[] _voidTags = new uint[session.Numbering.Depth];
    private readonly int _maxBurst = (int)connection.Parameters[Key.MaxBurstLength];
    private readonly int _firstBurst = (int)connection.Parameters[Key.FirstBurstLength];
    private readonly int _maxR2ts = (int)Math.Min(connection.Parameters[Key.MaxOutstandingR2T], IscsiTask.MaxR2ts);
    private readonly bool _initialR2t = connection.Parameters[Key.InitialR2T] != 0;
    private readonly bool _immediateData = connection.Parameters[Key.ImmediateData] != 0;
    private IscsiTask? _done;
    private uint _lastTtt;
    private int _voidCount;
    private int _strays;
    private long _lent;
    private long _claimed;

    /// <summary>Whether data comes with a digest.</summary>
    public bool DataDigest { get; } = connection.Parameters[Key.DataDigest] == LoginKeys.DigestCrc32C;

    /// <summary>Tasks between their command and their status.</summary>
    public int Count => _tasks.Count;

    // The initiator may change it in the full feature phase.
    private int MaxDataIn => (int)Math.Min(connection.Parameters[Key.MaxRecvDataSegmentLength], 1 << 20);

    /// <summary>Tasks that workers have.</summary>
    public int HandedOff { get; private set; }

    /// <summary>What wakes the connection's thread; made with the first task that is handed off.</summary>
    public Waker? Waker { get; private set; }

    public void Dispose() => Waker?.Dispose();

    /// <summary>The task with this tag.</summary>
    public IscsiTask? Find(uint itt) => _tasks.GetValueOrDefault(itt);

    /// <summary>All tasks.</summary>
    public Dictionary<uint, IscsiTask>.ValueCollection All => _tasks.Values;

    /// <summary>A SCSI Command (RFC 7143 §11.3).</summary>
    public void Command(Bhs bhs, ReadOnlySpan<byte> ahs, ArraySegment<byte> immediate, ulong lun)
    {
        IscsiTask task = Admit(bhs, ahs, immediate.Count, lun);
        if (bhs.Final && immediate.Count >= task.Wanted)
        {
            if (task.Wanted > 0) task.SetDataOut(immediate[..task.Wanted]);
            Finish(task);
            return;
        }
        _tasks.Add(task.Itt, task);
        Announce(task, immediate.Count, unsolicitedFollows: !bhs.Final);
        if (task.InPlace) WriteInPlace.Copy(task, immediate);
        else if (task.Early == ScsiStatus.Good) immediate.AsSpan().CopyTo(task.Buffer);
        if (bhs.Final) AskForData(task);
    }

    /// <summary>The SCSI Command at hand, much of whose immediate data has not come yet: it goes where it belongs as it comes.</summary>
    /// <returns>False when the connection is to be closed.</returns>
    public bool CommandBeforeItsData()
    {
        Bhs bhs = connection.Reader.Bhs;
        int length = bhs.DataLength;
        bool final = bhs.Final;
        IscsiTask task = Admit(bhs, default, length, Lun.Of(bhs));
        _tasks.Add(task.Itt, task);
        Announce(task, length, unsolicitedFollows: !final);
        if (!TakeData(bhs, task, 0, length)) return false;
        if (!final) return true;
        if (task.Early != ScsiStatus.Good || length >= task.Wanted) DataComplete(task);
        else AskForData(task);
        return true;
    }

    // The checks that need no data; what they come to is in Early.
    private IscsiTask Admit(Bhs bhs, ReadOnlySpan<byte> ahs, int immediate, ulong lun)
    {
        if (!_free.TryPop(out IscsiTask? task)) task = new IscsiTask(this);
        task.Begin(bhs, Pdu.ExtendedCdb(ahs), lun, session.Nexus!.Find(lun), session.Nexus);
        ScsiStatus status = DeviceServer.Prepare(task);
        if (status == ScsiStatus.Good && task.Write && Unsolicited(task, bhs.Final, immediate) is { } code) status = task.Fail(code);
        if (status == ScsiStatus.Good && !Consistent(task)) status = task.Fail(SenseCode.InvalidFieldInCommandInformationUnit);
        if (status == ScsiStatus.Good && NeedsBuffer(task) && !TryClaim(task)) status = ScsiStatus.TaskSetFull;
        task.Early = status;
        task.Wanted = status == ScsiStatus.Good && task.Write ? (int)Math.Min(task.Expected, task.OutLength) : 0;
        task.InPlace = !DataDigest && WriteInPlace.Suits(task);
        return task;
    }

    /// <summary>A Data-Out PDU (RFC 7143 §11.7): the one at hand, whose data may not have come yet.</summary>
    /// <returns>False when the connection is to be closed.</returns>
    public bool DataOut()
    {
        PduReader reader = connection.Reader;
        Bhs bhs = reader.Bhs;
        if (!_tasks.TryGetValue(bhs.Itt, out IscsiTask? task) || task.IsVoid || task.HandedOff) return Stray(bhs, task);
        bool proper = false;
        int index = bhs.AhsLength > 0 ? -1 : Burst(task, bhs, out proper);
        if (!proper && task.Early == ScsiStatus.Good) task.Early = task.Fail(SenseCode.ProtocolServiceCrcError);
        if (index < 0 && !Rejected(bhs)) return false;
        bool final = bhs.Final;
        int length = bhs.DataLength;
        if (!TakeData(bhs, task, (int)bhs.BufferOffset, length)) return false;
        if (index < 0) return true;
        Account(task, index, length, final);
        if (task.BurstCount == 0 && (task.Early != ScsiStatus.Good || task.Received >= task.Wanted)) DataComplete(task);
        else if (task.Early == ScsiStatus.Good) AskForData(task);
        return true;
    }

    /// <summary>Answers what workers have finished.</summary>
    public void Collect()
    {
        IscsiTask? done = Interlocked.Exchange(ref _done, null);
        IscsiTask? first = null;
        while (done is not null)
        {
            IscsiTask? next = done.NextDone;
            done.NextDone = first;
            first = done;
            done = next;
        }
        for (; first is not null; first = done)
        {
            done = first.NextDone;
            first.NextDone = null;
            HandedOff--;
            _tasks.Remove(first.Itt);
            if (first.IsVoid) Recycle(first);
            else Respond(first, first.Result);
        }
    }

    /// <summary>After a flush: the memory that was lent to the send is free again.</summary>
    public void RecycleSent()
    {
        if (_sent.Count == 0) return;
        foreach (IscsiTask task in _sent) Recycle(task);
        _sent.Clear();
        _lent = 0;
    }

    /// <summary>On a worker's thread: a handler threw what it should not have.</summary>
    public ScsiStatus WorkerFailed(IscsiTask task, Exception e)
    {
        if (connection.Server.MayLog(connection.Remote.Address)) Log.TaskBug(connection.Server.Logger, task.Lun, e);
        return task.Fail(SenseCode.InternalTargetFailure);
    }

    /// <summary>On a worker's thread: hands a finished task back.</summary>
    public void WorkerDone(IscsiTask task)
    {
        task.Unit!.Leave(task.Generation);
        task.NexusTasks!.Leave(task.NexusGeneration);
        IscsiTask? head;
        do
        {
            head = Volatile.Read(ref _done);
            task.NextDone = head;
        }
        while (Interlocked.CompareExchange(ref _done, task, head) != head);
        Waker!.Wake();
    }

    /// <summary>Takes a task out that no status may follow for. One that a worker has is dropped when it comes back.</summary>
    public void Abort(IscsiTask task)
    {
        task.Aborted = true;
        _voidTags[_voidCount++ % _voidTags.Length] = task.Itt;
        if (task.HandedOff) return; // Collect drops it
        _tasks.Remove(task.Itt);
        Recycle(task);
    }

    /// <summary>What wakes the connection's thread while it waits for more than its socket.</summary>
    public Waker EnsureWaker() => Waker ??= Waker.Create();

    /// <summary>Removes tasks that a reset has voided; whether some task's data is overdue.</summary>
    public bool Sweep()
    {
        bool overdue = false;
        List<IscsiTask>? gone = null;
        foreach (IscsiTask task in _tasks.Values)
        {
            if (task.BurstCount == 0) continue;
            if (task.IsVoid) (gone ??= []).Add(task);
            else overdue |= Environment.TickCount64 > task.DataDeadline;
        }
        foreach (IscsiTask task in gone ?? []) Abort(task);
        return overdue;
    }

    /// <summary>At the connection's end: forgets waiting tasks and waits for those that workers have.</summary>
    public void Drain()
    {
        foreach (IscsiTask task in _tasks.Values) task.Aborted = true;
        while (HandedOff > 0)
        {
            Waker!.Wait(null, Connection.TickMilliseconds);
            Collect();
        }
        foreach (IscsiTask task in _tasks.Values) task.ReturnBuffer();
        foreach (IscsiTask task in _sent) task.ReturnBuffer();
        _tasks.Clear();
        _sent.Clear();
    }

    // No command of ours goes both ways, and one that takes data cannot do without W when the initiator expects something.
    private static bool Consistent(IscsiTask task) =>
        !(task.Read && task.Write) && (task.OutLength == 0 || task.Write || task.Expected == 0);

    private bool NeedsBuffer(IscsiTask task) => task.OutLength > 0 || task.Unit is { Store.MayBlock: true } || DataDigest;

    // Counted here and not where it is rented: what a worker rents later has its place already.
    private bool TryClaim(IscsiTask task)
    {
        long length = Math.Max(task.OutLength, task.Row!.Transfer == Transfer.In && task.Blocks > 0 ? (long)task.Blocks * task.Unit!.BlockSize : 0);
        int size = length > 0 ? BufferPool.SizeOf((int)length) : 0;
        if (BufferPool.Exhausted || (size > 0 && _claimed + size > connection.Server.Options.MaxBuffersPerConnection)) return false;
        task.Claimed = size;
        _claimed += size;
        return true;
    }

    // RFC 7143 §11.4.7.2: unsolicited data that was not agreed upon ends the command.
    private SenseCode? Unsolicited(IscsiTask task, bool final, int immediate)
    {
        if (immediate > 0 && !_immediateData) return SenseCode.UnexpectedUnsolicitedData;
        if (!final && _initialR2t) return SenseCode.UnexpectedUnsolicitedData;
        return immediate > _firstBurst || immediate > task.Expected ? SenseCode.NotEnoughUnsolicitedData : null;
    }

    private void Announce(IscsiTask task, int immediate, bool unsolicitedFollows)
    {
        int announced = unsolicitedFollows ? (int)Math.Min(task.Expected, (uint)_firstBurst) : immediate;
        task.Asked = announced;
        task.DataDeadline = DataDeadline();
        if (task.Early == ScsiStatus.Good)
        {
            task.RentBuffer(Math.Max(Math.Max(task.Wanted, announced), 1));
            task.Received = immediate;
        }
        if (unsolicitedFollows) task.Open(Pdu.ReservedTag, immediate, Math.Max(announced - immediate, 0));
    }

    /// <summary>Finds the burst a Data-Out belongs to and holds it against what was agreed.</summary>
    private static int Burst(IscsiTask task, Bhs bhs, out bool proper)
    {
        Span<IscsiTask.Burst> bursts = task.Bursts;
        for (int i = 0; i < bursts.Length; i++)
        {
            ref IscsiTask.Burst burst = ref bursts[i];
            if (burst.Ttt != bhs.Ttt) continue;
            proper = bhs.DataSn == burst.DataSn
                && bhs.BufferOffset == (uint)(burst.Offset + burst.Received)
                && bhs.DataLength <= burst.Length - burst.Received;
            return i;
        }
        proper = false;
        return -1;
    }

    /// <summary>Takes the data segment to where it belongs, or drops it when the task has failed: all of it, before the answer.</summary>
    private bool TakeData(Bhs bhs, IscsiTask task, int offset, int length)
    {
        PduReader reader = connection.Reader;
        bool failed = task.Early != ScsiStatus.Good;
        if (reader.HasPdu && (failed || !task.InPlace))
        {
            connection.FireReceived(task.Lun);
            if (!failed && reader.DataIntact) reader.Data.AsSpan().CopyTo(task.Buffer.AsSpan(offset, length));
            else if (!failed) Damaged(bhs, task);
            reader.Advance();
            return true;
        }
        Span<byte> header = stackalloc byte[Pdu.BhsLength];
        bhs.Bytes.CopyTo(header);
        if (!reader.HasPdu) phase.Flush();
        if (!ReceiveData(task, offset, length, out bool intact)) return false;
        if (connection.Provider.Wants(header[0])) connection.FireReceived(header, default, task.Lun);
        if (!intact) Damaged(new Bhs(header), task);
        return true;
    }

    private bool ReceiveData(IscsiTask task, int offset, int length, out bool intact)
    {
        PduReader reader = connection.Reader;
        intact = true;
        if (task.Early != ScsiStatus.Good) return reader.DiscardAll(DataDeadline());
        if (!task.InPlace) return reader.ReceiveData(task.Buffer.AsSpan(offset, length), DataDeadline(), out intact);
        reader.BeginData();
        if (!WriteInPlace.Receive(reader, task, offset, length, DataDeadline())) return false;
        reader.EndData(length);
        return true;
    }

    // RFC 7143 §7.8: the PDU is rejected, and the task fails once the rest of its data has come.
    private void Damaged(Bhs bhs, IscsiTask task)
    {
        phase.Reject(bhs, default, RejectReason.DataDigestError);
        task.Early = task.Fail(SenseCode.ProtocolServiceCrcError);
    }

    private static void Account(IscsiTask task, int index, int length, bool final)
    {
        ref IscsiTask.Burst burst = ref task.Bursts[index];
        burst.Received += length;
        burst.DataSn++;
        task.Received += length;
        bool all = burst.Received >= burst.Length;
        // Unsolicited data that ends before FirstBurstLength is not worth an error: the rest is asked for.
        if (final && !all && burst.Ttt == Pdu.ReservedTag) task.Asked = burst.Offset + burst.Received;
        else if (final != all && task.Early == ScsiStatus.Good) task.Early = task.Fail(SenseCode.NotEnoughUnsolicitedData);
        if (final || all) task.Close(index);
    }

    private void AskForData(IscsiTask task)
    {
        task.DataDeadline = DataDeadline();
        while (task.BurstCount < _maxR2ts && task.Asked < task.Wanted)
        {
            int length = Math.Min(_maxBurst, task.Wanted - task.Asked);
            if (++_lastTtt == Pdu.ReservedTag) _lastTtt = 1;
            Span<byte> bhs = connection.Writer.Begin(Opcode.ReadyToTransfer, task.Lun);
            bhs[1] = BhsFlags.Final;
            BinaryPrimitives.WriteUInt64BigEndian(bhs[8..], Lun.ToField(task.Lun));
            BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], task.Itt);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], _lastTtt);
            phase.Stamp(bhs, advance: false);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[36..], task.R2tSn++);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[40..], (uint)task.Asked);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[44..], (uint)length);
            task.Open(_lastTtt, task.Asked, length);
            task.Asked += length;
        }
    }

    private void DataComplete(IscsiTask task)
    {
        if (task.IsVoid)
        {
            Abort(task);
            return;
        }
        _tasks.Remove(task.Itt);
        if (task.Early == ScsiStatus.Good) task.SetDataOut(new ArraySegment<byte>(task.Buffer!, 0, task.Wanted));
        Finish(task);
    }

    private void Finish(IscsiTask task)
    {
        ScsiStatus? status = task.Early != ScsiStatus.Good ? task.Early : Execute(task);
        if (status is null) Abort(task);
        else if (status == ScsiTask.Deferred) HandOff(task);
        else Respond(task, status.Value);
    }

    /// <summary>Runs the handler; null when the task has become void. As on a worker: who resets the unit waits until a write is out.</summary>
    private static ScsiStatus? Execute(IscsiTask task)
    {
        if (task.Unit is not { } unit || (task.Row!.Access & Access.Write) != Access.Write) return DeviceServer.Execute(task);
        unit.Enter(task.Generation);
        task.NexusTasks!.Enter(task.NexusGeneration);
        try
        {
            return task.IsVoid ? null : DeviceServer.Execute(task);
        }
        finally
        {
            task.NexusTasks.Leave(task.NexusGeneration);
            unit.Leave(task.Generation);
        }
    }

    private void HandOff(IscsiTask task)
    {
        // What came with the command stands in the receive buffer, which the next receive overwrites.
        ReadOnlySpan<byte> data = task.DataOut;
        if (data.Length > 0 && task.Buffer is null)
        {
            byte[] buffer = task.RentBuffer(data.Length);
            data.CopyTo(buffer);
            task.SetDataOut(new ArraySegment<byte>(buffer, 0, data.Length));
        }
        task.MayBlock = true;
        _tasks[task.Itt] = task;
        EnsureWaker();
        HandedOff++;
        task.Unit!.Enter(task.Generation);
        task.NexusTasks!.Enter(task.NexusGeneration);
        ThreadPool.UnsafeQueueUserWorkItem(task, preferLocal: false);
    }

    /// <summary>Queues a task's data and status.</summary>
    private void Respond(IscsiTask task, ScsiStatus status)
    {
        bool toInitiator = task.InLength > 0 || task.OutLength == 0;
        long length = toInitiator ? (task.Write ? 0 : task.InLength) : task.OutLength;
        (byte residualFlag, uint residual) = length > task.Expected
            ? (BhsFlags.Overflow, (uint)Math.Min(length - task.Expected, uint.MaxValue))
            : length < task.Expected ? (BhsFlags.Underflow, (uint)(task.Expected - length)) : ((byte)0, 0u);
        long send = toInitiator && task.Read ? Math.Min(task.InLength, task.Expected) : 0;
        bool collapse = status == ScsiStatus.Good && send > 0;
        // What others may write to before it is sent would not fit its digest.
        if (send > 0 && DataDigest) task.OwnDataIn();
        uint dataSn = send > 0 ? SendData(task, send, collapse, residualFlag, residual) : 0;
        if (!collapse) SendStatus(task, status, dataSn, residualFlag, residual);
        _sent.Add(task);
        // What waits to be sent holds its buffer: many commands of one receive must not hold all the memory there is.
        _lent += task.Buffer?.Length ?? 0;
        if (_lent > MaxLent) phase.Flush();
    }

    private uint SendData(IscsiTask task, long send, bool collapse, byte residualFlag, uint residual)
    {
        PduWriter writer = connection.Writer;
        uint dataSn = 0;
        int segment = 0, within = 0, max = MaxDataIn;
        for (long offset = 0; offset < send;)
        {
            int length = (int)Math.Min(Math.Min(send - offset, max), _maxBurst - offset % _maxBurst);
            bool last = offset + length == send;
            Span<byte> bhs = writer.Begin(Opcode.DataIn, task.Lun);
            if (last || (offset + length) % _maxBurst == 0) bhs[1] = BhsFlags.Final;
            BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], task.Itt);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[20..], Pdu.ReservedTag);
            if (last && collapse)
            {
                bhs[1] = (byte)(BhsFlags.Final | BhsFlags.Status | residualFlag);
                phase.Stamp(bhs, advance: true);
                BinaryPrimitives.WriteUInt32BigEndian(bhs[44..], residual);
            }
            else
            {
                phase.Stamp(bhs, advance: false);
                bhs[24..28].Clear(); // StatSN is reserved without status (RFC 7143 §11.7)
            }
            BinaryPrimitives.WriteUInt32BigEndian(bhs[36..], dataSn++);
            BinaryPrimitives.WriteUInt32BigEndian(bhs[40..], (uint)offset);
            PduWriter.SetLength(bhs, length);
            for (int left = length; left > 0;)
            {
                ArraySegment<byte> from = task.DataIn[segment];
                int part = Math.Min(left, from.Count - within);
                writer.InPlace(from.Slice(within, part));
                left -= part;
                within += part;
                if (within < from.Count) continue;
                within = 0;
                segment++;
            }
            writer.EndInPlace(length);
            offset += length;
        }
        return dataSn;
    }

    private void SendStatus(IscsiTask task, ScsiStatus status, uint dataSn, byte residualFlag, uint residual)
    {
        Span<byte> sense = stackalloc byte[252];
        int senseLength = status == ScsiStatus.CheckCondition ? task.WriteSense(sense) : 0;
        Span<byte> bhs = connection.Writer.Begin(Opcode.ScsiResponse, task.Lun, senseLength + 2);
        bhs[1] = (byte)(BhsFlags.Final | residualFlag);
        bhs[3] = (byte)status;
        BinaryPrimitives.WriteUInt32BigEndian(bhs[16..], task.Itt);
        phase.Stamp(bhs, advance: true);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[36..], dataSn);
        BinaryPrimitives.WriteUInt32BigEndian(bhs[44..], residual);
        if (status == ScsiStatus.Good && task.Unmapped.IsKnown) connection.Writer.Unmapped(task.Unmapped);
        if (senseLength > 0) connection.Writer.Sense(bhs, sense[..senseLength]);
    }

    /// <summary>Data for no task: late data of an aborted one is dropped in silence, other is rejected, much of it ends the connection.</summary>
    private bool Stray(Bhs bhs, IscsiTask? task)
    {
        connection.FireReceived(task?.Lun ?? Lun.Of(bhs));
        if (task is { IsVoid: true, HandedOff: false }) Abort(task);
        if (!_voidTags.AsSpan(0, Math.Min(_voidCount, _voidTags.Length)).Contains(bhs.Itt))
        {
            if (!Rejected(bhs)) return false;
        }
        connection.Reader.Discard();
        return true;
    }

    /// <summary>Rejects data that nobody asked for.</summary>
    /// <returns>False when there was too much of it.</returns>
    private bool Rejected(Bhs bhs)
    {
        if (++_strays > MaxStrays) return false;
        phase.Reject(bhs, connection.Reader.Ahs, RejectReason.InvalidPduField);
        return true;
    }

    private void Recycle(IscsiTask task)
    {
        task.ReturnBuffer();
        _claimed -= task.Claimed;
        task.Claimed = 0;
        _free.Push(task);
    }

    private long DataDeadline() => Environment.TickCount64 + (long)connection.Server.Options.DataTimeout.TotalMilliseconds;
}
