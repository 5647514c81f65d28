using System.CommandLine;
using System.Net;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Server;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop target</c>: the iSCSI target with its probes and the engine that serves them.</summary>
internal static class Target
{
    // What initiators get to log out by themselves when we are told to end.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(2);

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var words = new TargetWords();
        var command = new Command("target", "Serves logical units over iSCSI, with the probes that iscsitop and iscsisnoop show. Ends on Ctrl-C.");
        words.AddTo(command);
        command.SetAction(result => Run(words.Options(result), words.Level(result), streams));
        return command;
    }

    /// <summary>Opens a target; what its options got wrong is told apart from what the system refuses.</summary>
    public static TargetServer Open(TargetOptions options, ILoggerFactory loggers)
    {
        try
        {
            return new TargetServer(options, loggers);
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
        catch (IOException e)
        {
            throw new InputException(e.Message, e);
        }
    }

    private static int Run(TargetOptions options, LogLevel level, Streams streams)
    {
        using Stop stop = Stop.OnSignals();
        using ILoggerFactory loggers = Logs.ToStandardError(level);
        using TargetServer server = Open(options, loggers);
        using var engine = new ProbeEngine(server.Provider, loggers.CreateLogger("iscsitop.engine"));
        engine.Start();
        server.Start();
        foreach (IPEndPoint portal in server.Portals) streams.Error.WriteLine($"listening on {portal} as {options.Name}");
        stop.Token.WaitHandle.WaitOne();
        server.Stop(s_grace);
        return ExitCode.Success;
    }
}

/// <summary>The options of <c>iscsitop target</c>.</summary>
internal sealed class TargetWords
{
    private readonly Option<string[]> _portals = new("--portal") { HelpName = "ADDR[:PORT]", Description = "listen here, 127.0.0.1:3260 unless given; repeatable" };
    private readonly Option<string> _name = new("--name") { HelpName = "IQN", Description = $"name of the target; {new TargetOptions().Name} unless given", DefaultValueFactory = _ => new TargetOptions().Name };
    private readonly Option<string[]> _luns = new("--lun") { HelpName = "N=ram:SIZE|N=file:PATH|N=block:PATH[,OPTION...]", Description = "serve this logical unit; repeatable" };
    private readonly Option<string> _level = new("--log-level") { HelpName = "LEVEL", Description = "log this and worse to standard error: trace, debug, info, warn, error or none; info unless given", DefaultValueFactory = _ => "info" };
    private readonly Option<bool> _remote = new("--insecure-allow-remote") { Description = "listen on addresses that other machines reach, though anybody may log in" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _portals, _name, _luns, _level, _remote }) command.Add(option);
    }

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public TargetOptions Options(ParseResult result)
    {
        IPEndPoint[] portals = [.. (result.GetValue(_portals) ?? []).Select(Portals.Parse)];
        if (portals.Length == 0) portals = [new IPEndPoint(IPAddress.Loopback, TargetOptions.DefaultPort)];
        if (!result.GetValue(_remote)) Portals.RequireLoopback(portals);
        LunSpec[] luns = [.. (result.GetValue(_luns) ?? []).Select(Lun)];
        if (luns.Length == 0) throw new UsageException("no logical unit to serve (give one, like --lun 0=ram:64MiB)");
        return new TargetOptions { Portals = portals, Name = result.GetValue(_name)!, Luns = luns };
    }

    /// <summary>What is logged.</summary>
    public LogLevel Level(ParseResult result) => Values.Choice("log level", result.GetValue(_level)!,
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("info", LogLevel.Information), ("warn", LogLevel.Warning), ("error", LogLevel.Error), ("none", LogLevel.None));

    /// <summary>Reads a logical unit.</summary>
    public static LunSpec Lun(string text) =>
        LunSpec.TryParse(text, out LunSpec? spec, out string? error) ? spec : throw new UsageException(error);
}
