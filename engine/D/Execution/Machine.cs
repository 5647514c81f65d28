using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D.Execution;

/// <summary>A compiled integer or pointer, extended to 64 bits by its type's sign.</summary>
internal delegate long NumberOf(Machine machine);

/// <summary>A compiled string, without NUL; valid until the clause ends.</summary>
internal delegate ReadOnlySpan<byte> TextOf(Machine machine);

/// <summary>A compiled statement.</summary>
internal delegate void ActionOf(Machine machine);

/// <summary>Writes a value into a record.</summary>
internal delegate void PieceOf(Machine machine, RecordWriter into);

/// <summary>What closures work on: the firing, the variables, the memory that pointers point to.</summary>
internal sealed class Machine
{
    /// <summary>Where the CDB's bytes are to be found.</summary>
    public const long CdbAddress = 0x0000_7e00_0000_0000;

    /// <summary>Where args[n] points to, each a page.</summary>
    public const long ArgsAddress = 0x0000_7f00_0000_0000;

    /// <summary>Bytes between two of them.</summary>
    public const long ArgsPage = 0x1000;

    /// <summary>args[n] at most.</summary>
    public const int MaxArgs = 3;

    private const int CdbOffset = 64;

    private ProbeEvent _event;

    public Machine(DOptions options, OutputBuffer output, int numbers, int texts)
    {
        (Options, Output) = (options, output);
        Scratch = new Scratch(options.StrSize);
        Dynamic = new DynamicTable(options.DynVarSize);
        Numbers = new long[numbers];
        Texts = new TextSlot[texts];
        for (int i = 0; i < texts; i++) Texts[i] = new TextSlot();
        Tokens = new TextSlot();
    }

    public DOptions Options { get; }

    public OutputBuffer Output { get; }

    public Scratch Scratch { get; }

    public DynamicTable Dynamic { get; }

    /// <summary>Scalars: the global ones and those of this-&gt;.</summary>
    public long[] Numbers { get; }

    /// <summary>The same for strings.</summary>
    public TextSlot[] Texts { get; }

    /// <summary>What strtok() goes on with.</summary>
    public TextSlot Tokens { get; }

    /// <summary>Where strtok() goes on.</summary>
    public int TokenAt { get; set; }

    /// <summary>The event; of the probes that are no engine's all 0.</summary>
    public ref readonly ProbeEvent Event => ref _event;

    /// <summary>The names behind it.</summary>
    public Face Face { get; private set; } = Face.None;

    /// <summary>The probe that fires.</summary>
    public BoundProbe Probe { get; private set; } = null!;

    /// <summary>Number of the clause at the probe that fires, from 1.</summary>
    public int Epid { get; set; }

    /// <summary>Monotonic ns.</summary>
    public long Timestamp { get; private set; }

    /// <summary>ns since 1970.</summary>
    public long Wall { get; private set; }

    /// <summary>arg1 to arg5 of ERROR.</summary>
    public long[] ErrorArguments { get; } = new long[6];

    /// <summary>What was looked for in vain.</summary>
    public long FaultAddress { get; set; }

    /// <summary>The statement that runs, from 1; 0 the predicate.</summary>
    public int Statement { get; set; }

    /// <summary>Whether exit() was called in this clause or before.</summary>
    public bool Exiting { get; private set; }

    /// <summary>What it was given.</summary>
    public int ExitStatus { get; private set; }

    /// <summary>State of rand().</summary>
    public ulong Random { get; set; } = 0x9e3779b97f4a7c15;

    /// <summary>self-&gt; lives as long as this, a connection of an engine.</summary>
    public long Thread => (long)Probe.Entry.Instance << 32 | _event.Connection;

    /// <summary>An event of an engine is looked at from now on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(in ProbeEvent e, Face face, long wall)
    {
        _event = e;
        (Face, Timestamp, Wall) = (face, e.Time, wall);
    }

    /// <summary>A firing without an event.</summary>
    public void TakeNone(long timestamp, long wall)
    {
        _event = default;
        (Face, Timestamp, Wall) = (Face.None, timestamp, wall);
    }

    /// <summary>A clause begins at a probe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(BoundProbe probe, int epid)
    {
        (Probe, Epid, Statement) = (probe, epid, 0);
        Scratch.Clear();
    }

    /// <summary>exit().</summary>
    public void Exit(int status) => (Exiting, ExitStatus) = (true, status);

    /// <summary>Bytes of the CDB: 16 of the header and what followed in an AHS.</summary>
    public ReadOnlySpan<byte> Cdb => _event.Probe == Target.Probes.Probe.ScsiCommand && _event.Header[0] != 0
        ? MemoryMarshal.AsBytes(new ReadOnlySpan<ProbeEvent>(in _event)).Slice(CdbOffset, 16 + _event.TailSpan.Length) : default;

    /// <summary>Bytes that a pointer points to.</summary>
    /// <exception cref="DFault">There are not so many.</exception>
    public ReadOnlySpan<byte> Memory(long address, int count)
    {
        ReadOnlySpan<byte> rest = From(address);
        if (rest.Length < count) throw DFault.At(this, address);
        return rest[..count];
    }

    /// <summary>The string that a pointer points to, as far as strsize allows.</summary>
    public ReadOnlySpan<byte> TextAt(long address)
    {
        if (address == 0) return default;
        ReadOnlySpan<byte> rest = From(address);
        if (rest.IsEmpty) throw DFault.At(this, address);
        int end = rest.IndexOf((byte)0);
        return Cut(end < 0 ? rest : rest[..end]);
    }

    /// <summary>Memory that may be written: what alloca() gave.</summary>
    public Span<byte> Writable(long address, int count) => Scratch.TryFind(address, count, out Span<byte> found) ? found : throw DFault.At(this, address);

    /// <summary>A string as long as strings may be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> text) => text.Length < Options.StrSize ? text : text[..(Options.StrSize - 1)];

    private ReadOnlySpan<byte> From(long address)
    {
        ReadOnlySpan<byte> cdb = Cdb;
        if ((ulong)(address - CdbAddress) < (ulong)cdb.Length) return cdb[(int)(address - CdbAddress)..];
        return Scratch.TryFind(address, 1, out _) ? Scratch.From(address) : default;
    }
}

/// <summary>A string variable.</summary>
internal sealed class TextSlot
{
    private byte[] _bytes = [];
    private int _length;

    public ReadOnlySpan<byte> Value => _bytes.AsSpan(0, _length);

    public void Set(ReadOnlySpan<byte> value)
    {
        if (_bytes.Length < value.Length)
        {
            // The value may be this slot's own.
            var larger = new byte[Math.Max(32, value.Length * 2)];
            value.CopyTo(larger);
            _bytes = larger;
        }
        else
        {
            value.CopyTo(_bytes);
        }
        _length = value.Length;
    }
}
