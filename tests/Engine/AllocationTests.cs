using System.Net.Sockets;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>The whole path on one thread, so that its allocations can be counted.</summary>
[TestFixture]
public sealed class AllocationTests
{
    private readonly List<Subscriber> _subscribers = [];
    private readonly FrameWriter _writer = new();
    private readonly FrameBuffer _buffer = new();
    private readonly Snapshot _snapshot = new();
    private readonly Rollup _rollup = new(Dimensions.Target | Dimensions.Lun);
    private readonly Rollup _sessions = new(Dimensions.Connection);
    private readonly Mirror _mirror = new(new Lock(), 1);
    private Provider _provider = null!;
    private Observation _observation = null!;
    private Socket _viewer = null!;
    private uint _connection;
    private long _now;
    private uint _itt;
    private int _commands;
    private int _published;

    [SetUp]
    public void SetUp()
    {
        _provider = new Provider("test", 1 << 12);
        uint target = _provider.Intern("t"), initiator = _provider.Intern("i");
        Assert.That((target, initiator), Is.EqualTo((2u, 3u)), "the script's names");
        _connection = _provider.NextConnection();
        _provider.ConnectionChanges.Enqueue(new ConnectionInfo(_connection, "a", "b", "t", "i", "400000000001", 1));
        _observation = new Observation(_provider, _subscribers, _writer);
        (Socket served, _viewer) = Pair();
        _now = Clock.Now;
        var subscriber = new Subscriber(served, _now);
        _subscribers.Add(subscriber);
        var wants = new FrameWriter();
        wants.Write(new Wants(ProbeSet.All, TimeSpan.FromMilliseconds(10), true));
        _viewer.Send(wants.Frame);
        Assert.That(subscriber.Receive(), Is.True);
        _observation.Want(subscriber, null, _now);
    }

    [TearDown]
    public void TearDown()
    {
        _subscribers[0].Dispose();
        _viewer.Dispose();
    }

    [Test]
    public void Nothing_is_allocated_from_a_probe_to_a_row()
    {
        int rounds = 0;
        long allocated = Allocated.By(() =>
        {
            Round();
            rounds++;
        });
        Assert.That(_commands, Is.EqualTo(rounds * 40), "commands came through");
        Assert.That(_published, Is.EqualTo(rounds));
        Assert.That(_rollup.Rows, Has.Count.EqualTo(4));
        Assert.That(_rollup.Total.Ops, Is.EqualTo(40));
        Assert.That(_sessions.Rows.Single().Connection!.Total.NopTime!.Count, Is.EqualTo(rounds), "facts came through");
        Assert.That(_snapshot.Failures.Single().Count, Is.EqualTo(1), "failures came through");
        Assert.That(_snapshot.Patterns.Sum(p => p.Pattern.Count), Is.EqualTo(40), "patterns came through");
        Assert.That(allocated, Is.Zero);
    }

    private void Round()
    {
        Talk();
        for (int i = 0; i < 20; i++)
        {
            Read((ulong)(i % 4));
            Write((ulong)(i % 4));
        }
        _now += 20_000_000;
        _observation.Take(_now);
        _published += _observation.Publish(_subscribers[0], _now) ? 1 : 0;
        Receive();
        _snapshot.Cells.Clear();
        _snapshot.Units.Clear();
        _snapshot.Engines.Clear();
        _snapshot.Connections.Clear();
        _snapshot.Failures.Clear();
        _snapshot.Patterns.Clear();
        _mirror.TakeInto(_snapshot);
        _rollup.Build(_snapshot);
        _sessions.Build(_snapshot);
    }

    // A ping, its answer, a task management function and an R2T of no known command.
    private void Talk()
    {
        ProbeEvent ask = Events.Of(Opcode.NopOut, _now + 1000, _connection, 0, ++_itt);
        Events.Put(ref ask, 20, Events.NoTtt);
        Fire(ask);
        ProbeEvent answer = Events.Of(Opcode.NopIn, _now + 3000, _connection, 0, _itt);
        Events.Put(ref answer, 20, Events.NoTtt);
        Fire(answer);
        Fire(Events.Of(Opcode.TaskManagementRequest, _now + 4000, _connection, 0, ++_itt, 0x85));
        Fire(Events.Of(Opcode.TaskManagementResponse, _now + 5000, _connection, 0, _itt));
        ProbeEvent message = Events.Of(Opcode.AsyncMessage, _now + 5000, _connection, 0, Events.NoTtt);
        message.Header[36] = 4;
        Fire(message);
    }

    private void Read(ulong lun)
    {
        Fire(Place(Events.Command(_now + 1000, _connection, lun, ++_itt, Events.Read10, 4096)));
        Fire(Events.DataIn(_now + 9000, _connection, lun, _itt, 4096, BhsFlags.Final | BhsFlags.Status));
    }

    private void Write(ulong lun)
    {
        Fire(Place(Events.Command(_now + 1000, _connection, lun, ++_itt, Events.Write10, 4096)));
        Fire(Events.Of(Opcode.ReadyToTransfer, _now + 2000, _connection, lun, _itt));
        Fire(Events.Of(Opcode.DataOut, _now + 5000, _connection, lun, _itt, BhsFlags.Final, 4096));
        Fire(Events.Response(_now + 9000, _connection, lun, _itt));
    }

    private ProbeEvent Place(ProbeEvent e)
    {
        Events.Put(ref e, 34, _itt * 77);
        e.Header[40] = 8;
        return e;
    }

    private void Fire(ProbeEvent e)
    {
        if (_provider.Wants(e.Header[0])) _provider.Fire(e.Bhs.Bytes, e.TailSpan, e.LunNumber, e.Connection, e.Target, e.Initiator, e.Time);
    }

    private void Receive()
    {
        bool done = false;
        while (!done)
        {
            _buffer.Received(_viewer.Receive(_buffer.Free));
            while (_buffer.TryTake(out FrameType type, out ReadOnlySpan<byte> payload))
            {
                var frame = new FrameReader(payload);
                if (type == FrameType.Names) frame.Names(_mirror.Names);
                if (type == FrameType.Connection) _mirror.Connect(frame.Connection());
                if (type is FrameType.Cells or FrameType.Units or FrameType.Facts or FrameType.Failures or FrameType.Patterns) _mirror.Keep(type, payload);
                if (type == FrameType.Commands) _commands += frame.Commands().Length;
                if (type != FrameType.Status) continue;
                _mirror.Commit(frame.Status());
                done = true;
            }
        }
    }

    private static (Socket, Socket) Pair()
    {
        string directory = Directory.CreateTempSubdirectory("its").FullName;
        using Socket listener = Pipe.Listen(directory, 1);
        Socket viewer = Pipe.Connect(directory, 1);
        Socket served = listener.Accept();
        listener.Dispose();
        Directory.Delete(directory, true);
        return (served, viewer);
    }
}
