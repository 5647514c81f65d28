using Iscsitop.Engine.Findings;

namespace Iscsitop.Engine;

/// <summary>How much a finding matters.</summary>
public enum Severity : byte
{
    /// <summary>Worth knowing.</summary>
    Notice,

    /// <summary>Costs performance, or will hurt one day.</summary>
    Warning,

    /// <summary>Hurts now.</summary>
    Problem,
}

/// <summary>What an expert would say of the traffic. A new record for each change; rule and subject tell it apart.</summary>
/// <param name="Rule">Stable name of the rule, in snake_case.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Subject">Whom it is about: an initiator, a session, a unit.</param>
/// <param name="Evidence">The figures it rests on.</param>
/// <param name="Advice">One sentence: what to do.</param>
/// <param name="Target">Target name it belongs to, "" for none: what narrows a view narrows findings by these.</param>
/// <param name="Lun">LUN, all ones for none.</param>
/// <param name="Initiator">Initiator name, "" for none.</param>
/// <param name="First">Wall time it was first found, ns since 1970.</param>
/// <param name="Last">Wall time it last was so.</param>
public sealed record Finding(
    string Rule, Severity Severity, string Subject, string Evidence, string Advice, string Target, ulong Lun, string Initiator, long First, long Last);

/// <summary>
/// Reads the traffic as an expert would: takes snapshots one after another and keeps what it found. Not for several threads.
/// The rules are in docs/findings.md.
/// </summary>
public sealed class Examiner
{
    /// <summary>So long a finding stays after it last was so, in ns: what comes and goes does not flicker.</summary>
    public const long Kept = 600_000_000_000;

    /// <summary>Findings of one rule; what is found beyond is one finding that counts the rest.</summary>
    public const int PerRule = 18;

    // With so many more paths to units, or failures, rules are looked at one snapshot less often.
    private const int PlacesASnapshot = 4000;

    // Rules are not looked at more often, but for a snapshot that is so much shorter than the one before: it may be a file's last.
    private const long MostOften = 900_000_000;
    private const double Shorter = 0.9;

    private const string Rest = "others";

    private readonly Dictionary<(int Rule, string Subject, string Target, ulong Lun, string Initiator), Finding> _found = [];
    private readonly HashSet<(int, string, string, ulong, string)> _said = [];
    private readonly List<Finding> _findings = [];
    private readonly int[] _live = new int[Rule.All.Count];
    private readonly List<(int Rule, string Subject, string Target, ulong Lun, string Initiator)> _old = [];
    private readonly Say _say;
    private Evidence _evidence = new();
    private int _rule;
    private int _beyond;
    private Severity _worst;
    private bool _changed;
    private int _wait;
    private double _seconds;
    private long _looked = long.MinValue;
    private long _time = long.MinValue;

    /// <summary>Nothing was found yet.</summary>
    public Examiner() => _say = Found;

    /// <summary>What was found so far, what matters most first.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Takes an interval: one of a live engine, one of the past, or a whole capture. One that is older than the last begins anew.</summary>
    public void Examine(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        if (snapshot.Time < _time) Forget();
        _time = snapshot.Time;
        _evidence.Take(snapshot);
        bool shorter = snapshot.Seconds < Shorter * _seconds;
        _seconds = snapshot.Seconds;
        if (!shorter && ((_looked != long.MinValue && _time - _looked < MostOften) || --_wait > 0)) return;
        _looked = _time;
        _wait = 1 + (_evidence.Paths.Count + _evidence.Failures.Count) / PlacesASnapshot;
        _said.Clear();
        _evidence.Look();
        for (_rule = 0; _rule < Rule.All.Count; _rule++) Apply(Rule.All[_rule]);
        _evidence.Looked();
        Age();
        if (!_changed) return;
        _changed = false;
        _findings.Clear();
        _findings.AddRange(_found.OrderByDescending(f => f.Value.Severity).ThenBy(f => f.Key.Rule)
            .ThenBy(f => IsRest(f.Key.Subject, f.Key.Initiator)).ThenBy(f => f.Key.Subject, StringComparer.Ordinal).ThenBy(f => f.Key.Target, StringComparer.Ordinal).Select(f => f.Value));
    }

    /// <summary>Forgets everything.</summary>
    public void Forget()
    {
        _found.Clear();
        _findings.Clear();
        Array.Clear(_live);
        _evidence = new Evidence();
        (_wait, _seconds, _looked) = (0, 0, long.MinValue);
        _changed = false;
        _time = long.MinValue;
    }

    // An initiator may call itself that.
    private static bool IsRest(string subject, string initiator) => subject == Rest && initiator.Length == 0;

    // What has not been so for long goes.
    private void Age()
    {
        long kept = Math.Max(Kept, _evidence.Horizon);
        _old.Clear();
        foreach ((var key, Finding finding) in _found)
            if (_time - finding.Last > kept)
                _old.Add(key);
        foreach (var key in _old)
        {
            _changed = true;
            _found.Remove(key);
            if (!IsRest(key.Subject, key.Initiator)) _live[key.Rule]--;
        }
    }

    private void Apply(Rule rule)
    {
        (_beyond, _worst) = (0, Severity.Notice);
        rule.Look(_evidence, _say);
        if (_beyond > 0) Keep(new Subject(Rest, "", Subject.NoLun, ""), Wording.Count(_beyond, "more finding"), _worst, _time, _time);
    }

    private void Found(in Subject about, string evidence, Severity? severity, long first, long last)
    {
        Severity how = severity ?? Rule.All[_rule].Severity;
        (int, string, string, ulong, string) key = (_rule, about.Text, about.Target, about.Lun, about.Initiator);
        bool known = _found.ContainsKey(key);
        if (!known && _live[_rule] >= PerRule)
        {
            _beyond++;
            if (how > _worst) _worst = how;
            return;
        }
        if (!_said.Add(key)) return;
        if (!known) _live[_rule]++;
        long until = last == 0 ? _time : Math.Min(last, _time);
        Keep(about, evidence, how, first == 0 ? until : Math.Min(first, until), until);
    }

    private void Keep(in Subject about, string evidence, Severity severity, long first, long last)
    {
        (int, string, string, ulong, string) key = (_rule, about.Text, about.Target, about.Lun, about.Initiator);
        if (_found.TryGetValue(key, out Finding? old))
        {
            (first, last) = (Math.Min(first, old.First), Math.Max(last, old.Last));
            if (old.First == first && old.Last == last && old.Severity == severity && old.Evidence == evidence) return;
        }
        Rule rule = Rule.All[_rule];
        _found[key] = new Finding(rule.Name, severity, about.Text, evidence, rule.Advice, about.Target, about.Lun, about.Initiator, first, last);
        _changed = true;
    }
}
