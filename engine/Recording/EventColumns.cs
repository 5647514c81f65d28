using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// Events as a general compressor likes them: each as the difference from the last of its probe and connection, and then the first byte
/// of all of them, the second of all of them, and so on (docs/recording.md). Sequence numbers and tags become the same byte again and again.
/// </summary>
internal sealed class EventColumns
{
    // Where the fields of an event stand; what lies between is told as it is.
    private const int LunAt = 8, TargetAt = 20, InitiatorAt = 24, HeaderAt = 32, TailAt = HeaderAt + ProbeEvent.HeaderBytes.Length;

    private readonly Dictionary<ulong, int> _last = [];
    private readonly byte[] _row = new byte[ProbeEvent.Size];

    /// <summary>Turns events into columns.</summary>
    /// <param name="events">The events; what stands behind a tail is 0.</param>
    /// <param name="into">Room for as many bytes.</param>
    public void Encode(ReadOnlySpan<ProbeEvent> events, Span<byte> into)
    {
        _last.Clear();
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(events);
        for (int i = 0; i < events.Length; i++)
        {
            Row(bytes, i).CopyTo(_row);
            ReadOnlySpan<byte> before = Before(bytes, i, in events[i]);
            Add(_row, i == 0 ? default : Row(bytes, i - 1), before, -1);
            for (int k = 0; k < _row.Length; k++) into[k * events.Length + i] = _row[k];
        }
    }

    /// <summary>Turns columns into events.</summary>
    public void Decode(ReadOnlySpan<byte> columns, Span<ProbeEvent> events)
    {
        _last.Clear();
        Span<byte> bytes = MemoryMarshal.AsBytes(events);
        for (int i = 0; i < events.Length; i++)
        {
            Span<byte> row = bytes.Slice(i * ProbeEvent.Size, ProbeEvent.Size);
            for (int k = 0; k < row.Length; k++) row[k] = columns[k * events.Length + i];
            Add(row, i == 0 ? default : Row(bytes, i - 1), Before(bytes, i, in events[i]), 1);
        }
    }

    private ReadOnlySpan<byte> Before(ReadOnlySpan<byte> bytes, int i, in ProbeEvent e)
    {
        ref int last = ref CollectionsMarshal.GetValueRefOrAddDefault(_last, (ulong)e.Connection << 8 | (byte)e.Probe, out bool known);
        int before = last;
        last = i;
        return known ? Row(bytes, before) : default;
    }

    private static ReadOnlySpan<byte> Row(ReadOnlySpan<byte> bytes, int i) => bytes.Slice(i * ProbeEvent.Size, ProbeEvent.Size);

    // The time follows from the event before, whichever it was; words of headers are big-endian.
    private static void Add(Span<byte> row, ReadOnlySpan<byte> previous, ReadOnlySpan<byte> before, int sign)
    {
        if (!previous.IsEmpty) AddLong(row, previous, sign);
        if (before.IsEmpty) return;
        AddLong(row[LunAt..], before[LunAt..], sign);
        AddLittle(row[TargetAt..], before[TargetAt..], sign);
        AddLittle(row[InitiatorAt..], before[InitiatorAt..], sign);
        for (int at = HeaderAt; at < TailAt + ProbeEvent.TailBytes.Length; at += 4)
            BinaryPrimitives.WriteInt32BigEndian(row[at..], unchecked(BinaryPrimitives.ReadInt32BigEndian(row[at..]) + sign * BinaryPrimitives.ReadInt32BigEndian(before[at..])));
    }

    private static void AddLong(Span<byte> row, ReadOnlySpan<byte> before, int sign) =>
        BinaryPrimitives.WriteInt64LittleEndian(row, unchecked(BinaryPrimitives.ReadInt64LittleEndian(row) + sign * BinaryPrimitives.ReadInt64LittleEndian(before)));

    private static void AddLittle(Span<byte> row, ReadOnlySpan<byte> before, int sign) =>
        BinaryPrimitives.WriteInt32LittleEndian(row, unchecked(BinaryPrimitives.ReadInt32LittleEndian(row) + sign * BinaryPrimitives.ReadInt32LittleEndian(before)));
}
