using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Filtering;

/// <summary>
/// An expression such as <c>lun==3 &amp;&amp; op==write &amp;&amp; lat&gt;20ms</c>. What does not have a field is kept neither by a condition on it nor by its contrary:
/// only what the expression is true of is kept. Asking allocates nothing, and any thread may ask.
/// </summary>
public sealed class Filter
{
    private readonly Condition _root;
    private readonly IReadOnlyList<(FilterField Field, int Position)> _used;

    private Filter(string text, Condition root, IReadOnlyList<(FilterField Field, int Position)> used)
    {
        (Text, _root, _used) = (text, root, used);
        foreach ((FilterField field, _) in used) NeedsCommands |= field.Level is FilterLevel.Command or FilterLevel.Pdu;
    }

    /// <summary>The expression.</summary>
    public string Text { get; }

    /// <summary>Whether it asks for what only single commands have, so that cells must be made of those.</summary>
    public bool NeedsCommands { get; }

    /// <summary>Reads an expression.</summary>
    /// <exception cref="FilterException">It is none.</exception>
    public static Filter Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parser = new Parser(text);
        Condition root = parser.Parse();
        return new Filter(text, root, parser.Used);
    }

    /// <summary>One that stands within something else.</summary>
    /// <param name="text">Itself.</param>
    /// <param name="parser">What reads it.</param>
    /// <exception cref="FilterException">It is none.</exception>
    internal static Filter Of(string text, Parser parser)
    {
        Condition root = parser.Parse();
        return new Filter(text, root, parser.Used);
    }

    /// <summary>Whether a text has an operator of the language, or a part of one, so that it is meant as an expression rather than as a part of a name.</summary>
    public static bool LooksLike(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (string sign in (ReadOnlySpan<string>)["=", "~", "<", ">", "&&", "||", " in {", " in{"])
            if (text.Contains(sign, StringComparison.Ordinal))
                return true;
        return false;
    }

    /// <summary>Refuses fields that nothing looked at can have.</summary>
    /// <param name="fields">Which fields.</param>
    /// <param name="why">What is said of them.</param>
    /// <exception cref="FilterException">There is one.</exception>
    public void Refuse(Func<FilterField, bool> fields, string why)
    {
        ArgumentNullException.ThrowIfNull(fields);
        foreach ((FilterField field, int position) in _used)
            if (fields(field))
                throw new FilterException($"{field.Name} {why}", Text, position);
    }

    /// <summary>Whether a cell counts.</summary>
    public bool Keeps(CellDelta delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        return Is(new Subject
        {
            Connection = delta.Connection,
            Engine = delta.Engine,
            Target = delta.Connection.Target,
            Initiator = delta.Connection.Initiator,
            Lun = delta.Cell.Key.Lun,
            Operation = delta.Cell.Key.Operation,
            Kind = (int)delta.Cell.Kind,
        });
    }

    /// <summary>Whether a connection counts.</summary>
    public bool Keeps(ConnectionDelta delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        return Is(Of(delta.Connection, delta.Engine));
    }

    /// <summary>Whether a unit counts.</summary>
    public bool Keeps(UnitDelta delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        return Is(new Subject { Engine = delta.Engine, Target = delta.Target, Lun = delta.Lun });
    }

    /// <summary>Whether a failure counts.</summary>
    public bool Keeps(FailureDelta delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        FailureKey key = delta.Key;
        // What is beyond an engine's bound is counted without its operation and code.
        bool known = key.Code != uint.MaxValue, status = known && key.Kind == FailureKind.Status, command = known && key.Kind <= FailureKind.NoStatus;
        int sense = (int)(key.Code & 0xffffff);
        return Is(new Subject
        {
            Connection = delta.Connection,
            Engine = delta.Engine,
            Target = delta.Connection.Target,
            Initiator = delta.Connection.Initiator,
            Lun = key.Lun,
            Operation = command ? key.Operation : -1,
            Kind = command ? OfCommand.Kind(key.Operation) : -1,
            Failure = (int)key.Kind,
            Status = status ? (int)(key.Code >> 24) : -1,
            Sense = status && key.Code >> 24 == (int)ScsiStatus.CheckCondition ? sense : -1,
        });
    }

    /// <summary>Whether a pattern counts.</summary>
    public bool Keeps(PatternDelta delta)
    {
        ArgumentNullException.ThrowIfNull(delta);
        return Is(new Subject
        {
            Connection = delta.Connection,
            Engine = delta.Engine,
            Target = delta.Connection.Target,
            Initiator = delta.Connection.Initiator,
            Lun = delta.Key.Lun,
            Kind = (int)(delta.Key.Writes ? CommandKind.Write : CommandKind.Read),
        });
    }

    /// <summary>Whether a task management request counts; its operation is that of the task it refers to.</summary>
    public bool Keeps(TaskRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        // 0 may also be TEST UNIT READY: it says that the task is not known.
        int operation = record.Operation == 0 ? -1 : record.Operation;
        return Is(new Subject
        {
            Connection = record.Connection,
            Engine = record.Engine,
            Target = record.Connection.Target,
            Initiator = record.Connection.Initiator,
            Lun = record.Lun,
            Operation = operation,
            Kind = OfCommand.Kind(operation),
            Function = (int)record.Function,
        });
    }

    /// <summary>Whether the end of a connection counts.</summary>
    public bool Keeps(SessionEnd end)
    {
        ArgumentNullException.ThrowIfNull(end);
        return Is(Of(end.Connection, end.Engine));
    }

    /// <summary>Whether a unit's reservations count: for its holder or any registrant, or for nobody when nobody is known.</summary>
    public bool Keeps(ReservationState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        bool any = Is(Of(state, state.Holder?.Initiator ?? ""));
        foreach (Registrant registrant in state.Registrants) any |= Is(Of(state, registrant.Initiator));
        return any;
    }

    /// <summary>Whether a finding counts.</summary>
    public bool Keeps(Finding finding)
    {
        ArgumentNullException.ThrowIfNull(finding);
        return Is(new Subject { Finding = finding, Target = finding.Target, Initiator = finding.Initiator, Lun = finding.Lun });
    }

    /// <summary>Whether something that is no cell counts.</summary>
    public bool Keeps(in Scope scope) => scope.Item switch
    {
        FailureDelta failure => Keeps(failure),
        PatternDelta pattern => Keeps(pattern),
        ConnectionDelta connection => Keeps(connection),
        UnitDelta unit => Keeps(unit),
        TaskRecord task => Keeps(task),
        SessionEnd end => Keeps(end),
        ReservationState reservation => Keeps(reservation),
        Finding finding => Keeps(finding),
        _ => Is(new Subject { Target = scope.Target, Initiator = scope.Initiator, Lun = scope.Lun, Connection = scope.Connection }),
    };

    /// <summary>Whether a command counts.</summary>
    public bool Keeps(in CompletedCommand command, in EventContext context)
    {
        int operation = OfCommand.Operation(in command);
        return Is(new Subject(in command)
        {
            Connection = context.Connection,
            Engine = context.Engine,
            Target = context.Target,
            Initiator = context.Initiator,
            Lun = command.Lun,
            Operation = operation,
            Kind = OfCommand.Kind(operation),
            Status = OfCommand.Status(in command),
            Sense = OfCommand.Sense(((ReadOnlySpan<byte>)command.Sense)[..Math.Min((int)command.SenseLength, CompletedCommand.SenseBytes.Length)]),
        });
    }

    /// <summary>Whether an event counts.</summary>
    public bool Keeps(in ProbeEvent e, in EventContext context)
    {
        int operation = OfCommand.Operation(in e);
        return Is(new Subject(in e)
        {
            Connection = context.Connection,
            Engine = context.Engine,
            Target = context.Target,
            Initiator = context.Initiator,
            Lun = e.LunNumber,
            Operation = operation,
            Kind = OfCommand.Kind(operation),
            Status = OfCommand.Status(in e),
            Sense = e.Probe == Probe.ScsiResponse ? OfCommand.Sense(e.TailSpan) : -1,
        });
    }

    private static Subject Of(ConnectionInfo connection, EngineStatus engine) => new()
    {
        Connection = connection,
        Engine = engine,
        Target = connection.Target,
        Initiator = connection.Initiator,
    };

    private static Subject Of(ReservationState state, string initiator) =>
        new() { Engine = state.Engine, Target = state.Target, Lun = state.Lun, Initiator = initiator };

    private bool Is(in Subject subject) => _root.Of(in subject) == Truth.Yes;
}
