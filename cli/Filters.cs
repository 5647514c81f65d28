using System.CommandLine;

namespace Iscsitop.Cli;

/// <summary>The options that several commands share, so that they mean the same everywhere.</summary>
internal sealed class Filters
{
    private readonly Option<string[]> _pids = new("--pid", "-p") { HelpName = "PID[,PID]", Description = "attach to these engines only" };
    private readonly Option<string[]> _luns = new("--lun") { HelpName = "N[,N]", Description = "only these logical units" };
    private readonly Option<string[]> _targets = new("--target") { HelpName = "NAME[,NAME]", Description = "only these targets; * and ? match" };
    private readonly Option<string[]> _initiators = new("--initiator") { HelpName = "NAME[,NAME]", Description = "only these initiators, by name or address; * and ? match" };

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="units">Whether it knows of logical units.</param>
    public void AddTo(Command command, bool units = true)
    {
        command.Add(_pids);
        if (units) command.Add(_luns);
        command.Add(_targets);
        command.Add(_initiators);
    }

    /// <summary>The engines asked for.</summary>
    public IReadOnlyList<int> Pids(ParseResult result) => Values.Pids(result.GetValue(_pids) ?? []);

    /// <summary>What of the load is asked for.</summary>
    public RowFilter Rows(ParseResult result) => new(
        Values.Luns(result.GetValue(_luns) ?? []),
        Values.Items(result.GetValue(_targets) ?? []),
        Values.Items(result.GetValue(_initiators) ?? []));
}
