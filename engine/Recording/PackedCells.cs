using System.IO.Compression;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

/// <summary>
/// The cells and patterns of one snapshot, each for itself, exactly, and compressed: nothing is remembered of any of them. What
/// <see cref="SnapshotCodec"/> remembers makes a recording small, but of very many cells takes more memory and time than a screen may have.
/// </summary>
internal sealed class PackedCells
{
    private readonly List<Owner> _owners;
    private readonly int _cells, _patterns, _length;
    private readonly Task<Pieces> _packing;

    private PackedCells(List<Owner> owners, int cells, int patterns, int length, Task<Pieces> packing) =>
        (_owners, _cells, _patterns, _length, _packing) = (owners, cells, patterns, length, packing);

    /// <summary>Bytes it takes. Waits for the compression.</summary>
    public long Bytes => _packing.Result.Bytes + 24L * _owners.Count;

    /// <summary>Fills a snapshot that has everything else.</summary>
    /// <param name="into">The snapshot.</param>
    /// <param name="cells">Cells to use again, and those that were used.</param>
    public void Unpack(Snapshot into, List<CellDelta> cells)
    {
        byte[] bytes = new byte[_length];
        using (var zlib = new ZLibStream(_packing.Result.ToRead(), CompressionMode.Decompress)) zlib.ReadExactly(bytes);
        ReadOnlySpan<byte> rest = bytes;
        for (int i = 0; i < _cells; i++)
        {
            Owner owner = TakeOwner(ref rest);
            EngineStatus engine = owner.Of(into);
            if (i == cells.Count) cells.Add(New(owner, engine));
            else if (!ReferenceEquals(cells[i].Engine, engine)) cells[i] = New(owner, engine);
            CellDelta delta = cells[i];
            delta.Connection = owner.Connection;
            rest = rest[CellCodec.Read(rest, delta.Cell)..];
            into.Cells.Add(delta);
        }
        for (int i = 0; i < _patterns; i++)
        {
            Owner owner = TakeOwner(ref rest);
            var delta = new PatternDelta { Connection = owner.Connection, Engine = owner.Of(into) };
            rest = rest[PatternCodec.Read(rest, delta.Pattern, out PatternKey key)..];
            delta.Key = key;
            into.Patterns.Add(delta);
        }
    }

    /// <summary>Gives its memory back: it is needed no more.</summary>
    public void Free() => _packing.Result.Free();

    private static CellDelta New(Owner owner, EngineStatus engine) => new() { Cell = new Cell(), Connection = owner.Connection, Engine = engine };

    private Owner TakeOwner(ref ReadOnlySpan<byte> rest)
    {
        int at = 0;
        Owner owner = _owners[(int)CellCodec.Take(rest, ref at)];
        rest = rest[at..];
        return owner;
    }

    /// <summary>Whose a cell or pattern is. An engine is found again by its place in the snapshot.</summary>
    private readonly record struct Owner(ConnectionInfo Connection, EngineStatus Engine, int Place)
    {
        public EngineStatus Of(Snapshot snapshot) => Place < 0 ? Engine : snapshot.Engines[Place];
    }

    /// <summary>Packs one snapshot after another. The compression goes on in the background while what was packed may change already.</summary>
    public sealed class Packer
    {
        private readonly Dictionary<ConnectionInfo, int> _index = new(ReferenceEqualityComparer.Instance);
        private List<Owner> _owners = [];
        private byte[] _bytes = [];
        private int _length;
        private readonly Stack<byte[]> _free = new();
        private Task<Pieces>? _packing;

        /// <summary>Packs the cells and patterns of a snapshot.</summary>
        public PackedCells Pack(Snapshot snapshot)
        {
            _packing?.Wait();
            _index.Clear();
            (_owners, _length) = ([], 0);
            int patterns = 0;
            foreach (CellDelta delta in snapshot.Cells)
            {
                Put(snapshot, delta.Connection, delta.Engine);
                int n;
                while ((n = CellCodec.Write(delta.Cell, 0, _bytes.AsSpan(_length))) < 0) Grow();
                _length += n;
            }
            foreach (PatternDelta delta in snapshot.Patterns)
            {
                if (delta.Pattern.Count == 0) continue;
                Put(snapshot, delta.Connection, delta.Engine);
                int n;
                while ((n = PatternCodec.Write(delta.Key, delta.Pattern, _bytes.AsSpan(_length))) < 0) Grow();
                _length += n;
                patterns++;
            }
            (byte[] bytes, int length) = (_bytes, _length);
            _packing = Task.Run(() => Compress(bytes, length, new Pieces(_free)));
            return new PackedCells(_owners, snapshot.Cells.Count, patterns, length, _packing);
        }

        private static Pieces Compress(byte[] bytes, int length, Pieces into)
        {
            using (var zlib = new ZLibStream(into, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(bytes, 0, length);
            return into;
        }

        private void Put(Snapshot snapshot, ConnectionInfo connection, EngineStatus engine)
        {
            if (!_index.TryGetValue(connection, out int owner) || !ReferenceEquals(_owners[owner].Engine, engine))
            {
                _index[connection] = owner = _owners.Count;
                _owners.Add(new Owner(connection, engine, snapshot.Engines.IndexOf(engine)));
            }
            if (_bytes.Length - _length < CellCodec.LongestNumber) Grow();
            CellCodec.Put(_bytes, ref _length, (uint)owner);
        }

        private void Grow() => Array.Resize(ref _bytes, Math.Max(1 << 16, _bytes.Length + _bytes.Length / 4));
    }
}
