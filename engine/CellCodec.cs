using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine;

/// <summary>
/// A cell as bytes (docs/stream.md, cells). There may be a hundred thousand of them each second, most of them with a few
/// commands: numbers take as many bytes as they need, and a phase that is like LAT takes none.
/// </summary>
internal static class CellCodec
{
    /// <summary>Bytes of the fullest cell at most.</summary>
    public const int Longest = Head + Cell.PhaseCount * (2 * LongestNumber + Histogram.BucketCount * (2 + LongestNumber));

    /// <summary>Bytes of a number at most.</summary>
    public const int LongestNumber = 10;

    private const int HasReclaimed = 1 << 7;
    private const int LikeService = 1 << 6;
    private const int LikeFirstByte = 1 << 7;

    // A cell without its histograms never takes more.
    private const int Head = 3 * LongestNumber + 4 + 11 * LongestNumber;

    /// <summary>Writes a cell.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="untilNow">ns from its last change to now.</param>
    /// <param name="into">Where to.</param>
    /// <returns>How many bytes it took, -1 when there is no room.</returns>
    public static int Write(Cell cell, long untilNow, Span<byte> into)
    {
        if (into.Length < Head) return -1;
        int at = 0;
        Put(into, ref at, cell.Key.Connection);
        Put(into, ref at, cell.Key.Lun);
        into[at++] = (byte)(cell.Key.Operation >> 8);
        into[at++] = (byte)cell.Key.Operation;
        into[at++] = (byte)((int)cell.Kind | (cell.Reclaimed is null ? 0 : HasReclaimed));
        int maskAt = at++;
        Put(into, ref at, (ulong)cell.Started);
        Put(into, ref at, (ulong)cell.Completed);
        Put(into, ref at, (ulong)cell.Errors);
        Put(into, ref at, (ulong)cell.Aborted);
        Put(into, ref at, (ulong)cell.ReadBytes);
        Put(into, ref at, (ulong)cell.WriteBytes);
        PutSigned(into, ref at, cell.OutstandingTime + cell.Outstanding * untilNow);
        PutSigned(into, ref at, cell.Outstanding);
        if (cell.Reclaimed is { } reclaimed)
        {
            Put(into, ref at, (ulong)reclaimed.Blocks);
            Put(into, ref at, (ulong)reclaimed.Descriptors);
            Put(into, ref at, (ulong)reclaimed.Unseen);
        }
        int mask = 0;
        for (int i = 0; i < Cell.PhaseCount; i++)
        {
            if (cell.IsLikeLatency((Phase)i) || cell.Of((Phase)i) is not { Count: > 0 } histogram) continue;
            if (!Write(histogram, into, ref at)) return -1;
            mask |= 1 << i;
        }
        if ((mask & 1) != 0) mask |= (cell.IsLikeLatency(Phase.Service) ? LikeService : 0) | (cell.IsLikeLatency(Phase.FirstByte) ? LikeFirstByte : 0);
        into[maskAt] = (byte)mask;
        return at;
    }

    /// <summary>Reads a cell over what there was.</summary>
    /// <returns>How many bytes it took.</returns>
    /// <exception cref="StreamFormatException">It ends early, or a bucket, kind or phase does not exist.</exception>
    public static int Read(ReadOnlySpan<byte> bytes, Cell into)
    {
        int at = 0;
        into.Key = ReadKey(bytes, ref at);
        return at + ReadRest(bytes[at..], into, null);
    }

    /// <summary>Reads whose cell it is: what comes first.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="at">Where the key begins, then where the rest does.</param>
    /// <exception cref="StreamFormatException">It ends early.</exception>
    public static CellKey ReadKey(ReadOnlySpan<byte> bytes, ref int at)
    {
        uint connection = (uint)Take(bytes, ref at);
        ulong lun = Take(bytes, ref at);
        if (bytes.Length - at < 2) throw Short();
        at += 2;
        return new CellKey(connection, lun, (ushort)(bytes[at - 2] << 8 | bytes[at - 1]));
    }

    /// <summary>Reads the rest of a cell over what there was.</summary>
    /// <returns>How many bytes it took.</returns>
    /// <exception cref="StreamFormatException">It ends early, or a bucket, kind or phase does not exist.</exception>
    /// <param name="bytes">The bytes.</param>
    /// <param name="into">The cell.</param>
    /// <param name="spare">Where its histograms go that are not needed, and come from that are; null when it keeps its own.</param>
    public static int ReadRest(ReadOnlySpan<byte> bytes, Cell into, Stack<Histogram>? spare)
    {
        if (bytes.Length < 2) throw Short();
        bool reclaimed = (bytes[0] & HasReclaimed) != 0;
        into.Kind = (CommandKind)(bytes[0] & ~HasReclaimed);
        int mask = bytes[1], at = 2;
        if (spare is null) into.Clear();
        else into.Begin(mask, spare);
        if (into.Kind > CommandKind.Other) throw new StreamFormatException("a cell has an unknown kind");
        into.Started = (long)Take(bytes, ref at);
        into.Completed = (long)Take(bytes, ref at);
        into.Errors = (long)Take(bytes, ref at);
        into.Aborted = (long)Take(bytes, ref at);
        into.ReadBytes = (long)Take(bytes, ref at);
        into.WriteBytes = (long)Take(bytes, ref at);
        into.OutstandingTime = TakeSigned(bytes, ref at);
        into.Outstanding = TakeSigned(bytes, ref at);
        if (reclaimed) Read(bytes, ref at, into.EnsureReclaimed());
        for (int i = 0; i < Cell.PhaseCount; i++)
            if ((mask & 1 << i) != 0)
                Read(bytes, ref at, into.Ensure((Phase)i));
        if ((mask & LikeService) != 0) Like(into, mask, Phase.Service);
        if ((mask & LikeFirstByte) != 0) Like(into, mask, Phase.FirstByte);
        return at;
    }

    private static void Read(ReadOnlySpan<byte> bytes, ref int at, Reclaimed into)
    {
        into.Blocks = (long)Take(bytes, ref at);
        into.Descriptors = (long)Take(bytes, ref at);
        into.Unseen = (long)Take(bytes, ref at);
    }

    private static void Like(Cell into, int mask, Phase phase)
    {
        if ((mask & 1) == 0 || (mask & 1 << (int)phase) != 0) throw new StreamFormatException("a cell has a phase twice, or like none");
        into.LikeLatency(phase);
    }

    /// <summary>Writes a histogram.</summary>
    /// <returns>False when there is no room.</returns>
    internal static bool Write(Histogram histogram, Span<byte> into, ref int at)
    {
        if (into.Length - at < 2 * LongestNumber) return false;
        PutSigned(into, ref at, histogram.Sum);
        int countAt = at, count = 0, last = -1;
        at += 2;
        for (int next = 0; histogram.Next(ref next, out int bucket, out long n); count++)
        {
            if (into.Length - at < 2 + LongestNumber) return false;
            Put(into, ref at, (uint)(bucket - last - 1));
            Put(into, ref at, (ulong)n);
            last = bucket;
        }
        PutCount(into, countAt, count);
        return true;
    }

    /// <summary>Adds a histogram that was written.</summary>
    internal static void Read(ReadOnlySpan<byte> bytes, ref int at, Histogram into)
    {
        into.AddSum(TakeSigned(bytes, ref at));
        ulong count = Take(bytes, ref at);
        int bucket = -1;
        for (; count > 0; count--)
        {
            ulong gap = Take(bytes, ref at);
            if (gap >= (ulong)(Histogram.BucketCount - bucket - 1)) throw new StreamFormatException("a histogram has no such bucket");
            bucket += (int)gap + 1;
            into.Append(bucket, (long)Take(bytes, ref at));
        }
    }

    /// <summary>Writes a number: seven bits a byte, lowest first; all but the last byte have the highest bit.</summary>
    internal static void Put(Span<byte> into, ref int at, ulong value)
    {
        for (; value >= 0x80; value >>= 7) into[at++] = (byte)(value | 0x80);
        into[at++] = (byte)value;
    }

    /// <summary>Writes a number below 2^14 as two bytes, so that it can be written when it is known.</summary>
    internal static void PutCount(Span<byte> into, int at, int count)
    {
        into[at] = (byte)(count | 0x80);
        into[at + 1] = (byte)(count >> 7);
    }

    private static void PutSigned(Span<byte> into, ref int at, long value) => Put(into, ref at, (ulong)(value << 1 ^ value >> 63));

    /// <summary>Reads a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Take(ReadOnlySpan<byte> bytes, ref int at)
    {
        if ((uint)at < (uint)bytes.Length && Unsafe.Add(ref MemoryMarshal.GetReference(bytes), at) is < 0x80 and var one)
        {
            at++;
            return one;
        }
        return TakeLong(bytes, ref at);
    }

    private static ulong TakeLong(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        int most = Math.Min(bytes.Length - at, LongestNumber);
        for (int i = 0; i < most; i++)
        {
            byte b = Unsafe.Add(ref MemoryMarshal.GetReference(bytes), at + i);
            value |= (ulong)(b & 0x7f) << (7 * i);
            if (b >= 0x80) continue;
            at += i + 1;
            return value;
        }
        throw most < LongestNumber ? Short() : new StreamFormatException("a number of more than 64 bits");
    }

    private static long TakeSigned(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = Take(bytes, ref at);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>What there is to say when bytes are missing.</summary>
    internal static StreamFormatException Short() => new("a frame ends before its fields do");
}
