using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text;

namespace Iscsitop.Cli;

/// <summary>What <c>--help</c> prints: usage, purpose, and a line for each option and subcommand.</summary>
internal sealed class ShowHelp : SynchronousCommandLineAction
{
    private const int MaxLeft = 34;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.Write(Text(parseResult.CommandResult.Command));
        return ExitCode.Success;
    }

    /// <summary>The help of a command.</summary>
    public static string Text(Command command)
    {
        var text = new StringBuilder();
        bool root = command is RootCommand;
        text.Append("usage: iscsitop ").Append(root ? "[options] [interval [count]]\n       iscsitop command [options]\n\n" : command.Name + " [options]\n\n");
        text.Append(command.Description).Append('\n');
        Section(text, "arguments", command.Arguments.Select(a => (a.Name, a.Description ?? "")));
        Section(text, "options", command.Options.Where(o => !o.Hidden).Select(o => (Usage(o), o.Description ?? "")));
        Section(text, "commands", command.Subcommands.Select(c => (c.Name, c.Description ?? "")));
        return text.ToString();
    }

    // Short names first, as people type them.
    private static string Usage(Option option) =>
        string.Join(", ", option.Aliases.Append(option.Name).OrderBy(n => n.Length)) + (option.HelpName is { } value ? " " + value : "");

    private static void Section(StringBuilder text, string title, IEnumerable<(string Left, string Right)> lines)
    {
        (string Left, string Right)[] all = [.. lines];
        if (all.Length == 0) return;
        int width = all.Where(l => l.Left.Length <= MaxLeft).Select(l => l.Left.Length).DefaultIfEmpty(MaxLeft).Max();
        text.Append('\n').Append(title).Append(":\n");
        foreach ((string left, string right) in all)
            text.Append("  ").Append(left.PadRight(width)).Append(left.Length > width ? "\n  " + new string(' ', width) : "").Append("  ").Append(right).Append('\n');
    }
}
