using System.Globalization;
using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Fleet;

/// <summary>What is known of a fleet: its series, followed from answer to answer, and what they are told of. One thread at a time uses it.</summary>
internal sealed class FleetState
{
    // What has been silent for so long is forgotten, in ms.
    private const long Memory = 3_600_000;
    private const int Cleaning = 64;
    private const double UsualStep = 15;

    private readonly Dictionary<string, Told> _told = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Track> _tracks = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, FleetHost> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<FleetKey, FleetCell> _cells = [];
    private readonly Dictionary<(FleetHost, string), Place> _places = [];
    private readonly Dictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly List<(Track Track, int First, int Count)> _believed = [];
    private char[] _text = new char[1024];
    private long _round;
    private int _lastHost;

    /// <summary>The hosts, by name.</summary>
    public IReadOnlyCollection<FleetHost> Hosts => _hosts.Values;

    /// <summary>Seconds between the samples of the slowest host, as far as that is known.</summary>
    public double Step
    {
        get
        {
            double step = 0;
            foreach (FleetHost host in _hosts.Values)
                if (!host.Silent) step = Math.Max(step, host.Says.Step);
            return step > 0 ? step : UsualStep;
        }
    }

    /// <summary>Whether every host that tells something has told something new.</summary>
    public bool AllFresh
    {
        get
        {
            foreach (FleetHost host in _hosts.Values)
                if (!host.Silent && !host.Fresh) return false;
            return true;
        }
    }

    /// <summary>Which hosts there are and were, and how long it takes from one sample to the next.</summary>
    public void AddHeartbeats(PrometheusAnswer answer)
    {
        ReadOnlySpan<Sample> all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(answer.Samples);
        foreach (AnsweredSeries series in answer.Series)
        {
            PrometheusAnswer.ReadLabels(answer.LabelsOf(series), _labels);
            FleetHost host = HostOf(_labels);
            ReadOnlySpan<Sample> samples = all.Slice(series.First, series.Count);
            if (host.Last == 0) host.NoteTimes(samples);
            foreach (Sample s in samples) host.Last = Math.Max(host.Last, s.Time);
        }
    }

    /// <summary>Whether the hosts could be scraped.</summary>
    public void AddUp(PrometheusAnswer answer)
    {
        foreach (FleetHost host in _hosts.Values) host.Says.Up = null;
        foreach (AnsweredSeries series in answer.Series)
        {
            PrometheusAnswer.ReadLabels(answer.LabelsOf(series), _labels);
            if (series.Count == 0 || !_hosts.TryGetValue(_labels.GetValueOrDefault(FleetMetrics.Host, "?"), out FleetHost? host)) continue;
            host.Says.Up = host.Says.Up == true || answer.Samples[series.First + series.Count - 1].Value > 0;
        }
    }

    /// <summary>What the series of all hosts were lately.</summary>
    public void Add(PrometheusAnswer answer)
    {
        _round++;
        _believed.Clear();
        ReadOnlySpan<Sample> all = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(answer.Samples);
        foreach (FleetHost host in _hosts.Values) host.Says.Doubles = 0;
        foreach (FleetCell cell in _cells.Values) cell.Resets.Times.Clear();
        foreach (AnsweredSeries series in answer.Series)
        {
            Told told = ToldOf(answer.LabelsOf(series));
            ReadOnlySpan<Sample> samples = all.Slice(series.First, series.Count);
            if (told.Track is not { } track || !Ends(samples, out long first, out long last)) continue;
            if (!Believes(track, told, last)) continue;
            Note(track.Host, samples, first, last);
            _believed.Add((track, series.First, series.Count));
        }
        foreach ((Track track, int first, int count) in _believed) track.FindResets(all.Slice(first, count));
        foreach ((Track track, int first, int count) in _believed) track.Follow(all.Slice(first, count));
        if (_round % Cleaning == 0) Clean();
    }

    /// <summary>Looks who tells nothing any more.</summary>
    /// <param name="now">The server's time, ms since 1970.</param>
    public void Judge(long now)
    {
        foreach (FleetHost host in _hosts.Values)
        {
            double step = host.Says.Step > 0 ? host.Says.Step : UsualStep;
            bool silent = host.Last > 0 && (host.Says.Up == false || now - host.Last > 2 * step * 1000 + 1000);
            host.Says.SilentSince = silent ? host.Last * 1_000_000 : 0;
        }
    }

    /// <summary>What came since the last time.</summary>
    /// <param name="into">An empty snapshot.</param>
    /// <param name="now">The server's time, ms since 1970.</param>
    public void Take(Snapshot into, long now)
    {
        into.Time = now * 1_000_000;
        foreach (FleetHost host in _hosts.Values)
        {
            EngineStatus status = host.Status;
            status.Seconds = host.Fresh && !host.Silent ? (host.Last - host.Taken) / 1000.0 : 0;
            status.Sessions = status.Connections = 0;
            (host.Says.Sampled, host.Says.Age) = (host.Last * 1_000_000, host.Last > 0 ? Math.Max(0, now - host.Last) / 1000.0 : double.NaN);
            into.Seconds = Math.Max(into.Seconds, status.Seconds);
            into.Engines.Add(status);
        }
        foreach (FleetCell cell in _cells.Values)
            if (cell.Take(cell.Host.Silent) is { } delta) into.Cells.Add(delta);
        foreach (Place place in _places.Values)
        {
            if (place.Take(place.Host.Silent) is not { } delta) continue;
            into.Places.Add(delta);
            delta.Engine.Sessions += (int)Math.Max(0, delta.Sessions);
            delta.Engine.Connections += (int)Math.Max(0, delta.Connections);
        }
        foreach (FleetHost host in _hosts.Values)
            if (host.Status.Seconds > 0) host.Taken = host.Last;
    }

    // The first series that tells something is believed as long as it goes on.
    private bool Believes(Track track, Told told, long last)
    {
        double patience = 2000 * (track.Host.Says.Step > 0 ? track.Host.Says.Step : UsualStep);
        if (track.Owner is null || (track.Owner != told && track.Round != _round && last > track.Last + patience)) track.Owner = told;
        if (track.Owner != told)
        {
            track.Host.Says.Doubles++;
            return false;
        }
        track.Round = _round;
        return true;
    }

    private static bool Ends(ReadOnlySpan<Sample> samples, out long first, out long last)
    {
        (first, last) = (0, 0);
        foreach (Sample s in samples)
        {
            if (double.IsNaN(s.Value)) continue;
            if (first == 0) first = s.Time;
            last = s.Time;
        }
        return first > 0;
    }

    private void Note(FleetHost host, ReadOnlySpan<Sample> samples, long first, long last)
    {
        if (host.Taken == 0) (host.Taken, host.Born) = (first, _round);
        else if (host.Born == _round) host.Taken = Math.Min(host.Taken, first);
        host.Last = Math.Max(host.Last, last);
        if (host.Noted == _round) return;
        host.Noted = _round;
        host.NoteTimes(samples);
    }

    private Told ToldOf(ReadOnlySpan<byte> labels)
    {
        if (_text.Length < labels.Length) _text = new char[2 * labels.Length];
        ReadOnlySpan<char> text = _text.AsSpan(0, Encoding.UTF8.GetChars(labels, _text));
        if (_told.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out Told? told)) return told;
        PrometheusAnswer.ReadLabels(labels, _labels);
        return _told[text.ToString()] = new Told(TrackOf(_labels));
    }

    private FleetHost HostOf(Dictionary<string, string> labels)
    {
        string name = labels.GetValueOrDefault(FleetMetrics.Host, "?");
        if (!_hosts.TryGetValue(name, out FleetHost? host)) _hosts.Add(name, host = new FleetHost(name, ++_lastHost));
        if (labels.GetValueOrDefault("__name__") != FleetMetrics.Heartbeat) return host;
        host.Ours = true;
        host.NoteRole(FleetRole.Heartbeat);
        host.Status.Version = labels.GetValueOrDefault(FleetMetrics.Version, "");
        return host;
    }

    // Null for a series that says nothing to us.
    private Track? TrackOf(Dictionary<string, string> labels)
    {
        if (FleetMetrics.RoleOf(labels.GetValueOrDefault("__name__", "")) is not { } role) return null;
        FleetHost host = HostOf(labels);
        host.NoteRole(role);
        string identity = host.Name + "\n" + labels["__name__"] + "\n" + string.Join('\n', labels.Where(l => FleetMetrics.IsOwn(l.Key)).OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => l.Key + "=" + l.Value));
        if (_tracks.TryGetValue(identity, out Track? known)) return known;
        return Place(host, role, labels) is { } track ? _tracks[identity] = track : null;
    }

    private Track? Place(FleetHost host, FleetRole role, Dictionary<string, string> labels)
    {
        string target = labels.GetValueOrDefault(FleetMetrics.Target, ""), initiator = labels.GetValueOrDefault(FleetMetrics.Initiator, "");
        var track = new Track(host, FleetMetrics.IsGauge(role));
        if (role == FleetRole.Heartbeat) return track;
        if (role >= FleetRole.Sessions) return PlaceOf(host, target, role, labels, track);
        host.ByInitiator |= initiator.Length > 0;
        CommandKind kind = labels.GetValueOrDefault(FleetMetrics.Direction, "") switch { "read" => CommandKind.Read, "write" => CommandKind.Write, _ => CommandKind.Other };
        ulong lun = ulong.TryParse(labels.GetValueOrDefault(FleetMetrics.Lun, ""), NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : Lun.Unknown;
        var key = new FleetKey(host, target, lun, initiator, kind);
        if (!_cells.TryGetValue(key, out FleetCell? cell)) _cells.Add(key, cell = new FleetCell(key));
        switch (role)
        {
            case FleetRole.Commands: cell.Commands.Add(track); break;
            case FleetRole.Bytes: cell.Bytes.Add(track); break;
            case FleetRole.Outstanding: cell.Outstanding.Add(track); break;
            case FleetRole.Errors:
                cell.Errors.Add(track);
                if (IsUnitAttention(labels)) PlaceAt(host, target).UnitAttentions.Add(track.Also = new Track(host, gauge: false));
                break;
            case FleetRole.Bucket:
                if (!TryBound(labels.GetValueOrDefault(FleetMetrics.Bound, ""), out double bound)) return null;
                cell.Buckets.Add(track = new Track(host, gauge: false) { Group = cell.Resets, Bound = bound });
                break;
            case FleetRole.DurationSum: cell.Sums.Add(track = new Track(host, gauge: false) { Group = cell.Resets }); break;
            case FleetRole.DurationCount: return null;
            default:
                if (FleetCell.PhaseOf(labels.GetValueOrDefault(FleetMetrics.Phase, "")) is not { } phase) return null;
                (role == FleetRole.PhaseSum ? cell.OfPhase(phase).Sums : cell.OfPhase(phase).Counts).Add(track);
                break;
        }
        return track;
    }

    private Track? PlaceOf(FleetHost host, string target, FleetRole role, Dictionary<string, string> labels, Track track)
    {
        Place place = PlaceAt(host, target);
        Fact? fact = role switch
        {
            FleetRole.Logins => Fleet.Place.OfLogin(labels.GetValueOrDefault(FleetMetrics.LoginResult, "")),
            FleetRole.Ends => Fleet.Place.OfEnd(labels.GetValueOrDefault(FleetMetrics.EndReason, "")),
            FleetRole.Tasks => Fact.TaskRequests,
            _ => null,
        };
        List<Track>? list = role switch { FleetRole.Sessions => place.Sessions, FleetRole.Connections => place.Connections, _ => fact is { } f ? place.Counters[f] : null };
        list?.Add(track);
        return list is null ? null : track;
    }

    private Place PlaceAt(FleetHost host, string target)
    {
        if (!_places.TryGetValue((host, target), out Place? place)) _places.Add((host, target), place = new Place(host, target));
        return place;
    }

    // Sense key 6: 06_29_00.
    private static bool IsUnitAttention(Dictionary<string, string> labels) => labels.GetValueOrDefault(FleetMetrics.Error, "").StartsWith("06_", StringComparison.Ordinal);

    private static bool TryBound(string text, out double bound)
    {
        bound = double.PositiveInfinity;
        return text is "+Inf" or "Inf" || (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out bound) && bound >= 0);
    }

    private void Clean()
    {
        long newest = 0;
        foreach (FleetHost host in _hosts.Values) newest = Math.Max(newest, host.Last);
        long before = newest - Memory;
        foreach (string key in _told.Where(t => t.Value.Track is { } track && track.Last < before).Select(t => t.Key).ToList()) _told.Remove(key);
        foreach (string key in _tracks.Where(t => t.Value.Last < before).Select(t => t.Key).ToList()) _tracks.Remove(key);
        foreach (FleetKey key in _cells.Where(c => !c.Value.Forget(before)).Select(c => c.Key).ToList()) _cells.Remove(key);
        foreach ((FleetHost, string) key in _places.Where(p => !p.Value.Forget(before)).Select(p => p.Key).ToList()) _places.Remove(key);
        foreach (string name in _hosts.Where(h => h.Value.Last < before && h.Value.Says.Up is null).Select(h => h.Key).ToList()) _hosts.Remove(name);
    }
}
