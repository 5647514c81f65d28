using System.Net.Sockets;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>A provider with its engine in a directory of its own, and the hands to make things happen in it.</summary>
internal sealed class Rig : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly bool _ownsDirectory;
    private uint _itt;

    public Rig(int pid = 4711, string? directory = null, int ring = 1 << 14)
    {
        _ownsDirectory = directory is null;
        Directory = directory ?? System.IO.Directory.CreateTempSubdirectory("its").FullName;
        Provider = new Provider("test", ring);
        Target = Provider.Intern("iqn.2026-11.example:t");
        Initiator = Provider.Intern("iqn.2026-11.example:i");
        Engine = new ProbeEngine(Provider, Directory, pid);
        Engine.Start();
    }

    public string Directory { get; }

    public Provider Provider { get; }

    public ProbeEngine Engine { get; }

    public uint Target { get; }

    public uint Initiator { get; }

    public uint Connect(string remote = "192.0.2.7:4000", ushort tsih = 1)
    {
        uint id = Provider.NextConnection();
        Provider.ConnectionChanges.Enqueue(new ConnectionInfo(id, "192.0.2.1:3260", remote, Opened: Clock.Now));
        Provider.ConnectionChanges.Enqueue(Info(id, remote, tsih));
        return id;
    }

    public void Close(uint id, string remote = "192.0.2.7:4000", ushort tsih = 1) =>
        Provider.ConnectionChanges.Enqueue(Info(id, remote, tsih) with { Closed = Clock.Now });

    public void Fire(ProbeEvent e)
    {
        if (Provider.Wants(e.Header[0])) Provider.Fire(e.Bhs.Bytes, e.TailSpan, e.LunNumber, e.Connection, Target, Initiator, e.Time);
    }

    public uint Begin(uint connection, ulong lun = 0, byte opcode = Events.Read10)
    {
        Fire(Events.Command(Clock.Now, connection, lun, ++_itt, opcode, 4096));
        return _itt;
    }

    public void Read(uint connection, ulong lun = 0)
    {
        uint itt = Begin(connection, lun);
        Fire(Events.DataIn(Clock.Now, connection, lun, itt, 4096, BhsFlags.Final | BhsFlags.Status));
    }

    public Feed Open(double interval = 0.02, uint events = 0, Iscsitop.Engine.EventHandler? onEvent = null, CommandHandler? onCommand = null)
    {
        Feed feed = Feed.Open(new Wants(events, TimeSpan.FromSeconds(interval)), [Directory], onEvent: onEvent, onCommand: onCommand);
        Assert.That(feed.WaitForSnapshot(Patience, default), Is.True, "a first snapshot");
        return feed;
    }

    /// <summary>A subscriber without manners.</summary>
    public Socket Raw() => Pipe.Connect(Directory, int.Parse(Engine.PipePath.AsSpan(Engine.PipePath.LastIndexOf("iscsi", StringComparison.Ordinal) + 5), provider: null));

    public static void Until(Func<bool> condition, string what) => Assert.That(SpinWait.SpinUntil(condition, Patience), Is.True, what);

    public void Dispose()
    {
        Engine.Dispose();
        if (_ownsDirectory) System.IO.Directory.Delete(Directory, true);
    }

    private static ConnectionInfo Info(uint id, string remote, ushort tsih) => new(
        id, "192.0.2.1:3260", remote, "iqn.2026-11.example:t", "iqn.2026-11.example:i", "400000370000", tsih, 0, Clock.Now);
}

/// <summary>Adds up what a feed delivers.</summary>
internal sealed class Tally
{
    public Dictionary<(ulong Lun, ushort Operation), (long Started, long Completed, long Aborted, long Bytes, long Outstanding)> Cells { get; } = [];

    public long Completed => Cells.Values.Sum(c => c.Completed);

    public long Aborted => Cells.Values.Sum(c => c.Aborted);

    public double Seconds { get; private set; }

    public Snapshot Add(Feed feed)
    {
        Snapshot snapshot = feed.Take();
        Seconds += snapshot.Seconds;
        foreach (CellDelta d in snapshot.Cells)
        {
            (ulong, ushort) key = (d.Cell.Key.Lun, d.Cell.Key.Operation);
            (long Started, long Completed, long Aborted, long Bytes, long) c = Cells.GetValueOrDefault(key);
            Cells[key] = (c.Started + d.Cell.Started, c.Completed + d.Cell.Completed, c.Aborted + d.Cell.Aborted,
                c.Bytes + d.Cell.ReadBytes + d.Cell.WriteBytes, d.Cell.Outstanding);
        }
        return snapshot;
    }

    public void AddUntil(Feed feed, Func<bool> enough, string what)
    {
        long deadline = Environment.TickCount64 + (long)Rig.Patience.TotalMilliseconds;
        while (!enough())
        {
            Assert.That(Environment.TickCount64, Is.LessThan(deadline), what);
            feed.WaitForSnapshot(TimeSpan.FromSeconds(1), default);
            Add(feed);
        }
    }
}
