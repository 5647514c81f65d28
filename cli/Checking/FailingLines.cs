using System.Globalization;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Probes;
using LunNumber = Iscsitop.Target.Iscsi.Lun;

namespace Iscsitop.Cli.Checking;

/// <summary>
/// The condition of <c>iscsisnoop --fail-if</c>: as soon as it was true of enough lines, the run ends with an exit status of its own. Any
/// thread may ask.
/// </summary>
/// <param name="condition">What a line is asked.</param>
/// <param name="enough">Of how many lines it has to be true, from 1.</param>
/// <param name="most">Lines that are asked at most: those that are written; null for no bound.</param>
/// <param name="ended">Called once, when it was true of enough.</param>
internal sealed class FailingLines(Filter condition, int enough, int? most, Action ended)
{
    private readonly Lock _lock = new();
    private int _asked, _true;
    private string _last = "";
    private volatile bool _stopped;

    /// <summary>Whether it was true of enough lines.</summary>
    public bool Stopped => _stopped;

    /// <summary>Asks it of a completed command.</summary>
    public void Ask(in CompletedCommand command, in EventContext context)
    {
        bool isTrue = condition.Keeps(command, context);
        if (Count(isTrue)) Stop(Marks.Operation(command) is { } operation ? OperationNames.Of(operation) : "a command", command.Lun, context);
    }

    /// <summary>Asks it of a probe firing.</summary>
    public void Ask(in ProbeEvent e, in EventContext context)
    {
        bool isTrue = condition.Keeps(e, context);
        if (Count(isTrue)) Stop(e.Probe.Name(), e.LunNumber, context);
    }

    /// <summary>Says what was true, and of how many lines.</summary>
    /// <returns>The exit status.</returns>
    public int End(Streams streams)
    {
        if (!_stopped) return ExitCode.Success;
        streams.Complain(string.Create(CultureInfo.InvariantCulture, $"fail-if: {condition.Text} is true of {(enough == 1 ? "" : $"{enough} lines, the last ")}{_last}"));
        return ExitCode.Stopped;
    }

    // True once: when it was true of enough.
    private bool Count(bool isTrue)
    {
        lock (_lock) return _asked++ < (most ?? int.MaxValue) && isTrue && ++_true == enough;
    }

    private void Stop(string what, ulong lun, in EventContext context)
    {
        string unit = context.Target + (lun == LunNumber.Unknown ? "" : string.Create(CultureInfo.InvariantCulture, $":{lun}"));
        string who = context.Initiator.Length > 0 ? context.Initiator : context.Connection.Remote;
        _last = $"{what} of {(who.Length > 0 ? who : "?")} on {(unit.Length > 0 ? unit : "?")} at {Words.At(context.WallTime)}";
        _stopped = true;
        ended();
    }
}
