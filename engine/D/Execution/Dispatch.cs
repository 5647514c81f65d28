using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D.Execution;

/// <summary>A clause at a probe, ready to run.</summary>
internal sealed record Enabling(Compilation.ClauseCode Code, BoundProbe Probe, int Epid);

/// <summary>What runs where: clauses in the program's order, by probe. Made anew when probes came.</summary>
internal sealed class Dispatch
{
    private static readonly Enabling[] s_nothing = [];

    private readonly Dictionary<int, Enabling[][]> _engines = [];
    private int _lastInstance;
    private Enabling[][]? _last;

    public Dispatch(DProgram program)
    {
        Version = program.Version;
        var probes = new Dictionary<int, BoundProbe>();
        var by = new Dictionary<int, List<Enabling>>();
        foreach (Binding binding in program.Bindings.OrderBy(b => b.Clause))
        {
            if (!probes.TryGetValue(binding.Probe.Id, out BoundProbe? probe)) probes[binding.Probe.Id] = probe = new BoundProbe(binding.Probe);
            if (!by.TryGetValue(binding.Probe.Id, out List<Enabling>? list)) by[binding.Probe.Id] = list = [];
            list.Add(new Enabling(binding.Code, probe, binding.Epid));
        }
        foreach ((int id, List<Enabling> list) in by.OrderBy(b => b.Key)) Put(probes[id].Entry, [.. list]);
    }

    /// <summary>Of the program it was made from.</summary>
    public int Version { get; }

    public Enabling[] Begin { get; private set; } = s_nothing;

    public Enabling[] End { get; private set; } = s_nothing;

    public Enabling[] Error { get; private set; } = s_nothing;

    /// <summary>Timers by id of their probe.</summary>
    public List<(ProbeEntry Probe, Enabling[] Clauses)> Timers { get; } = [];

    /// <summary>What runs at a probe of an engine.</summary>
    public Enabling[] At(int instance, Probe probe)
    {
        if (_last is null || instance != _lastInstance)
        {
            if (!_engines.TryGetValue(instance, out _last)) return s_nothing;
            _lastInstance = instance;
        }
        return (uint)probe < (uint)_last.Length ? _last[(int)probe] : s_nothing;
    }

    private void Put(ProbeEntry probe, Enabling[] clauses)
    {
        switch (probe.Source)
        {
            case ProbeSource.Begin: Begin = clauses; break;
            case ProbeSource.End: End = clauses; break;
            case ProbeSource.Error: Error = clauses; break;
            case ProbeSource.Timer: Timers.Add((probe, clauses)); break;
            default:
                if (!_engines.TryGetValue(probe.Instance, out Enabling[][]? engine))
                {
                    _engines[probe.Instance] = engine = new Enabling[ProbeSet.Count][];
                    Array.Fill(engine, s_nothing);
                }
                engine[(int)probe.Probe] = clauses;
                break;
        }
    }
}
