using System.Buffers.Binary;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// EXTENDED COPY(LID1) from blocks to blocks, and RECEIVE COPY (SPC-4 §6.4, §6.19 ff.). Designators are looked for among the
/// units of the nexus that asks and nowhere else, and each unit is read or written as that nexus may.
/// </summary>
internal static class ExtendedCopy
{
    private const int HeaderLength = 16;
    private const int CscdLength = 32;
    private const int SegmentLength = 28;
    private const int MaxCscds = 16;
    private const int MaxSegments = 64;
    private const int MaxDescriptors = MaxCscds * CscdLength + MaxSegments * SegmentLength;
    private const uint MaxSegmentBytes = ushort.MaxValue * 4096u;
    private const byte BlockToBlock = 0x02;
    private const byte Identification = 0xe4;
    private const int Discard = 2; // LIST ID USAGE 10b
    private const int NoList = 3; // LIST ID USAGE 11b
    private const int Piece = 1 << 20;

    /// <summary>EXTENDED COPY. Everything is checked before the first block is copied.</summary>
    public static ScsiStatus Copy(ScsiTask task)
    {
        if (task.OutLength == 0) return ScsiStatus.Good;
        if (!task.MayBlock) return ScsiTask.Deferred;
        ReadOnlySpan<byte> list = task.DataOut;
        if (list.Length != task.OutLength || list.Length < HeaderLength) return task.Fail(SenseCode.ParameterListLengthError);
        int usage = list[1] >> 3 & 3;
        if (usage == 1 || (usage == NoList && list[0] != 0)) return Wrong(task, usage == 1 ? 1 : 0);
        ScsiStatus status = Parse(task, list, out Segment[] segments);
        if (status != ScsiStatus.Good) return status;
        CopyResults results = task.Nexus.Copies;
        if (usage != NoList && !results.TryBegin(list[0])) return task.Fail(SenseCode.OperationInProgress);
        if (!task.Unit!.TryBeginCopy())
        {
            if (usage != NoList) results.Forget(list[0]);
            return ScsiStatus.Busy;
        }
        int done = 0;
        try
        {
            return status = CopyAll(task, segments, ref done);
        }
        finally
        {
            task.Unit.EndCopy();
            if (usage == Discard) results.Forget(list[0]);
            else if (usage != NoList) results.End(list[0], status == ScsiStatus.Good, done, segments.Take(done).Sum(s => s.Length));
        }
    }

    /// <summary>RECEIVE COPY STATUS(LID1) (SPC-4 §6.24).</summary>
    public static ScsiStatus Status(ScsiTask task)
    {
        const byte inProgress = 0, completed = 1, failed = 2, kibibytes = 1;
        if (task.Nexus.Copies.Find(task.Cdb[2]) is not { } result) return task.FailField(2);
        Span<byte> data = task.ReplyArea();
        BinaryPrimitives.WriteUInt32BigEndian(data, 8);
        data[4] = !result.Ended ? inProgress : result.Good ? completed : failed;
        BinaryPrimitives.WriteUInt16BigEndian(data[5..], (ushort)result.Segments);
        data[7] = kibibytes;
        BinaryPrimitives.WriteUInt32BigEndian(data[8..], (uint)Math.Min(result.Bytes >> 10, uint.MaxValue));
        return task.Reply(12);
    }

    /// <summary>RECEIVE COPY OPERATING PARAMETERS (SPC-4 §6.22).</summary>
    public static ScsiStatus OperatingParameters(ScsiTask task)
    {
        Span<byte> data = task.ReplyArea();
        ReadOnlySpan<byte> types = [BlockToBlock, Identification];
        int length = 44 + types.Length;
        BinaryPrimitives.WriteUInt32BigEndian(data, (uint)length - 4);
        data[4] = 0x01; // SNLID: a copy needs no list identifier
        BinaryPrimitives.WriteUInt16BigEndian(data[8..], MaxCscds);
        BinaryPrimitives.WriteUInt16BigEndian(data[10..], MaxSegments);
        BinaryPrimitives.WriteUInt32BigEndian(data[12..], MaxDescriptors);
        BinaryPrimitives.WriteUInt32BigEndian(data[16..], MaxSegmentBytes);
        BinaryPrimitives.WriteUInt16BigEndian(data[34..], (ushort)task.Unit!.MaxCopies);
        data[36] = (byte)task.Unit.MaxCopies;
        data[37] = 9; // granularity: 512 bytes
        data[43] = (byte)types.Length;
        types.CopyTo(data[44..]);
        return task.Reply(length);
    }

    /// <summary>The third-party copy page of VPD (SPC-4 §7.8.17): commands, limits, descriptors.</summary>
    public static int Page(LogicalUnit unit, Nexus nexus, Span<byte> page)
    {
        ReadOnlySpan<byte> commands = [0x00, 0x01, 0x00, 0x0c, 8, 0x83, 1, 0x00, 0x84, 2, 0x00, 0x03, 0, 0, 0, 0];
        ReadOnlySpan<byte> types = [0x00, 0x08, 0x00, 0x04, 2, BlockToBlock, Identification, 0];
        ReadOnlySpan<byte> identifiers = [0x00, 0x0c, 0x00, 0x04, 0, 0, 0, 0]; // none besides the index of a descriptor
        commands.CopyTo(page);
        Span<byte> parameters = page[commands.Length..];
        BinaryPrimitives.WriteUInt32BigEndian(parameters, 0x0004_001c);
        BinaryPrimitives.WriteUInt16BigEndian(parameters[8..], MaxCscds);
        BinaryPrimitives.WriteUInt16BigEndian(parameters[10..], MaxSegments);
        BinaryPrimitives.WriteUInt32BigEndian(parameters[12..], MaxDescriptors);
        Span<byte> rest = parameters[32..];
        types.CopyTo(rest);
        identifiers.CopyTo(rest[types.Length..]);
        Span<byte> general = rest[(types.Length + identifiers.Length)..];
        BinaryPrimitives.WriteUInt32BigEndian(general, 0x8001_0020);
        BinaryPrimitives.WriteUInt32BigEndian(general[4..], (uint)unit.MaxCopies);
        BinaryPrimitives.WriteUInt32BigEndian(general[8..], (uint)unit.MaxCopies);
        BinaryPrimitives.WriteUInt32BigEndian(general[12..], MaxSegmentBytes);
        general[16] = 9;
        return commands.Length + 32 + types.Length + identifiers.Length + 36;
    }

    private static ScsiStatus Parse(ScsiTask task, ReadOnlySpan<byte> list, out Segment[] segments)
    {
        segments = [];
        int cscdBytes = BinaryPrimitives.ReadUInt16BigEndian(list[2..]);
        uint segmentBytes = BinaryPrimitives.ReadUInt32BigEndian(list[8..]);
        if (cscdBytes + (long)segmentBytes > MaxDescriptors) return task.Fail(SenseCode.ParameterListLengthError);
        if (cscdBytes / CscdLength > MaxCscds) return task.Fail(SenseCode.TooManyTargetDescriptors);
        if (segmentBytes / SegmentLength > MaxSegments) return task.Fail(SenseCode.TooManySegmentDescriptors);
        if (BinaryPrimitives.ReadUInt32BigEndian(list[12..]) != 0) return Wrong(task, 12); // no segment of ours has inline data
        if (cscdBytes % CscdLength != 0 || HeaderLength + cscdBytes + segmentBytes > (uint)list.Length) return task.Fail(SenseCode.ParameterListLengthError);
        ScsiStatus status = ParseCscds(task, list.Slice(HeaderLength, cscdBytes), out LogicalUnit?[] units);
        return status == ScsiStatus.Good ? ParseSegments(task, list[(HeaderLength + cscdBytes)..], (int)segmentBytes, units, out segments) : status;
    }

    private static ScsiStatus ParseCscds(ScsiTask task, ReadOnlySpan<byte> list, out LogicalUnit?[] units)
    {
        units = new LogicalUnit?[list.Length / CscdLength];
        for (int i = 0; i < units.Length; i++)
        {
            ReadOnlySpan<byte> cscd = list.Slice(i * CscdLength, CscdLength);
            if (cscd[0] != Identification) return task.Fail(SenseCode.UnsupportedTargetDescriptorType);
            units[i] = FindUnit(task.Nexus, cscd);
        }
        return ScsiStatus.Good;
    }

    private static ScsiStatus ParseSegments(ScsiTask task, ReadOnlySpan<byte> list, int length, LogicalUnit?[] units, out Segment[] segments)
    {
        segments = new Segment[(length + SegmentLength - 1) / SegmentLength];
        ScsiStatus status = ScsiStatus.Good;
        for (int i = 0; status == ScsiStatus.Good && i < segments.Length; i++)
        {
            int at = i * SegmentLength;
            if (list[at] != BlockToBlock) return task.Fail(SenseCode.UnsupportedSegmentDescriptorType);
            if (length - at < SegmentLength) return task.Fail(SenseCode.ParameterListLengthError);
            status = ParseSegment(task, list.Slice(at, SegmentLength), units, out segments[i]);
        }
        return status;
    }

    // SPC-4 §6.4.6.3.
    private static ScsiStatus ParseSegment(ScsiTask task, ReadOnlySpan<byte> d, LogicalUnit?[] units, out Segment segment)
    {
        segment = default;
        if (BinaryPrimitives.ReadUInt16BigEndian(d[2..]) != SegmentLength - 4) return task.Fail(SenseCode.InvalidFieldInParameterList);
        int source = BinaryPrimitives.ReadUInt16BigEndian(d[4..]), destination = BinaryPrimitives.ReadUInt16BigEndian(d[6..]);
        if (source >= units.Length || destination >= units.Length) return task.Fail(SenseCode.CopyAborted);
        if (units[source] is not { } from || units[destination] is not { } to) return task.Fail(SenseCode.CopyTargetDeviceNotReachable);
        uint blocks = BinaryPrimitives.ReadUInt16BigEndian(d[10..]);
        ulong fromLba = BinaryPrimitives.ReadUInt64BigEndian(d[12..]), toLba = BinaryPrimitives.ReadUInt64BigEndian(d[20..]);
        if (!InRange(from, fromLba, blocks) || !InRange(to, toLba, blocks) || from.BlockSize != to.BlockSize) return task.Fail(SenseCode.CopyAborted);
        int generation = to.Generation, nexusGeneration = task.Nexus.TasksOf(to).Current;
        if (IsNotReady(from) || IsNotReady(to)) return task.Fail(SenseCode.CopyAborted);
        if (to.WriteProtected || task.Nexus.ReadOnly || to.Reservations.Stops(task.Nexus, write: true) || from.Reservations.Stops(task.Nexus, write: false))
            return task.Fail(SenseCode.CopyAborted);
        segment = new Segment(from, (long)fromLba * from.BlockSize, to, (long)toLba * to.BlockSize, (long)blocks * from.BlockSize, generation, nexusGeneration);
        return ScsiStatus.Good;
    }

    // Ejected, or being sanitized: what is written then would outlive the SANITIZE.
    private static bool IsNotReady(LogicalUnit unit) => unit.NotReady != SenseCode.NoSense;

    private static bool InRange(LogicalUnit unit, ulong lba, uint blocks) => lba <= unit.BlockCount && blocks <= unit.BlockCount - lba;

    // The whole designator counts: code set, association, type, length and value.
    private static LogicalUnit? FindUnit(Nexus nexus, ReadOnlySpan<byte> cscd)
    {
        int length = cscd[7];
        if (length > 20 || (cscd[5] & 0x30) != 0) return null;
        byte[] page = new byte[4096];
        foreach (LogicalUnit unit in nexus.Units)
        {
            Span<byte> left = page.AsSpan(0, Vpd.DeviceIdentification(unit, nexus, page));
            for (; !left.IsEmpty; left = left[(4 + left[3])..])
                if ((left[0] & 0x0f) == (cscd[4] & 0x0f) && (left[1] & 0x3f) == (cscd[5] & 0x3f) && left.Slice(4, left[3]).SequenceEqual(cscd.Slice(8, length)))
                    return unit;
            Array.Clear(page);
        }
        return null;
    }

    private static ScsiStatus CopyAll(ScsiTask task, Segment[] segments, ref int done)
    {
        byte[] buffer = BufferPool.Rent(Piece);
        try
        {
            foreach (Segment segment in segments)
            {
                if (!Copy(task, segment, buffer.AsSpan(0, Piece))) return task.Fail(SenseCode.CopyAborted);
                done++;
            }
            return ScsiStatus.Good;
        }
        catch (IOException)
        {
            return task.Fail(SenseCode.CopyAborted);
        }
        finally
        {
            BufferPool.Return(buffer);
        }
    }

    // False when a reset or a preemption has ended it. The destination's own reset waits for the piece at hand.
    private static bool Copy(ScsiTask task, Segment segment, Span<byte> buffer)
    {
        Generations tasks = task.Nexus.TasksOf(segment.To);
        // Onto itself and to the right: from the end, or it would read what it wrote.
        bool backwards = segment.From == segment.To && segment.ToOffset > segment.FromOffset;
        segment.To.Enter(segment.Generation);
        tasks.Enter(segment.NexusGeneration);
        try
        {
            for (long done = 0; done < segment.Length;)
            {
                if (task.IsVoid || segment.To.Generation != segment.Generation || tasks.Current != segment.NexusGeneration) return false;
                if (IsNotReady(segment.From) || IsNotReady(segment.To)) return false;
                Span<byte> piece = buffer[..(int)Math.Min(buffer.Length, segment.Length - done)];
                long at = backwards ? segment.Length - done - piece.Length : done;
                segment.From.Store.Read(segment.FromOffset + at, piece);
                segment.To.Store.Write(segment.ToOffset + at, piece);
                done += piece.Length;
            }
            if (segment.To.Store.WriteCache && segment.To.Modes.WriteThrough) segment.To.Store.Flush();
            return true;
        }
        finally
        {
            tasks.Leave(segment.NexusGeneration);
            segment.To.Leave(segment.Generation);
        }
    }

    private static ScsiStatus Wrong(ScsiTask task, int atByte)
    {
        ScsiStatus status = task.Fail(SenseCode.InvalidFieldInParameterList);
        task.Sense.PointTo(inCdb: false, atByte, -1);
        return status;
    }

    // The generations are those of its check: what is aborted later, between two segments too, copies no more.
    private readonly record struct Segment(LogicalUnit From, long FromOffset, LogicalUnit To, long ToOffset, long Length, int Generation, int NexusGeneration);
}

/// <summary>What one nexus's copies came to, by list identifier; of those that have ended the last ones.</summary>
internal sealed class CopyResults
{
    private const int MaxHeld = 16;

    private readonly List<CopyResult> _results = [];

    /// <summary>A copy begins.</summary>
    /// <returns>False when one of that identifier is in progress.</returns>
    public bool TryBegin(byte id)
    {
        lock (_results)
        {
            if (_results.Exists(r => r.Id == id && !r.Ended)) return false;
            _results.RemoveAll(r => r.Id == id);
            if (_results.Count >= MaxHeld && _results.FindIndex(r => r.Ended) is >= 0 and int oldest) _results.RemoveAt(oldest);
            _results.Add(new CopyResult(id, false, false, 0, 0));
            return true;
        }
    }

    /// <summary>A copy has ended.</summary>
    public void End(byte id, bool good, int segments, long bytes)
    {
        lock (_results)
            if (_results.FindIndex(r => r.Id == id) is >= 0 and int at)
                _results[at] = new CopyResult(id, true, good, segments, bytes);
    }

    /// <summary>Nothing is held of it.</summary>
    public void Forget(byte id)
    {
        lock (_results) _results.RemoveAll(r => r.Id == id);
    }

    /// <summary>What is known of a list identifier, null when nothing is.</summary>
    public CopyResult? Find(byte id)
    {
        lock (_results) return _results.Find(r => r.Id == id);
    }
}

/// <summary>What is known of one copy.</summary>
internal sealed record CopyResult(byte Id, bool Ended, bool Good, int Segments, long Bytes);
