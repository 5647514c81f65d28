using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;
using Iscsitop.Engine.Recording;
using Iscsitop.Target.Probes;

namespace Iscsitop.Bench.Scale;

/// <summary>Each stage from the engine's table to the screen: its CPU time, and what it allocates.</summary>
internal sealed partial class Stages
{
    private const int Width = 160;
    private const int Height = 50;
    private const int FreshEach = 10;
    private const string First = "3 first key: ";

    private readonly Dictionary<string, (List<double> Took, long Bytes)> _stages = [];
    private readonly FrameWriter _writer = new();
    private readonly SnapshotCursor _cursor = new();
    private readonly Frames _frames = new();
    private readonly Snapshot _snapshot = new();
    private readonly Reception _reception = new(new Lock(), 1, null, null);
    private readonly State _state = new(new TopOptions());
    private readonly Frame _frame;
    private readonly Screen _screen;
    private Load? _load;
    private readonly Controls _controls;

    private Stages()
    {
        _frame = new Frame(_state);
        _screen = new Screen(_state, _frame, Glyphs.Unicode, TimeZoneInfo.Utc);
        _controls = new Controls(_state, _frame, _screen);
    }

    public static void Run(int connections, int luns, int operations, int intervals) => Make(connections, luns, operations).Run(intervals);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Stages Make(int connections, int luns, int operations)
    {
        long before = Live();
        var load = new Load(connections, luns, operations);
        load.Interval(1);
        Console.WriteLine($"{load.Table.All.Count} cells; the engine's table {(Live() - before) >> 10} KiB after one interval");
        return new Stages { _load = load };
    }

    /// <summary>An hour as the screen keeps it: what it takes while it fills, and that it takes no more once it is full.</summary>
    public static void History(int connections, int luns, int operations, int snapshots) => Make(connections, luns, operations).Keep(snapshots);

    private void Keep(int snapshots)
    {
        Begin(_load!);
        var history = new SnapshotHistory();
        long viewer = 0;
        for (int i = 1; i <= snapshots; i++)
        {
            // Of so many only some are kept, and those are of a load of their own.
            if (i % FreshEach == 1)
            {
                _load!.Interval(i * 1_000_000_000L);
                Interval((i + 1) * 1_000_000_000L);
                if (i == 1) viewer = Live();
            }
            _snapshot.Time = (i + 1) * 1_000_000_000L;
            Time("5 history", () => history.Add(_snapshot));
            if (i % Math.Max(1, snapshots / 12) == 0 || i == 60)
                Console.WriteLine($"{i,5} snapshots of {_snapshot.Cells.Count} cells and {_snapshot.Patterns.Count} patterns: {history.Count,3} kept from {(_snapshot.Time - history.First) / 1_000_000_000} s ago on, "
                    + $"{history.Bytes >> 10} KiB; lives in {(Live() - viewer) >> 10} KiB with what it packs with; process {Environment.WorkingSet >> 20} MiB");
        }
        foreach ((string name, (List<double> took, _)) in _stages.Where(s => s.Key[0] == '5'))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-22} {took.Average(),8:f2} ms mean {took.Max(),8:f2} max"));
        GC.KeepAlive(this);
    }

    private void Run(int intervals)
    {
        Go(intervals);
        Tell();
        _load = null;
        _frames.Free();
        Console.WriteLine($"the viewer alone lives in {Live() >> 10} KiB");
        GC.KeepAlive(this);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Go(int intervals)
    {
        Begin(_load!);
        for (int i = 1; i <= intervals + 5; i++)
        {
            if (i == 6)
                foreach (string name in _stages.Keys.Where(n => !n.StartsWith(First, StringComparison.Ordinal)).ToList()) _stages.Remove(name);
            if (i == intervals + 1) _controls.Press('8');
            _load!.Interval(i * 1_000_000_000L);
            Interval((i + 1) * 1_000_000_000L, i > intervals);
            if (i is not (5 or 6) || i >= intervals) continue;
            if (i == 5) Key(First + "view patterns", '8');
            Keys();
        }
    }

    private void Begin(Load load)
    {
        foreach (ConnectionInfo connection in load.Connections) _reception.Mirror.Connect(connection);
        _reception.Mirror.Names.AddRange(["", "(other)", load.Connections[0].Target]);
        _cursor.Restart(1, 1);
        load.Patterns.Join(load.Table.Join(1));
    }

    private void Tell()
    {
        foreach ((string name, (List<double> took, long bytes)) in _stages)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-22} {Median(took),8:f2} ms median {took.Max(),8:f2} max {bytes,12} bytes the last time"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"viewer together        {_stages.Where(s => s.Key[0] == '2').Sum(s => Median(s.Value.Took)),8:f2} ms an interval"));
        Console.WriteLine($"{_frames.Bytes >> 10} KiB of frames, {_frame.Rows.Count} rows, {_frame.Total.Ops} commands in the last interval");
        GCMemoryInfo heap = GC.GetGCMemoryInfo();
        Console.WriteLine($"committed {heap.TotalCommittedBytes >> 10} KiB, engine's table and frames and all");
    }

    private void Interval(long now, bool patterns = false)
    {
        CellTable table = _load!.Table;
        _frames.Clear();
        Time("1 engine's walk", () =>
        {
            _cursor.Begin(now, table.Version);
            _cursor.SendCells(table, 0, _frames, _writer);
            _cursor.SendPatterns(_load.Patterns, 0, _frames, _writer);
            var status = new StatusRecord { Time = now, Interval = 1_000_000_000 };
            _writer.Write(in status);
            _frames.TrySend(_writer.Frame);
            _cursor.End(new Wants(0, TimeSpan.FromSeconds(1)));
        });
        Time("2 frames taken in", () => _frames.Each(_reception.Read));
        Time("2 snapshot taken", () =>
        {
            _snapshot.Cells.Clear();
            _snapshot.Units.Clear();
            _snapshot.Connections.Clear();
            _snapshot.Patterns.Clear();
            _snapshot.Engines.Clear();
            (_snapshot.Time, _snapshot.Seconds) = (now, 0);
            _reception.Mirror.TakeInto(_snapshot);
        });
        Time(patterns ? "4 patterns updated" : "2 frame updated", () => _frame.Update(_snapshot));
        Time(patterns ? "4 patterns drawn" : "2 screen drawn", Draw);
    }

    private void Keys()
    {
        Key("down", Cli.Keys.Down, 20);
        Key("view initiators", '2');
        Key("view operations", '3');
        Key("view patterns", '8');
        for (int i = 0; i < 12; i++) Key("patterns sorted", '>');
        Key("patterns paged", Cli.Keys.PageDown, 5);
        Key("patterns' end", Cli.Keys.End);
        for (int i = 0; i < 12; i++) Key("patterns sorted back", '<');
        Key("view LUNs", '1');
        Key("sorted by another", '>');
        Key("sorted back", '<');
        Key("drilled in", Cli.Keys.Enter);
        Key("back", Cli.Keys.Esc);
        Key("filter", '/');
        foreach (char c in "esx-01") Key("filter typed", c);
        Key("filter taken", Cli.Keys.Enter);
        Key("filter gone", Cli.Keys.Esc);
    }

    private void Key(string name, char key, int times = 1)
    {
        if (!name.StartsWith(First, StringComparison.Ordinal)) name = "3 key: " + name;
        for (int i = 0; i < times; i++)
            Time(name, () =>
            {
                _controls.Press(key);
                Draw();
            });
    }

    private void Draw()
    {
        _screen.Draw(Width, Height);
        int from = 0;
        while (_screen.Canvas.NextChange(ref from, out _, out _, out _)) { }
    }

    private void Time(string name, Action action)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        double from = Cpu();
        action();
        double took = Cpu() - from;
        bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
        if (!_stages.TryGetValue(name, out (List<double> Took, long Bytes) stage)) stage.Took = [];
        stage.Took.Add(took);
        _stages[name] = (stage.Took, bytes);
    }

    private static double Median(List<double> took) => took.Order().ElementAt(took.Count / 2);

    private static long Live()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(true);
    }

    private static unsafe double Cpu()
    {
        long* time = stackalloc long[2];
        if (ClockGetTime(3, time) != 0) throw new InvalidOperationException("clock_gettime");
        return time[0] * 1e3 + time[1] / 1e6;
    }

    // 3 is CLOCK_THREAD_CPUTIME_ID.
    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static unsafe partial int ClockGetTime(int clock, long* time);

    /// <summary>What an engine sends, kept to be read.</summary>
    private sealed class Frames : Outbox
    {
        private readonly List<byte[]> _all = [];
        private int _count;

        public delegate void Reader(FrameType type, ReadOnlySpan<byte> payload);

        public long Bytes { get; private set; }

        public override bool TrySend(ReadOnlySpan<byte> frame)
        {
            if (_count == _all.Count) _all.Add(new byte[StreamFormat.MaxFrame]);
            frame.CopyTo(_all[_count++]);
            Bytes += frame.Length;
            return true;
        }

        public void Clear() => (_count, Bytes) = (0, 0);

        public void Free() => _all.Clear();

        public void Each(Reader read)
        {
            for (int i = 0; i < _count; i++)
            {
                int length = BitConverter.ToInt32(_all[i]);
                read((FrameType)_all[i][4], _all[i].AsSpan(StreamFormat.HeaderLength, length - StreamFormat.HeaderLength));
            }
        }
    }
}
