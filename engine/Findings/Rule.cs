using static System.FormattableString;

namespace Iscsitop.Engine.Findings;

/// <summary>Whom a finding is about, and what narrows a view to it.</summary>
/// <param name="Text">In words, as <see cref="Finding.Subject"/>.</param>
/// <param name="Target">Target name, "" for none.</param>
/// <param name="Lun">LUN, all ones for none.</param>
/// <param name="Initiator">Initiator name, "" for none.</param>
internal readonly record struct Subject(string Text, string Target, ulong Lun, string Initiator)
{
    /// <summary>Stands for no LUN.</summary>
    public const ulong NoLun = Iscsitop.Target.Iscsi.Lun.Unknown;

    /// <summary>A connection: its initiator, and the portal it goes to.</summary>
    public static Subject Of(ConnectionTally c) => new(Invariant($"{Named(c.Info.Initiator)} at {c.Info.Local}"), c.Info.Target, NoLun, c.Info.Initiator);

    /// <summary>An initiator at a target.</summary>
    public static Subject Of(string initiator, string target) => new(Named(initiator), target, NoLun, initiator);

    /// <summary>A unit.</summary>
    public static Subject Of(string target, ulong lun) => new(Invariant($"{Named(target)} {LunText(lun)}"), target, lun, "");

    /// <summary>An initiator at a unit, or at a target when it has none.</summary>
    public static Subject Of(string initiator, string target, ulong lun) =>
        lun == NoLun ? Of(initiator, target) : new(Invariant($"{Named(initiator)} {LunText(lun)}"), target, lun, initiator);

    /// <summary>An engine.</summary>
    public static Subject Of(EngineStatus engine) => new(Invariant($"{Named(engine.Source)} {engine.Pid}"), "", NoLun, "");

    private static string Named(string name) => name.Length == 0 ? "-" : name;

    private static string LunText(ulong lun) => Invariant($"LUN {lun}");
}

/// <summary>Says that a rule holds.</summary>
/// <param name="about">For whom.</param>
/// <param name="evidence">The figures.</param>
/// <param name="severity">How much it matters when that is less than the rule's own.</param>
/// <param name="first">Wall time it began, when that is known; else 0.</param>
/// <param name="last">Wall time it last was so; 0 for the end of the interval.</param>
internal delegate void Say(in Subject about, string evidence, Severity? severity = null, long first = 0, long last = 0);

/// <summary>A row of the table of rules. What is in words here is also in docs/findings.md; a test compares them.</summary>
/// <param name="Name">Stable name in snake_case.</param>
/// <param name="Severity">How much it matters at most.</param>
/// <param name="When">The condition, with its thresholds.</param>
/// <param name="Advice">One sentence: what to do.</param>
/// <param name="Look">Looks at the evidence and says what it finds.</param>
internal sealed record Rule(string Name, Severity Severity, string When, string Advice, Action<Evidence, Say> Look)
{
    /// <summary>All rules, in the order in which findings of one severity are listed.</summary>
    public static IReadOnlyList<Rule> All { get; } =
    [
        .. ErrorRules.Rows, .. TaskRules.Rows, .. SessionRules.Rows, .. TransportRules.Rows,
        .. LoadRules.Rows, .. PathRules.Rows, .. ParameterRules.Rows, .. CoverageRules.Rows,
    ];
}
