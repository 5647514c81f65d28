using System.CommandLine;
using System.Globalization;
using System.Net;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Metrics;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Target.Server;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop target</c>: the iSCSI target with its probes and the engine that serves them.</summary>
internal static class Target
{
    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        var words = new TargetWords();
        var command = new Command("target", "Serves logical units over iSCSI, with the probes that iscsitop and iscsisnoop show. Ends on Ctrl-C.");
        words.AddTo(command);
        command.SetAction(result => Run(words, result, streams));
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

    private static int Run(TargetWords words, ParseResult result, Streams streams)
    {
        TargetOptions options = words.Options(result);
        if (words.OnlyChecks(result))
        {
            // Nothing is opened: a target that runs has its files locked.
            streams.Error.WriteLine($"the configuration is right, {options.AllTargets.Count} {(options.AllTargets.Count == 1 ? "target" : "targets")}");
            return ExitCode.Success;
        }
        using var hangup = new AutoResetEvent(false);
        using Stop stop = Stop.OnSignals(words.HasConfig(result) ? () => hangup.Set() : null);
        using ILoggerFactory loggers = Logs.ToStandardError(words.Level(result));
        using TargetServer server = Open(options, loggers);
        using var engine = new ProbeEngine(server.Provider, loggers.CreateLogger("iscsitop.engine"));
        var manager = ServiceManager.FromEnvironment();
        engine.Start();
        server.Start();
        using OwnMetrics? metrics = words.Metrics(result) is { } at ? new OwnMetrics(at, streams) : null;
        foreach (IPEndPoint portal in server.Portals) streams.Error.WriteLine($"listening on {portal} as {server.Description}");
        manager.Ready($"serving {server.Description}");
        while (WaitHandle.WaitAny([stop.Token.WaitHandle, hangup]) != 0)
        {
            manager.Reloading();
            Reload(server, words, result, streams);
            manager.Ready($"serving {server.Description}");
        }
        manager.Stopping($"asking {server.SessionCount} sessions to log out");
        server.Stop(server.Options.Drain);
        return ExitCode.Success;
    }

    // A running target must not end because its file was half written: it goes on with what it has.
    private static void Reload(TargetServer server, TargetWords words, ParseResult result, Streams streams)
    {
        try
        {
            server.Reload(words.Options(result));
            streams.Error.WriteLine($"reloaded, serving {server.Description}");
        }
        catch (Exception e) when (e is UsageException or InputException or ArgumentException or IOException)
        {
            streams.Complain($"not reloaded, nothing has changed: {e.Message}");
        }
    }
}

/// <summary>The options of <c>iscsitop target</c>.</summary>
internal sealed class TargetWords
{
    private readonly Option<string[]> _portals = new("--portal") { HelpName = "ADDR[:PORT]", Description = "listen here, 127.0.0.1:3260 unless given; repeatable" };
    private readonly Option<string> _name = new("--name") { HelpName = "IQN", Description = $"name of the target; {new TargetOptions().Name} unless given", DefaultValueFactory = _ => new TargetOptions().Name };
    private readonly Option<string[]> _luns = new("--lun") { HelpName = "N=ram:SIZE|N=file:PATH|N=block:PATH[,OPTION...]", Description = "serve this logical unit; repeatable" };
    private readonly Option<string?> _state = new("--state-dir") { HelpName = "DIR", Description = "keep in files here what outlives a restart: persistent reservations with APTPL, and SANITIZE" };
    private readonly Option<string> _level = Logs.Option();
    private readonly Option<bool> _remote = new("--insecure-allow-remote") { Description = "listen on addresses that other machines reach, though anybody may log in" };

    private readonly Option<string?> _config = new("--config") { HelpName = "FILE", Description = "serve the targets of this file, see iscsitop-target.conf(5); SIGHUP reads it again" };
    private readonly Option<bool> _check = new("--check-config") { Description = "say whether the file of --config is right, and end" };
    private readonly Option<string?> _drain = new("--drain") { HelpName = "SECONDS", Description = "when told to end, give initiators so long to log out; 10 unless given" };

    private readonly Option<string?> _metrics = new("--metrics") { HelpName = "[ADDR:]PORT", Description = "serve the metrics of iscsitop-metrics(8) here" };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _portals, _name, _luns, _config, _check, _drain, _state, _metrics, _level, _remote }) command.Add(option);
    }

    /// <summary>Whether there is a file to read again.</summary>
    public bool HasConfig(ParseResult result) => result.GetValue(_config) is not null;

    /// <summary>Whether the file is only to be looked at.</summary>
    public bool OnlyChecks(ParseResult result) =>
        result.GetValue(_check) && (HasConfig(result) ? true : throw new UsageException("--check-config needs a file (--config FILE)"));

    /// <summary>Where metrics are served, null for nowhere.</summary>
    public IPEndPoint? Metrics(ParseResult result) => Commands.Metrics.Listen(result.GetValue(_metrics), otherwise: false);

    /// <summary>What was asked for.</summary>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public TargetOptions Options(ParseResult result)
    {
        TargetOptions options = HasConfig(result) ? OfFile(result) : OfWords(result);
        if (result.GetValue(_drain) is { } drain) options = options with { Drain = Seconds(drain) };
        if (result.GetValue(_state) is { } state) options = options with { StateDirectory = state };
        if (!result.GetValue(_remote)) Portals.RequireGuard(options);
        return options;
    }

    private TargetOptions OfFile(ParseResult result)
    {
        foreach (Option option in new Option[] { _portals, _name, _luns })
            if (result.GetResult(option) is { Implicit: false })
                throw new UsageException($"{option.Name} cannot stand beside --config (write it into the file)");
        return ConfigFile.Read(result.GetValue(_config)!);
    }

    private TargetOptions OfWords(ParseResult result)
    {
        IPEndPoint[] portals = [.. (result.GetValue(_portals) ?? []).Select(Portals.Parse)];
        if (portals.Length == 0) portals = [new IPEndPoint(IPAddress.Loopback, TargetOptions.DefaultPort)];
        LunSpec[] luns = [.. (result.GetValue(_luns) ?? []).Select(Lun)];
        if (luns.Length == 0) throw new UsageException("no logical unit to serve (give one, like --lun 0=ram:64MiB)");
        return new TargetOptions { Portals = portals, Name = result.GetValue(_name)!, Luns = luns };
    }

    private static TimeSpan Seconds(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw Values.Wrong("drain time", text, "seconds, a whole number from 0 to 3600");

    /// <summary>What is logged.</summary>
    public LogLevel Level(ParseResult result) => Logs.LevelOf(result, _level);

    /// <summary>Reads a logical unit.</summary>
    public static LunSpec Lun(string text) =>
        LunSpec.TryParse(text, out LunSpec? spec, out string? error) ? spec : throw new UsageException(error);
}
