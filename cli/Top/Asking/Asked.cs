using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Top.Asking;

/// <summary>A D program that runs beside the screen, over a subscription of its own, and the views of its aggregations.</summary>
internal sealed class Asked : IDisposable
{
    private static readonly TimeSpan s_round = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<EngineStatus, long> _lost = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Sketches[] _sketches;
    private Feed? _feed;
    private Thread? _reader;

    /// <param name="text">The program as it was typed.</param>
    /// <param name="name">The name it is kept under, "" for none.</param>
    /// <param name="watch">What runs.</param>
    /// <param name="file">Whether it is run over a file.</param>
    /// <param name="glyphs">Characters of small distributions.</param>
    public Asked(string text, string name, DWatch watch, bool file, Glyphs glyphs)
    {
        (Text, Name, Watch, IsFile) = (text, name, watch, file);
        _sketches = [.. watch.Aggregations.Select(a => new Sketches(a, glyphs))];
        Views = Made();
    }

    /// <summary>The program as it was typed.</summary>
    public string Text { get; }

    /// <summary>The name it is kept under, "" for none.</summary>
    public string Name { get; private set; }

    /// <summary>What runs.</summary>
    public DWatch Watch { get; }

    /// <summary>Whether it is run over a file.</summary>
    public bool IsFile { get; }

    /// <summary>A view for each aggregation.</summary>
    public IReadOnlyList<View> Views { get; private set; }

    /// <summary>Which of them is shown.</summary>
    public int Shown { get; set; }

    /// <summary>Events that did not come here because somebody was behind.</summary>
    public long Drops { get; private set; }

    /// <summary>Whether a file is still being read.</summary>
    public bool Reading => _feed is { Ended: false } && IsFile;

    /// <summary>How much of it has been, from 0 to 1; NaN when nobody knows.</summary>
    public double Progress => _feed?.Progress ?? double.NaN;

    /// <summary>Called on another thread while a file is read, and at its end.</summary>
    public Action? OnRead { get; set; }

    /// <summary>Waits until a file has been read.</summary>
    public void WaitForEnd() => _reader?.Join();

    /// <summary>Events come from here.</summary>
    /// <param name="feed">The subscription, which is its own now.</param>
    public void Attach(Feed feed)
    {
        _feed = feed;
        if (!IsFile) return;
        _reader = new Thread(Read) { IsBackground = true, Name = "D view" };
        _reader.Start();
    }

    /// <summary>It is kept under a name from now on.</summary>
    public void Keep(string name)
    {
        Name = name;
        Views = Made();
    }

    /// <summary>Rows become what their keys are now.</summary>
    public void Look() => Look(Clock.Now, Clock.Now + Clock.WallOffset);

    /// <summary>The same at a time of somebody else's.</summary>
    public void Look(long time, long wall)
    {
        if (_feed is not null && !IsFile)
            foreach (EngineStatus engine in _feed.Take().Engines)
                Count(engine);
        Watch.Look(time, wall);
        foreach (Sketches sketches in _sketches) sketches.Clear();
    }

    /// <summary>clear() of its aggregations.</summary>
    public void Clear()
    {
        Watch.Clear();
        foreach (Sketches sketches in _sketches) sketches.Clear();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _reader?.Join();
        _feed?.Dispose();
        _feed = null;
        _end.Dispose();
    }

    private View[] Made() => [.. Watch.Aggregations.Select((a, i) => AskedColumns.ViewOf(a, Name, _sketches[i]))];

    private void Read()
    {
        while (!_feed!.Ended && !_end.IsCancellationRequested)
        {
            _feed.Run(s_round, _end.Token);
            Interlocked.MemoryBarrier();
            OnRead?.Invoke();
        }
    }

    // What an engine lost before this began is not missing here.
    private void Count(EngineStatus engine)
    {
        long lost = engine.RingDrops + engine.OutboxDrops;
        Drops += lost - _lost.GetValueOrDefault(engine, engine.RingDrops);
        _lost[engine] = lost;
    }
}
