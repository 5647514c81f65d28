namespace Iscsitop.Engine.Wire;

/// <summary>
/// IP packets whose fragments have not all been seen: a bounded number of them, each for a bounded time. Fragments that overlap
/// others spoil their packet (RFC 5722 §4), and so does one that the capture cut.
/// </summary>
internal sealed class Fragments
{
    /// <summary>Packets in the making at most; the oldest gives way.</summary>
    public const int MaxPackets = 256;

    /// <summary>Longest packet, IP header apart.</summary>
    public const int MaxLength = 65535;

    /// <summary>Fragments of one packet at most; those of a jumbo frame's path are fewer than 10, an IPv4 sender needs no more than 120.</summary>
    public const int MaxParts = 128;

    /// <summary>ns a packet may take.</summary>
    public const long MaxAge = 30_000_000_000;

    private readonly Dictionary<FragmentKey, Datagram> _open = [];
    private readonly Queue<Datagram> _byAge = [];
    private readonly Stack<Datagram> _free = [];

    /// <summary>Packets in the making.</summary>
    public int Count => _open.Count;

    /// <summary>Takes a fragment; true with what it completed, valid until the next call.</summary>
    public bool TryTake(in Fragment fragment, long time, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        Expire(time);
        if (!_open.TryGetValue(fragment.Key, out Datagram? datagram)) datagram = Open(fragment.Key, time);
        if (!datagram.Add(fragment)) return false;
        _open.Remove(fragment.Key);
        datagram.Done = true; // its turn in the queue gives it back
        bytes = datagram.Bytes;
        return true;
    }

    private Datagram Open(in FragmentKey key, long time)
    {
        if (_byAge.Count == MaxPackets) Close();
        Datagram datagram = _free.Count > 0 ? _free.Pop() : new Datagram();
        datagram.Begin(key, time);
        _open.Add(key, datagram);
        _byAge.Enqueue(datagram);
        return datagram;
    }

    private void Expire(long time)
    {
        while (_byAge.TryPeek(out Datagram? oldest) && (oldest.Done || time - oldest.Time > MaxAge)) Close();
    }

    private void Close()
    {
        Datagram datagram = _byAge.Dequeue();
        if (!datagram.Done) _open.Remove(datagram.Key);
        _free.Push(datagram);
    }

    /// <summary>One packet in the making.</summary>
    private sealed class Datagram
    {
        private readonly List<(int From, int To)> _parts = [];
        private byte[] _bytes = [];
        private int _length;
        private int _seen;
        private bool _spoilt;

        public FragmentKey Key { get; private set; }

        public long Time { get; private set; }

        public bool Done { get; set; }

        public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

        public void Begin(in FragmentKey key, long time)
        {
            (Key, Time, Done, _spoilt, _length, _seen) = (key, time, false, false, -1, 0);
            _parts.Clear();
        }

        /// <summary>Whether the packet is complete with it.</summary>
        public bool Add(in Fragment fragment)
        {
            int from = fragment.Offset, to = from + fragment.Length;
            if (_parts.Contains((from, to))) return false; // the same packet seen twice
            if (!Fits(fragment, from, to)) _spoilt = true;
            if (_spoilt) return false;
            if (to > _bytes.Length) Array.Resize(ref _bytes, Math.Min(MaxLength, Math.Max(to, 2 * _bytes.Length)));
            fragment.Bytes.CopyTo(_bytes.AsSpan(from));
            _parts.Add((from, to));
            _seen += fragment.Length;
            if (!fragment.More) _length = to;
            return _seen == _length;
        }

        private bool Fits(in Fragment fragment, int from, int to)
        {
            if (_parts.Count == MaxParts || fragment.Length <= 0 || fragment.Bytes.Length < fragment.Length || to > MaxLength) return false;
            if (_length >= 0 && (to > _length || !fragment.More)) return false;
            foreach ((int f, int t) in _parts)
                if ((from < t && f < to) || (!fragment.More && t > to)) return false;
            return true;
        }
    }
}
