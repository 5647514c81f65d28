using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// What is known of the commands in flight on a connection, by task tag: open addressing, grown to a bound, nothing allocated for a
/// command. When it is full the older half goes: tags of commands that were aborted never come back.
/// </summary>
internal sealed class TagTable
{
    /// <summary>Commands remembered at most.</summary>
    public const int MaxCount = 1 << 15;

    private Entry[] _entries = new Entry[64];
    private Entry[]? _spare;
    private int _count;
    private uint _turn;

    /// <summary>What a tag stands for.</summary>
    public struct Entry
    {
        /// <summary>The LUN as a number.</summary>
        public ulong Lun;

        /// <summary>Initiator Task Tag.</summary>
        public uint Itt;

        /// <summary>When it was added, by a count of additions from 1; 0 for a free place.</summary>
        public uint Turn;

        /// <summary>What its data will tell of the unit.</summary>
        public UnitFact Fact;
    }

    /// <summary>Commands remembered.</summary>
    public int Count => _count;

    /// <summary>Remembers a command, in place of another of the same tag.</summary>
    public void Add(uint itt, ulong lun, UnitFact fact = UnitFact.None)
    {
        if (itt == Pdu.ReservedTag) return;
        if (_count * 2 >= _entries.Length) Grow();
        if (++_turn == 0) _turn = 1;
        ref Entry entry = ref _entries[Find(itt)];
        if (entry.Turn == 0) _count++;
        entry = new Entry { Lun = lun, Itt = itt, Turn = _turn, Fact = fact };
    }

    /// <summary>Finds a command.</summary>
    public bool TryGet(uint itt, out Entry entry)
    {
        entry = _entries[Find(itt)];
        return entry.Turn != 0;
    }

    /// <summary>Forgets a command.</summary>
    public void Remove(uint itt)
    {
        int at = Find(itt);
        if (_entries[at].Turn == 0) return;
        _count--;
        int mask = _entries.Length - 1;
        // What follows moves up, so that no search ends too early.
        for (int next = at + 1 & mask; _entries[next].Turn != 0; next = next + 1 & mask)
        {
            int home = Home(_entries[next].Itt);
            if ((next - home & mask) < (next - at & mask)) continue;
            _entries[at] = _entries[next];
            at = next;
        }
        _entries[at] = default;
    }

    private int Find(uint itt)
    {
        int mask = _entries.Length - 1;
        int at = Home(itt);
        while (_entries[at].Turn != 0 && _entries[at].Itt != itt) at = at + 1 & mask;
        return at;
    }

    private int Home(uint itt) => (int)(itt * 2654435769u >> 7) & (_entries.Length - 1);

    private void Grow()
    {
        Entry[] old = _entries;
        bool full = _count >= MaxCount;
        _entries = full ? _spare ?? new Entry[old.Length] : new Entry[old.Length * 2];
        _count = 0;
        uint keep = full ? MaxCount / 2 : uint.MaxValue;
        foreach (ref Entry entry in old.AsSpan())
        {
            if (entry.Turn == 0 || _turn - entry.Turn >= keep) continue;
            _entries[Find(entry.Itt)] = entry;
            _count++;
        }
        if (!full) return;
        Array.Clear(old);
        _spare = old;
    }
}
