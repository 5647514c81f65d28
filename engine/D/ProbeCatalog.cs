using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D;

/// <summary>What makes a probe fire.</summary>
public enum ProbeSource
{
    /// <summary>An event of an engine.</summary>
    Engine,

    /// <summary>dtrace:::BEGIN.</summary>
    Begin,

    /// <summary>dtrace:::END.</summary>
    End,

    /// <summary>dtrace:::ERROR.</summary>
    Error,

    /// <summary>profile:::tick-n and profile-n.</summary>
    Timer,
}

/// <summary>A probe there is.</summary>
/// <param name="Id">Its number: 1 BEGIN, 2 END, 3 ERROR, then as they come.</param>
/// <param name="Provider"><c>iscsi123</c>, <c>dtrace</c>, <c>profile</c>.</param>
/// <param name="Module"><c>iscsitop</c> for probes of an engine, else "".</param>
/// <param name="Function"><c>receive</c>, <c>send</c> or <c>transfer</c> for probes of an engine, else "".</param>
/// <param name="Name"><c>scsi-command</c>.</param>
/// <param name="Source">What makes it fire.</param>
/// <param name="Probe">Of an engine's probe, which.</param>
/// <param name="Instance">Of an engine's probe, the engine's process id or, for a capture, its instance number.</param>
/// <param name="Period">Of a timer, ns between two firings.</param>
public sealed record ProbeEntry(
    int Id, string Provider, string Module, string Function, string Name, ProbeSource Source, Probe Probe = Probe.None, int Instance = 0, long Period = 0);

/// <summary>
/// The probes there are: those of dtrace, those of each engine, timers as descriptions ask for them. Grows when engines come.
/// </summary>
public sealed class ProbeCatalog
{
    private readonly List<ProbeEntry> _entries = [];

    public ProbeCatalog()
    {
        _entries.Add(new(1, "dtrace", "", "", "BEGIN", ProbeSource.Begin));
        _entries.Add(new(2, "dtrace", "", "", "END", ProbeSource.End));
        _entries.Add(new(3, "dtrace", "", "", "ERROR", ProbeSource.Error));
    }

    /// <summary>All there are, by id.</summary>
    public IReadOnlyList<ProbeEntry> Entries => _entries;

    /// <summary>An engine is there: its 18 probes come, unless they are there.</summary>
    /// <param name="instance">Process id of a target, instance number of a capture.</param>
    public void AddEngine(int instance)
    {
        if (_entries.Exists(e => e.Source == ProbeSource.Engine && e.Instance == instance)) return;
        for (int i = 0; i < ProbeSet.Count; i++)
        {
            var probe = (Probe)i;
            string function = FunctionOf(probe);
            _entries.Add(new(_entries.Count + 1, $"iscsi{instance}", "iscsitop", function, probe.Name(), ProbeSource.Engine, probe, instance));
        }
    }

    // A target fires at two places only: a PDU was received, a PDU is about to be sent.
    private static string FunctionOf(Probe probe)
    {
        foreach (ref readonly PduRow row in Pdu.Rows)
            if (row.Probe == probe)
                return row.Direction == Direction.ToTarget ? "receive" : "send";
        return "transfer";
    }

    /// <summary>A timer is there from now on.</summary>
    public ProbeEntry AddTimer(string name, long period)
    {
        if (_entries.Find(e => e.Source == ProbeSource.Timer && e.Name == name) is { } there) return there;
        var entry = new ProbeEntry(_entries.Count + 1, "profile", "", "", name, ProbeSource.Timer, Period: period);
        _entries.Add(entry);
        return entry;
    }
}
