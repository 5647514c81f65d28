using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Filtering;

/// <summary>
/// What an expression is asked of: a cell, a connection, a command, whatever a view lists. What it has not is unknown: -1, NaN, "".
/// Lives on the stack, so that asking allocates nothing.
/// </summary>
internal readonly ref struct Subject
{
    private readonly ref readonly CompletedCommand _command;
    private readonly ref readonly ProbeEvent _event;

    public Subject()
    {
    }

    public Subject(in CompletedCommand command) => _command = ref command;

    public Subject(in ProbeEvent e) => _event = ref e;

    /// <summary>The connection, null for none.</summary>
    public ConnectionInfo? Connection { get; init; }

    /// <summary>The engine, null for none.</summary>
    public EngineStatus? Engine { get; init; }

    /// <summary>Target name, "" when not known.</summary>
    public string Target { get; init; } = "";

    /// <summary>Initiator name, "" when not known.</summary>
    public string Initiator { get; init; } = "";

    /// <summary>LUN as a number, all ones when not known.</summary>
    public ulong Lun { get; init; } = Iscsitop.Target.Iscsi.Lun.Unknown;

    /// <summary>Operation as in <see cref="CellKey"/>, -1 when not known.</summary>
    public int Operation { get; init; } = -1;

    /// <summary><see cref="CommandKind"/>, -1 when not known.</summary>
    public int Kind { get; init; } = -1;

    /// <summary>SCSI status, -1 when not known.</summary>
    public int Status { get; init; } = -1;

    /// <summary>Sense key, ASC and ASCQ as one number, -1 when not known.</summary>
    public int Sense { get; init; } = -1;

    /// <summary><see cref="FailureKind"/>, -1 when it is no failure.</summary>
    public int Failure { get; init; } = -1;

    /// <summary><see cref="TaskFunction"/>, -1 for none.</summary>
    public int Function { get; init; } = -1;

    /// <summary>The finding, null for none.</summary>
    public Finding? Finding { get; init; }

    /// <summary>The command; a null reference for none.</summary>
    public ref readonly CompletedCommand Command => ref _command;

    /// <summary>The event; a null reference for none.</summary>
    public ref readonly ProbeEvent Event => ref _event;

    /// <summary>Whether there is a command.</summary>
    public bool IsCommand => !Unsafe.IsNullRef(in _command);

    /// <summary>Whether there is an event.</summary>
    public bool IsEvent => !Unsafe.IsNullRef(in _event);

}
