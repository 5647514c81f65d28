using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Net.Sockets;
using System.Reflection;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Cli;

/// <summary>The whole command line: which commands there are, and how each kind of failure ends.</summary>
internal static class CommandLine
{
    /// <summary>Version of the program.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The root command with its subcommands, bound to streams.</summary>
    public static RootCommand Root(Streams streams)
    {
        var root = new RootCommand("Shows who uses which iSCSI LUN, how long commands take and where the time goes. The interval is in seconds, 1 unless given; reports go on until the count is reached or Ctrl-C.");
        root.Directives.Clear();
        root.Options.Clear();
        Commands.Top.Configure(root, streams);
        root.Add(Snoop.Create(streams));
        root.Add(Trace.Create());
        root.Add(Sessions.Create(streams));
        root.Add(List.Create(streams));
        root.Add(EngineCommand.Create(streams));
        root.Add(Record.Create(streams));
        root.Add(Commands.Metrics.Create(streams));
        root.Add(Diff.Create(streams));
        root.Add(CheckCommand.Create(streams));
        root.Add(Commands.Target.Create(streams));
        root.Add(ConfigCommand.Create(streams));
        root.Add(Demo.Create(streams));
        root.Add(new HelpOption("--help", "-h") { Description = "show what can be asked for", Action = new ShowHelp() });
        root.Add(new VersionOption("--version", "-V") { Description = "show the version, the commit it was built from and the kind of binary", Action = new ShowVersion() });
        return root;
    }

    /// <summary>Runs a command.</summary>
    /// <returns>The exit status.</returns>
    public static int Run(IReadOnlyList<string> args, Streams streams)
    {
        if (args.Count > 0 && args[0] == Trace.Name) return Trace.Run([.. args.Skip(1)], streams);
        try
        {
            ParseResult result = Root(streams).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (result.Errors.Count > 0 && result.Action is ParseErrorAction)
                throw new UsageException(Describe(result));
            RejectStrayWords(result);
            using var output = new StreamWriter(streams.Output, leaveOpen: true) { AutoFlush = true };
            return result.Invoke(new InvocationConfiguration
            {
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
                Output = output,
                Error = streams.Error,
            });
        }
        catch (Exception e) when ((args is [CheckCommand.Name, ..] ? CheckCommand.Explain(e, streams) : Explain(e, streams)) is int code)
        {
            return code;
        }
    }

    // Everything a user can meet; a bug is a failure with its message, and no wall of text.
    internal static int? Explain(Exception e, Streams streams)
    {
        if (e is IOException io && Streams.IsBrokenPipe(io)) return ExitCode.Success;
        if (e is FilterException filter) return Point(filter, streams);
        streams.Complain(e switch
        {
            SocketException s => $"network: {s.Message}",
            _ => e.Message,
        });
        return e switch
        {
            UsageException => ExitCode.Usage,
            InputException or CaptureFormatException or PipeException or FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException => ExitCode.Input,
            _ => ExitCode.Failure,
        };
    }

    // The expression and, below it, where it is wrong.
    private static int Point(FilterException filter, Streams streams)
    {
        streams.Complain(filter.What + ": " + filter.Problem);
        streams.Error.WriteLine("  " + TerminalText.Escape(filter.Expression));
        streams.Error.WriteLine(new string(' ', 2 + TerminalText.Width(TerminalText.Escape(filter.Expression[..filter.Position]))) + "^");
        return ExitCode.Usage;
    }

    // What stands before a subcommand would be taken, and then be without effect.
    private static void RejectStrayWords(ParseResult result)
    {
        Command root = result.RootCommandResult.Command;
        if (result.CommandResult.Command == root) return;
        foreach (Symbol symbol in root.Options.Cast<Symbol>().Concat(root.Arguments))
        {
            bool stray = symbol is Option option ? result.RootCommandResult.GetResult(option) is { Implicit: false } : result.RootCommandResult.GetResult((Argument)symbol) is { Tokens.Count: > 0 };
            if (stray && symbol is not HelpOption)
                throw new UsageException($"{symbol.Name} cannot stand before {result.CommandResult.Command.Name} (options follow their command)");
        }
    }

    private static string Describe(ParseResult result)
    {
        if (result.UnmatchedTokens.Count == 0) return Lower(result.Errors[0].Message);
        string word = result.UnmatchedTokens[0];
        string command = result.CommandResult.Command is RootCommand ? "" : result.CommandResult.Command.Name + " ";
        return word.StartsWith('-')
            ? $"unknown option -- {word} (see iscsitop {command}--help)"
            : $"illegal argument -- {word} (see iscsitop {command}--help)";
    }

    private static string Lower(string message) => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.');

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(BuildFacts.Line("iscsitop"));
            return ExitCode.Success;
        }
    }
}
