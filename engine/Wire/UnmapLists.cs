using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>The UNMAPs on their way on a connection. Nothing is allocated for one; when there are too many the oldest gives way.</summary>
internal sealed class UnmapLists
{
    /// <summary>Outstanding ones that are followed.</summary>
    public const int Most = 128;

    private Entry[] _entries = [];
    private Entry _coming;
    private int _next;

    /// <summary>How many are followed.</summary>
    public int Count { get; private set; }

    /// <summary>Data comes with a command that is not known before its data has come.</summary>
    public void Announce(Bhs command) => _coming = new Entry(command);

    /// <summary>The next bytes of a list, which may be those of a command that was announced.</summary>
    public void Add(Bhs bhs, int at, ReadOnlySpan<byte> bytes)
    {
        if (bhs.Opcode == Opcode.ScsiCommand)
        {
            if (_coming.Is(bhs.Itt)) _coming.List.Add(at, bytes);
            return;
        }
        ref Entry entry = ref Find(bhs.Itt);
        if (!Unsafe.IsNullRef(ref entry)) entry.List.Add((long)bhs.BufferOffset + at, bytes);
    }

    /// <summary>A command came, with its data if it was announced.</summary>
    public void Begin(Bhs command)
    {
        ref Entry entry = ref Find(command.Itt);
        if (Unsafe.IsNullRef(ref entry)) entry = ref Make();
        entry = _coming.Is(command.Itt) ? _coming : new Entry(command);
        _coming = default;
    }

    /// <summary>Whether a command is one of them.</summary>
    public bool Has(uint itt) => Count > 0 && !Unsafe.IsNullRef(ref Find(itt));

    /// <summary>Some of a list was damaged: the sum is not known.</summary>
    public void Damage(uint itt)
    {
        ref Entry entry = ref Find(itt);
        if (!Unsafe.IsNullRef(ref entry)) entry.Damaged = true;
    }

    /// <summary>A command ended, or does no longer matter.</summary>
    /// <returns>What it asked for.</returns>
    public UnmapSum End(uint itt)
    {
        ref Entry entry = ref Find(itt);
        if (Unsafe.IsNullRef(ref entry)) return default;
        UnmapSum sum = entry.Damaged ? default : entry.List.Sum;
        entry = default;
        Count--;
        return sum;
    }

    private ref Entry Find(uint itt)
    {
        foreach (ref Entry entry in _entries.AsSpan())
            if (entry.Is(itt))
                return ref entry;
        return ref Unsafe.NullRef<Entry>();
    }

    private ref Entry Make()
    {
        if (Count < _entries.Length)
            foreach (ref Entry entry in _entries.AsSpan())
                if (!entry.Used)
                {
                    Count++;
                    return ref entry;
                }
        if (_entries.Length < Most)
        {
            Array.Resize(ref _entries, Math.Max(4, 2 * _entries.Length));
            return ref _entries[Count++];
        }
        return ref _entries[_next++ % Most];
    }

    private struct Entry(Bhs command)
    {
        private readonly uint _itt = command.Itt;

        public readonly bool Used = true;

        public bool Damaged;

        public UnmapList List = new(command.Bytes[32..], command.At20);

        public readonly bool Is(uint itt) => Used && _itt == itt;
    }
}
