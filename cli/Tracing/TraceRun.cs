using System.Globalization;
using System.Text;
using Iscsitop.Cli.Output;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Tracing;

/// <summary>Runs a compiled program over engines, an interface or a file, until something ends it.</summary>
internal sealed class TraceRun(TraceArguments arguments, Origin origin, DProgram program, DOptions options, ProbeCatalog catalog, Streams streams)
{
    private const int MostWait = 100;
    private const long Second = 1_000_000_000;

    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(MostWait);

    private readonly Dictionary<EngineStatus, long> _lost = [];
    private readonly HashSet<int> _gone = [];
    private TracedCommand? _command;

    private bool IsFile => origin.Capture is { File.Length: > 0 };

    private bool IsReplay => origin.IsFile;

    /// <summary>Runs it.</summary>
    /// <param name="command">What -c names, which has not begun yet; null for none.</param>
    /// <returns>The exit status.</returns>
    public int Run(TracedCommand? command)
    {
        _command = command;
        using var stop = new Stop();
        using Stream? file = arguments.Output is { } path ? Appended(path) : null;
        using var host = new TraceHost(program, options, catalog, file ?? streams.Output, streams.Complain, IsFile) { Packets = origin.Capture is not null };
        using Feed? feed = Open(host.OnEvent);
        // Which of a recording's engines fired, its events say.
        if (feed?.Recorded == true) host.Packets = false;
        Notify(file ?? streams.Output);
        stop.Listen();
        if (IsFile) ReadFile(feed!, host, stop);
        else Watch(feed, host, stop);
        return Finish(feed, host, stop);
    }

    private Feed? Open(Engine.EventHandler handler)
    {
        if (program.Events == 0 && origin.Pids.Count == 0 && origin.Capture is null) return null;
        // Of a file the time goes on with its events only.
        uint events = IsFile && program.Events == 0 ? Probe.NopSend.Bit() : program.Events;
        return origin.Open(new Wants(events, TimeSpan.Zero), handler);
    }

    private void ReadFile(Feed feed, TraceHost host, Stop stop)
    {
        host.OnExit = stop.Now;
        if (feed.Began != 0) host.Begin(feed.Began, feed.Began + feed.WallOffset);
        while (!feed.Ended && !stop.Token.IsCancellationRequested)
        {
            feed.Run(s_round, stop.Token);
            // How far a file is read when is chance, unless it is read in its own time.
            if (!IsReplay && feed.Began != 0) host.Advance(feed.Now, feed.Now + feed.WallOffset);
            host.Flush();
        }
    }

    private void Watch(Feed? feed, TraceHost host, Stop stop)
    {
        host.Begin(Now(feed), Now(feed) + Wall(feed));
        WaitHandle[] waits = [host.Wake, stop.Token.WaitHandle];
        long flushed = Now(feed), checkedAt = flushed;
        while (!stop.Token.IsCancellationRequested && !host.Exited && feed?.Ended != true && !CommandEnded())
        {
            bool much = WaitHandle.WaitAny(waits, WaitTime()) == 0;
            long now = Now(feed);
            host.Advance(now, now + Wall(feed));
            if (much || host.IsIdle || now - flushed >= options.SwitchRate)
            {
                host.Flush();
                flushed = now;
            }
            host.Look();
            if (now - checkedAt < Second && feed?.AnyGone != true) continue;
            checkedAt = now;
            if (feed is not null && !Check(feed, host)) break;
            host.TellDrops();
        }
    }

    private int Finish(Feed? feed, TraceHost host, Stop stop)
    {
        bool interrupted = stop.Token.IsCancellationRequested && !host.Exited;
        if (interrupted) host.NewLine();
        long now = IsFile ? feed!.Now : Now(feed), wall = now + Wall(feed);
        string losses = origin.Capture is not null ? ReportWriter.Losses(feed!.Take().Engines) : "";
        if (feed is not null && !IsFile && losses.Length == 0) Check(feed, host);
        feed?.Dispose();
        host.Flush();
        host.End(now, wall, arguments.Ndjson);
        if (losses.Length > 0) streams.Complain(losses);
        if (feed is not null) Origin.Close(feed, streams);
        return host.Status;
    }

    // A tick may be due at any time; without one nothing is.
    private int WaitTime()
    {
        long period = Math.Min(options.SwitchRate, MostWait * 1_000_000L);
        foreach (ProbeEntry probe in catalog.Entries)
            if (probe.Source == ProbeSource.Timer) period = Math.Min(period, probe.Period);
        return (int)Math.Clamp(period / 1_000_000, 1, MostWait);
    }

    // Whether anybody is left that was asked for.
    private bool Check(Feed feed, TraceHost host)
    {
        foreach (EngineStatus engine in feed.Take().Engines)
        {
            if (origin.Capture is null && engine.Alive) host.Know(engine.Pid);
            long lost = engine.RingDrops + engine.OutboxDrops;
            // What the engine lost before we came is not ours.
            if (_lost.TryGetValue(engine, out long before)) host.TellDrops(lost - before);
            else if (engine.OutboxDrops > 0) host.TellDrops(engine.OutboxDrops);
            _lost[engine] = lost;
            if (engine.Alive) continue;
            _lost.Remove(engine);
            if (engine.Problem.Length > 0) streams.Complain(string.Create(CultureInfo.InvariantCulture, $"engine {engine.Pid} has ended: {engine.Problem}"));
            else Notice(string.Create(CultureInfo.InvariantCulture, $"pid {engine.Pid} has exited"));
            _gone.Add(engine.Pid);
        }
        return origin.Pids.Count == 0 || !origin.Pids.All(_gone.Contains);
    }

    private bool CommandEnded()
    {
        _command?.Begin();
        if (_command is not { Ended: true }) return false;
        Notice(string.Create(CultureInfo.InvariantCulture, $"pid {_command.Pid} has exited"));
        return true;
    }

    private void Notify(Stream output)
    {
        for (int i = 0; i < arguments.Programs.Count; i++)
        {
            TraceProgram p = arguments.Programs[i];
            int matched = program.Matched(i);
            Notice(string.Create(CultureInfo.InvariantCulture, $"{p.Kind} '{p.Name}' matched {matched} probe{(matched == 1 ? "" : "s")}"));
            if (arguments.Verbose) output.Write(Encoding.UTF8.GetBytes(TraceListing.Of($"{p.Kind} {p.Name}", program, i, listed: false)));
        }
        if (options.Destructive) Notice("allowing destructive actions");
    }

    private void Notice(string text)
    {
        if (!options.Quiet) streams.Complain(text);
    }

    private static long Now(Feed? feed) => feed?.Now ?? Clock.Now;

    private static long Wall(Feed? feed) => feed?.WallOffset ?? Clock.WallOffset;

    private static FileStream Appended(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"failed to open output file '{path}': {Scripts.Reason(e, path)}", e);
        }
    }
}
