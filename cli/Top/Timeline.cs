using Iscsitop.Engine;
using Iscsitop.Engine.Recording;

namespace Iscsitop.Cli.Top;

/// <summary>A file that can be read from any place, as the screen plays it.</summary>
/// <param name="Seek">Goes to a time, ns since 1970.</param>
/// <param name="Next">The next snapshot; null at the end.</param>
/// <param name="Span">When it begins and ends.</param>
/// <param name="SetSpeed">How many times as fast as it was: 0 for as fast as can be.</param>
internal sealed record Playable(Action<long> Seek, Func<Snapshot?> Next, Func<(long First, long Last)> Span, Action<double> SetSpeed);

/// <summary>
/// Which moment the screen shows: the newest, or one of the past. What happens meanwhile is gathered all the same, and kept for an hour.
/// A recording is played instead: its past and its future are in the file.
/// </summary>
internal sealed class Timeline
{
    private static readonly double[] s_speeds = [1, 2, 10, 60, 0];

    private readonly State _state;
    private readonly Frame _frame;
    private readonly TimeZoneInfo _zone;
    private readonly SnapshotHistory _history = new();
    private readonly Playable? _file;
    private Func<Snapshot?>? _jump;

    /// <param name="state">What the viewer has chosen.</param>
    /// <param name="frame">What shows the moment.</param>
    /// <param name="zone">Time zone of times that are typed.</param>
    /// <param name="file">The recording that is played; null for what happens now, or a capture.</param>
    public Timeline(State state, Frame frame, TimeZoneInfo zone, Playable? file = null)
    {
        (_state, _frame, _zone, _file) = (state, frame, zone, file);
        state.Speed = file is null ? null : s_speeds[0];
    }

    /// <summary>Whether what is wanted of a recording waits for its reader: <see cref="Jump"/>.</summary>
    public bool Wanted => _jump is not null;

    /// <summary>Takes over what was taken: shown now, or kept for later.</summary>
    public void Taken(Snapshot snapshot)
    {
        if (_file is null) _history.Add(snapshot);
        _state.Newest = snapshot.Time;
        if (_state.Past == 0) _frame.Update(snapshot);
    }

    /// <summary>Shows the sample after (1) or before (-1) the one that is shown.</summary>
    public void Step(int by)
    {
        if (_frame.Snapshot is not { } shown) return;
        long time = shown.Time;
        if (_file is not null)
        {
            long begin = time - (long)(shown.Seconds * 1e9), interval = _state.Interval.Ticks * 100;
            Ask(by > 0 ? _file.Next : () => SoughtAt(begin - interval + Math.Min(20_000_000, interval / 5)));
        }
        else if ((by > 0 ? _history.After(time) : _history.Before(time)) is { } other) Show(other);
        else if (by > 0 && _state.Past != 0) Live();
    }

    /// <summary>Goes to a time that was typed.</summary>
    /// <returns>False when it is none.</returns>
    public bool GoTo(string text)
    {
        (long first, long last) = _file?.Span() ?? (_history.First, _history.Last);
        if (last == 0) return true;
        long shown = _frame.Snapshot?.Time ?? last;
        if (!Moments.TryParse(text, last, shown, shown, _zone, out long time)) return false;
        time = Math.Clamp(time, first, last);
        if (_file is not null) Ask(() => SoughtAt(time));
        else if (_history.At(time) is { } other) Show(other);
        return true;
    }

    /// <summary>Goes to what is newest, and on from there.</summary>
    public void Live()
    {
        if (_file is not null)
        {
            Ask(() => SoughtAt(_file.Span().Last));
            return;
        }
        if (_state.Past != 0 && _history.At(long.MaxValue) is { } newest) _frame.Show(newest);
        (_state.Past, _state.Paused) = (0, false);
    }

    /// <summary>Pauses, and goes on: from the past to what happens now.</summary>
    public void Pause()
    {
        if (_state.Past != 0) Live();
        else _state.Paused = !_state.Paused;
    }

    /// <summary>Plays faster or slower.</summary>
    /// <returns>False when there is nothing to play.</returns>
    public bool ChangeSpeed(int by)
    {
        if (_file is null) return false;
        int at = Math.Clamp(Array.IndexOf(s_speeds, _state.Speed ?? 1) + by, 0, s_speeds.Length - 1);
        _state.Speed = s_speeds[at];
        _file.SetSpeed(s_speeds[at]);
        return true;
    }

    /// <summary>Forgets the past.</summary>
    public void Clear()
    {
        if (_state.Past != 0) Live();
        _history.Clear();
        _frame.Iops.Clear();
    }

    /// <summary>Goes where was asked for; its reader must not be at work.</summary>
    public void Jump()
    {
        if (_jump is not { } jump) return;
        _jump = null;
        // The reader may use what is shown for what is next.
        long shown = _frame.Snapshot?.Time ?? 0;
        if (jump() is not { } snapshot) return;
        // What is shown already must not count twice in graphs and findings.
        if (snapshot.Time == shown) _frame.Show(snapshot);
        else PlayOn(snapshot, shown);
    }

    // What comes next goes on with the graphs. Elsewhere they have what was seen before it, as far as it joins them.
    private void PlayOn(Snapshot snapshot, long shown)
    {
        long length = (long)(snapshot.Seconds * 1e9), begin = snapshot.Time - length;
        if (Math.Abs(begin - shown) > length / 2)
        {
            long until = begin < shown ? begin + length / 2 : long.MinValue;
            _frame.Iops.Rewind(until);
            _frame.Heat.Rewind(until);
            _frame.RowHistory.Clear();
        }
        _frame.Update(snapshot);
    }

    private void Ask(Func<Snapshot?> jump) => (_jump, _state.Paused) = (jump, true);

    private Snapshot? SoughtAt(long time)
    {
        _file!.Seek(time);
        return _file.Next();
    }

    private void Show(Snapshot snapshot)
    {
        (_state.Past, _state.Paused) = (snapshot.Time, true);
        _frame.Show(snapshot);
    }
}
