using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>
/// The last PDUs of a connection, in memory that is made once. Data would push everything else out: of the Data-In, Data-Out and R2T of a
/// task the last of each takes the place of the one before, and pings, task management, logins, text, logouts and Asynchronous Messages
/// have places that commands, data and statuses do not take.
/// </summary>
internal sealed class LastPdus
{
    /// <summary>PDUs kept.</summary>
    public const int Count = 32;

    // The places of commands, data and statuses; what is left is for the others.
    private const int Plain = 24;

    private const uint DataProbes = 1u << (int)Probe.DataSend | 1u << (int)Probe.DataReceive | 1u << (int)Probe.DataRequest;
    private const uint PlainProbes = DataProbes | 1u << (int)Probe.ScsiCommand | 1u << (int)Probe.ScsiResponse;

    private readonly Entry[] _entries = new Entry[Count];

    // Opcode and task tag of the data in each plain place, 0 where there is none.
    private readonly ulong[] _data = new ulong[Plain];
    private ulong _turn;
    private int _nextPlain;
    private int _nextOther;

    private struct Entry
    {
        public long Time;
        public ulong Turn;
        public ProbeEvent.HeaderBytes Header;
    }

    /// <summary>Takes in a PDU.</summary>
    public void Add(in ProbeEvent e)
    {
        uint bit = e.Probe.Bit();
        ref Entry entry = ref _entries[(bit & PlainProbes) == 0 ? Other() : PlainPlace(in e, (bit & DataProbes) != 0)];
        entry.Time = e.Time;
        entry.Turn = ++_turn;
        entry.Header = e.Header;
    }

    /// <summary>What it holds, oldest first.</summary>
    public KeptPdu[] Copy()
    {
        Entry[] held = Array.FindAll(_entries, e => e.Turn != 0);
        Array.Sort(held, (a, b) => a.Turn.CompareTo(b.Turn));
        return Array.ConvertAll(held, e => new KeptPdu(e.Time, ((ReadOnlySpan<byte>)e.Header).ToArray()));
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_entries);
        Array.Clear(_data);
        _nextPlain = _nextOther = 0;
        _turn = 0;
    }

    private int Other()
    {
        int at = Plain + _nextOther;
        _nextOther = _nextOther + 1 == Count - Plain ? 0 : _nextOther + 1;
        return at;
    }

    private int PlainPlace(in ProbeEvent e, bool isData)
    {
        ulong tag = isData ? (ulong)(e.Header[0] & 0x3f) << 32 | e.Bhs.Itt : 0;
        if (isData && _data.AsSpan().IndexOf(tag) is var known and >= 0) return known;
        int at = _nextPlain;
        _nextPlain = at + 1 == Plain ? 0 : at + 1;
        _data[at] = tag;
        return at;
    }
}
