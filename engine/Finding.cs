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

/// <summary>Reads the traffic as an expert would: takes snapshots one after another and keeps what it found.</summary>
public sealed class Examiner
{
    private readonly List<Finding> _findings = [];

    /// <summary>What was found so far, what matters most first.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Takes an interval.</summary>
    public void Examine(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        _findings.Clear();
    }
}
