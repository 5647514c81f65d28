using System.Globalization;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Engine.Recording;

/// <summary>Reads the snapshots of a recording, from a file or a stream. Blocks that are damaged are left out and counted.</summary>
internal sealed class RecordingReader : IDisposable
{
    // So many blocks before a place are looked at for what is told once.
    private const int MostNews = 64;

    private readonly Stream _stream;
    private readonly PipedStream? _pipe;
    private readonly SnapshotCodec _codec = new(decoding: true);
    private readonly List<(long At, BlockHeader Header)> _index = [];
    private byte[] _buffer = new byte[4096];
    private int _start, _end;
    private byte[] _payload = [];
    private BlockHeader _block;
    private int _left;
    private bool _over, _lost, _cut;
    private long _lastGood;
    private int _damaged;
    private long _damagedFrom = long.MaxValue, _damagedTo = long.MinValue;

    /// <param name="stream">What is read; owned.</param>
    /// <param name="name">What to call it.</param>
    public RecordingReader(Stream stream, string name)
    {
        Name = name;
        CanSeek = stream.CanSeek;
        _pipe = CanSeek ? null : new PipedStream(stream);
        _stream = _pipe ?? stream;
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>Whether it can be read from another place.</summary>
    public bool CanSeek { get; }

    /// <summary>How much was read, from 0 to 1; NaN when nobody knows.</summary>
    public double Progress => CanSeek && _stream.Length > 0 ? (double)(_stream.Position - (_end - _start)) / _stream.Length : double.NaN;

    /// <summary>What was wrong, "" for nothing.</summary>
    public string Problem
    {
        get
        {
            var parts = new List<string>(2);
            if (_damaged > 0)
            {
                string which = _damaged == 1 ? "1 damaged block left out" : string.Create(CultureInfo.InvariantCulture, $"{_damaged} damaged blocks left out");
                parts.Add(_damagedFrom <= _damagedTo ? $"{which}, {Clocked(_damagedFrom)} to {Clocked(_damagedTo)}" : which);
            }
            if (_cut) parts.Add("cut short: its last block is not whole");
            return string.Join("; ", parts);
        }
    }

    /// <summary>Reads the next snapshot.</summary>
    /// <param name="into">Emptied and filled; valid until the next is read.</param>
    /// <param name="milliseconds">How long to wait for a pipe's bytes.</param>
    /// <exception cref="CaptureFormatException">It is a recording of another version.</exception>
    public Moved Next(Snapshot into, int milliseconds)
    {
        while (true)
        {
            into.Clear();
            if (_left > 0 && Decode(into)) return Moved.Packet;
            if (_left > 0) continue;
            Moved moved = NextBlock(milliseconds);
            if (moved != Moved.Packet) return moved;
        }
    }

    /// <summary>Reads the events of the next block.</summary>
    /// <param name="into">Emptied and filled: pieces of engines, in their order each.</param>
    /// <param name="header">The block's header.</param>
    /// <param name="milliseconds">How long to wait for a pipe's bytes.</param>
    public Moved Next(List<EventPiece> into, out BlockHeader header, int milliseconds)
    {
        into.Clear();
        Moved moved = NextBlock(milliseconds);
        header = _block;
        _left = 0;
        if (moved != Moved.Packet) return moved;
        try
        {
            into.AddRange(EventPiece.Read(_payload.AsSpan(_block.Length - _block.EventBytes, _block.EventBytes)));
        }
        catch (RecordingFormatException)
        {
            Damaged(_block.First, _block.Last);
        }
        return moved;
    }

    /// <summary>Whether any of its blocks was recorded with events; of a pipe nobody knows.</summary>
    public bool? HasEvents()
    {
        if (!CanSeek) return null;
        Index();
        return _index.Exists(b => b.Header.WithEvents);
    }

    /// <summary>When it begins and ends, ns since 1970; 0 when nobody knows.</summary>
    public (long First, long Last) Span()
    {
        if (!CanSeek) return (0, 0);
        Index();
        return _index.Count == 0 ? (0, 0) : (_index[0].Header.First, _index[^1].Header.Last);
    }

    /// <summary>Goes to a time: the next snapshot is the first that ends then or later, or the last there is.</summary>
    public void Seek(long time)
    {
        Index();
        if (_index.Count == 0) return;
        int at = _index.FindIndex(b => b.Header.Last >= time);
        if (at < 0) (at, time) = (_index.Count - 1, _index[^1].Header.Last);
        _codec.ForgetKept();
        var scratch = new Snapshot();
        foreach (int news in NewsBefore(at))
        {
            Load(news);
            while (_left > 0)
            {
                scratch.Clear();
                Decode(scratch);
            }
        }
        Load(at);
        SkipTo(time, at);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    // Blocks that tell what is told once, from the last that tells all of it.
    private List<int> NewsBefore(int at)
    {
        var news = new List<int>();
        for (int i = at - 1; i >= 0 && news.Count < MostNews && !_index[at].Header.Restates; i--)
        {
            if (_index[i].Header is { HasNews: true } or { Restates: true }) news.Add(i);
            if (_index[i].Header.Restates) break;
        }
        news.Reverse();
        return news;
    }

    private void Load(int index)
    {
        (_over, _start, _end, _left) = (false, 0, 0, 0);
        _stream.Position = _index[index].At;
        NextBlock(0);
    }

    // Snapshots of a block follow from one another: those before the wanted are read, and the block then once more up to it.
    private void SkipTo(long time, int block)
    {
        var scratch = new Snapshot();
        int skip = 0, total = _left;
        while (_left > 0)
        {
            scratch.Clear();
            if (!Decode(scratch) || scratch.Time >= time) break;
            skip++;
        }
        if (skip >= total) skip = Math.Max(0, total - 1);
        Load(block);
        for (int i = 0; i < skip && _left > 0; i++)
        {
            scratch.Clear();
            Decode(scratch);
        }
    }

    private bool Decode(Snapshot into)
    {
        try
        {
            _codec.Code(into);
            _left--;
            return true;
        }
        catch (Exception e) when (e is RecordingFormatException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            // Its checksum is right and it makes no sense: nobody's recorder wrote it.
            _left = 0;
            Damaged(_lastGood, _lastGood);
            return false;
        }
    }

    private Moved NextBlock(int milliseconds)
    {
        while (!_over)
        {
            Moved moved = Have(BlockHeader.Size, milliseconds);
            if (moved == Moved.Nothing) return moved;
            if (moved == Moved.End) break;
            ReadOnlySpan<byte> window = _buffer.AsSpan(_start, _end - _start);
            if (!BlockHeader.TryRead(window, out BlockHeader header, out int version))
            {
                if (version > BlockHeader.Version) throw new CaptureFormatException($"{Name} is a recording of version {version}: a newer iscsitop reads it");
                Scan();
                continue;
            }
            moved = Have(BlockHeader.Size + header.Length, milliseconds);
            if (moved == Moved.Nothing) return moved;
            ReadOnlySpan<byte> payload = moved == Moved.End ? [] : _buffer.AsSpan(_start + BlockHeader.Size, header.Length);
            if (moved == Moved.End || BlockHeader.Sum(payload) != header.Checksum)
            {
                // What follows it may be whole, were it that a block was cut and the file written on.
                if (moved == Moved.End && !Follows()) break;
                Damaged(header.First, header.Last);
                Scan();
                continue;
            }
            Open(header, payload);
            return Moved.Packet;
        }
        _cut |= !_over && _end > _start && !_lost;
        _over = true;
        return Moved.End;
    }

    private void Open(in BlockHeader header, ReadOnlySpan<byte> payload)
    {
        if (_payload.Length < payload.Length) _payload = new byte[Math.Max(payload.Length, 2 * _payload.Length)];
        payload.CopyTo(_payload);
        _block = header;
        _codec.Begin(_payload, payload.Length - header.EventBytes, header.Restates, header.Format);
        _left = header.Snapshots;
        if (_lost && _lastGood != 0) Widen(_lastGood, header.First);
        (_lost, _lastGood) = (false, header.Last);
        _start += BlockHeader.Size + header.Length;
    }

    private bool Follows() => _buffer.AsSpan(_start + 1, _end - _start - 1).IndexOf(BlockHeader.Magic) >= 0;

    private void Damaged(long from, long to)
    {
        _damaged++;
        _lost = true;
        Widen(from, to);
    }

    private void Widen(long from, long to) => (_damagedFrom, _damagedTo) = (Math.Min(_damagedFrom, from), Math.Max(_damagedTo, to));

    // To what may be the next block.
    private void Scan()
    {
        if (!_lost)
        {
            _damaged++;
            _lost = true;
        }
        int next = _buffer.AsSpan(_start + 1, _end - _start - 1).IndexOf(BlockHeader.Magic);
        _start = next >= 0 ? _start + 1 + next : Math.Max(_start + 1, _end - BlockHeader.Size + 1);
    }

    private Moved Have(int count, int milliseconds)
    {
        while (_end - _start < count)
        {
            if (_start > 0 && _start + count > _buffer.Length)
            {
                _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
                (_start, _end) = (0, _end - _start);
            }
            if (_start + count > _buffer.Length) Array.Resize(ref _buffer, Math.Max(_start + count, 2 * _buffer.Length));
            if (_pipe?.WaitForBytes(milliseconds) == false) return Moved.Nothing;
            int read = _stream.Read(_buffer.AsSpan(_end));
            if (read == 0) return Moved.End;
            _end += read;
        }
        return Moved.Packet;
    }

    /// <summary>Where the last whole block of a file ends, and when the first ended its first interval.</summary>
    internal static (long End, long First) Tail(Stream stream)
    {
        var index = new List<(long At, BlockHeader Header)>();
        Index(stream, index);
        byte[] payload = [];
        while (index.Count > 0)
        {
            (long at, BlockHeader header) = index[^1];
            if (payload.Length < header.Length) payload = new byte[header.Length];
            stream.Position = at + BlockHeader.Size;
            stream.ReadExactly(payload, 0, header.Length);
            if (BlockHeader.Sum(payload.AsSpan(0, header.Length)) == header.Checksum) return (at + BlockHeader.Size + header.Length, index[0].Header.First);
            index.RemoveAt(index.Count - 1);
        }
        return (0, 0);
    }

    private void Index()
    {
        long back = _stream.Position;
        Index(_stream, _index);
        _stream.Position = back;
    }

    // Where the blocks stand: their headers only are read. What was indexed before is taken to be there still.
    private static void Index(Stream stream, List<(long At, BlockHeader Header)> index)
    {
        long at = index.Count == 0 ? 0 : index[^1].At + BlockHeader.Size + index[^1].Header.Length;
        Span<byte> header = stackalloc byte[BlockHeader.Size];
        while (at + BlockHeader.Size <= stream.Length)
        {
            stream.Position = at;
            stream.ReadExactly(header);
            if (BlockHeader.TryRead(header, out BlockHeader block, out _) && at + BlockHeader.Size + block.Length <= stream.Length)
            {
                index.Add((at, block));
                at += BlockHeader.Size + block.Length;
            }
            else if ((at = NextMagic(stream, at + 1)) < 0) break;
        }
    }

    private static long NextMagic(Stream stream, long at)
    {
        byte[] piece = new byte[65536];
        while (at < stream.Length)
        {
            stream.Position = at;
            int read = stream.ReadAtLeast(piece, piece.Length, throwOnEndOfStream: false);
            int next = piece.AsSpan(0, read).IndexOf(BlockHeader.Magic);
            if (next >= 0) return at + next;
            if (read < piece.Length) return -1;
            at += read - BlockHeader.Magic.Length + 1;
        }
        return -1;
    }

    private static string Clocked(long time) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(time / 1_000_000, -62_000_000_000_000, 250_000_000_000_000)).ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture);
}
