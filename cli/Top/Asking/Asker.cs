using Iscsitop.Cli.Tracing;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Engine.Sources;
using EventHandler = Iscsitop.Engine.EventHandler;

namespace Iscsitop.Cli.Top.Asking;

/// <summary>Makes of a line of D a program that runs beside the screen.</summary>
/// <param name="origin">Where events come from.</param>
/// <param name="engines">Process ids of the engines there are.</param>
/// <param name="glyphs">Characters of small distributions.</param>
/// <param name="open">Subscribes; null for what stands for a feed elsewhere.</param>
internal sealed class Asker(Origin origin, Func<IEnumerable<int>> engines, Glyphs glyphs, Func<Wants, EventHandler, Feed?> open)
{
    // What stands for the engine of packets in its provider's name.
    private const int Packets = 1;

    /// <summary>Monotonic time and time of day, ns.</summary>
    public Func<(long Time, long Wall)> Now { get; init; } = () => (Target.Probes.Clock.Now, Target.Probes.Clock.Now + Target.Probes.Clock.WallOffset);

    /// <summary>Compiles it and lets it run.</summary>
    /// <param name="line">The line.</param>
    /// <param name="name">What it is kept under, "" for nothing.</param>
    /// <param name="asked">What runs; null when something is wrong.</param>
    /// <returns>What is wrong, its place counted in the line.</returns>
    public Reply Ask(string line, string name, out Asked? asked)
    {
        asked = null;
        CaptureOptions? capture = origin.Capture;
        if (capture is { File: "-" }) return new("standard input can be read only once: D needs a file, an interface or an engine");
        bool file = capture is { File.Length: > 0 };
        var catalog = new ProbeCatalog();
        try
        {
            DProgram program = Compiled(line, catalog, capture);
            var watch = new DWatch(program, catalog, file) { Instance = capture is null ? null : Packets };
            if (watch.Aggregations.Count == 0) return new("no aggregation in it: there is nothing to show, as in @[probename] = count()");
            (long time, long wall) = Now();
            if (!file) watch.Begin(time, wall);
            var made = new Asked(line, name, watch, file, glyphs);
            if (open(new Wants(program.Events, TimeSpan.Zero), watch.OnEvent) is { } feed)
            {
                // Which of a recording's engines fired, its events say.
                if (feed.Recorded) watch.Instance = null;
                made.Attach(feed);
            }
            asked = made;
            return Reply.Done;
        }
        catch (DCompileException e)
        {
            return DLine.Wrong(line, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InputException or UsageException or CaptureFormatException)
        {
            return new(e.Message);
        }
    }

    private DProgram Compiled(string line, ProbeCatalog catalog, CaptureOptions? capture)
    {
        IEnumerable<int> instances = capture is null ? engines().DefaultIfEmpty(Environment.ProcessId) : Feed.EnginesOf(capture);
        foreach (int instance in instances) catalog.AddEngine(instance);
        var source = new DSource { Text = DLine.Program(line), MacroVariables = MacroVariables.Of(engines().FirstOrDefault()) };
        return DProgram.Compile([source], new DOptions { Quiet = true }, catalog);
    }
}
