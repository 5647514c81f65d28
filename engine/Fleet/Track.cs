namespace Iscsitop.Engine.Fleet;

/// <summary>A series as the server names it. Several may tell the same, of which one is believed.</summary>
internal sealed class Told(Track? track)
{
    /// <summary>What it tells; null for nothing of ours.</summary>
    public Track? Track => track;
}

/// <summary>Counters of a host that begin anew together: those of a histogram.</summary>
internal sealed class ResetGroup
{
    /// <summary>Times of the samples before which they did, ms since 1970, of this round.</summary>
    public List<long> Times { get; } = [];
}

/// <summary>One counter or gauge of a host: how far it was followed, and what came since that was taken.</summary>
internal sealed class Track(FleetHost host, bool gauge)
{
    private double _last = double.NaN;
    private double _pending;

    public FleetHost Host => host;

    /// <summary>The series that is believed.</summary>
    public Told? Owner { get; set; }

    /// <summary>The last round in which it was told of.</summary>
    public long Round { get; set; }

    /// <summary>What begins anew with it; null for itself alone.</summary>
    public ResetGroup? Group { get; init; }

    /// <summary>What is counted of the same series elsewhere, too; null for nothing.</summary>
    public Track? Also { get; set; }

    /// <summary>Upper bound of a bucket in seconds.</summary>
    public double Bound { get; init; }

    /// <summary>Time of the last sample, ms since 1970; 0 before any.</summary>
    public long Last { get; private set; }

    /// <summary>Time of the sample that was the last when it was taken; what is pending happened since.</summary>
    public long Taken { get; private set; }

    /// <summary>The value of a gauge, NaN when there is none as new as its host.</summary>
    public double Now => Last == host.Last ? _last : double.NaN;

    /// <summary>Whether it is as new as its host.</summary>
    public bool Current => Last == host.Last && Last > 0;

    /// <summary>Looks whether a counter begins anew in these samples.</summary>
    public void FindResets(ReadOnlySpan<Sample> samples)
    {
        double last = _last;
        foreach (Sample s in samples)
        {
            if (s.Time <= Last || double.IsNaN(s.Value)) continue;
            if (s.Value < last && Group is { } group && !group.Times.Contains(s.Time)) group.Times.Add(s.Time);
            last = s.Value;
        }
    }

    /// <summary>Follows it through its new samples. A counter that begins anew begins at 0.</summary>
    public void Follow(ReadOnlySpan<Sample> samples)
    {
        Also?.Follow(samples);
        foreach (Sample s in samples)
        {
            if (s.Time <= Last || !(s.Value >= 0)) continue;
            if (Last == 0) Begin(s);
            else if (!gauge)
            {
                bool anew = s.Value < _last || Group?.Times.Contains(s.Time) == true;
                if (anew) host.NoteReset(s.Time);
                _pending += anew ? s.Value : s.Value - _last;
            }
            (_last, Last) = (s.Value, s.Time);
        }
    }

    /// <summary>What a counter came to since it was taken, in the host's interval: what was measured over another time is brought to it.</summary>
    public double Take()
    {
        double span = Last - Taken, asked = host.Last - host.Taken;
        double value = _pending;
        if (span > 0 && Math.Abs(span - asked) > 0.01 * asked) value *= asked / span;
        (_pending, Taken) = (0, Last);
        return Current ? value : 0;
    }

    // A series that was not there when its host was is one of which nothing had happened: exporters begin them at their first event.
    private void Begin(Sample first)
    {
        bool anew = host.Taken > 0 && host.Taken < first.Time;
        Taken = anew ? host.Taken : first.Time;
        if (anew && !gauge) _pending = first.Value;
    }
}
