using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>Whether a unit's medium is loaded, and who prevents that it is ejected (SBC-4 §4.11, §5.15, §5.31).</summary>
internal sealed class RemovableMedium
{
    private readonly HashSet<Nexus> _preventing = [];
    private readonly Lock _lock = new();
    private volatile bool _ejected;

    /// <summary>Whether there is no medium.</summary>
    public bool Ejected => _ejected;

    /// <summary>PREVENT of PREVENT ALLOW MEDIUM REMOVAL, kept for each nexus.</summary>
    public void Prevent(Nexus nexus, bool prevent)
    {
        lock (_lock)
        {
            if (prevent) _preventing.Add(nexus);
            else _preventing.Remove(nexus);
        }
    }

    /// <summary>A reset: nobody prevents anything.</summary>
    public void Allow()
    {
        lock (_lock) _preventing.Clear();
    }

    /// <summary>Ejects the medium, or loads it.</summary>
    /// <param name="eject">Which of the two.</param>
    /// <param name="changed">Whether it was the other way before.</param>
    /// <returns>False when some nexus prevents it.</returns>
    public bool TryMove(bool eject, out bool changed)
    {
        lock (_lock)
        {
            changed = false;
            // What is loaded may be loaded again.
            if (_preventing.Count > 0 && (eject || _ejected)) return false;
            changed = _ejected != eject;
            _ejected = eject;
            return true;
        }
    }

    /// <summary>Answers PREVENT ALLOW MEDIUM REMOVAL. A fixed medium is never ejected, so both hold for it.</summary>
    public static ScsiStatus PreventAllow(ScsiTask task)
    {
        if (task.Unit!.Removable) task.Unit.Medium.Prevent(task.Nexus, (task.Cdb[4] & 0x01) != 0);
        return ScsiStatus.Good;
    }

    /// <summary>Answers START STOP UNIT. No spindle stops; what has to be true after a stop is that no cache holds anything.</summary>
    public static ScsiStatus StartStop(ScsiTask task)
    {
        const byte start = 0x01, loadEject = 0x02, noFlush = 0x04;
        LogicalUnit unit = task.Unit!;
        byte flags = task.Cdb[4];
        if (unit.Sanitizer.NotReady != SenseCode.NoSense) return unit.FailNotReady(task);
        if (flags >> 4 != 0) return ScsiStatus.Good; // a power condition: LOEJ and START do not count
        if ((flags & loadEject) != 0 && !unit.Removable) return task.FailField(4, 1);
        if ((flags & loadEject) != 0 && task.Nexus.ReadOnly) return task.Fail(SenseCode.WriteProtected); // the medium is not its own to move
        bool eject = (flags & (loadEject | start)) == loadEject;
        if ((flags & (start | noFlush)) == 0 && !unit.Medium.Ejected)
        {
            if (Scsi.Medium.MustWait(task)) return ScsiTask.Deferred;
            unit.Store.Flush();
        }
        if ((flags & loadEject) == 0) return ScsiStatus.Good;
        if (!unit.Medium.TryMove(eject, out bool changed)) return task.Fail(SenseCode.MediumRemovalPrevented);
        if (changed && !eject) unit.Raise(SenseCode.MediumMayHaveChanged, except: task.Nexus);
        return ScsiStatus.Good;
    }
}
