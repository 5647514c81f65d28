using System.CommandLine;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli;

/// <summary>The options that several commands share, so that they mean the same everywhere.</summary>
internal sealed class Filters
{
    private readonly Option<string[]> _pids = new("--pid", "-p") { HelpName = "PID[,PID]", Description = "attach to these engines only" };
    private readonly Option<string[]> _luns = new("--lun") { HelpName = "N[,N]", Description = "only these logical units" };
    private readonly Option<string[]> _targets = new("--target") { HelpName = "NAME[,NAME]", Description = "only these targets; * and ? match" };
    private readonly Option<string[]> _initiators = new("--initiator") { HelpName = "NAME[,NAME]", Description = "only these initiators, by name or address; * and ? match" };

    /// <summary>The filter language, of the commands that have it.</summary>
    public Option<string?> Expression { get; } = new("--filter", "-Y") { HelpName = "EXPR", Description = "only what this expression is true of, like 'lun==3 && op==write && lat>20ms'" };

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

    /// <summary>The expression asked for, null for none.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="otherwise">The expression when the command line has none.</param>
    /// <param name="cannot">Which fields make no sense here.</param>
    /// <param name="why">What is said of them.</param>
    /// <exception cref="FilterException">It is none.</exception>
    public Filter? ExpressionOf(ParseResult result, string otherwise, Func<FilterField, bool> cannot, string why)
    {
        if ((result.GetValue(Expression) ?? otherwise) is not { Length: > 0 } text) return null;
        Filter filter = Filter.Parse(text);
        filter.Refuse(cannot, why);
        return filter;
    }

    /// <summary>What of the load is asked for.</summary>
    public RowFilter Rows(ParseResult result) => new(
        Values.Luns(result.GetValue(_luns) ?? []),
        Values.Items(result.GetValue(_targets) ?? []),
        Values.Items(result.GetValue(_initiators) ?? []));
}
