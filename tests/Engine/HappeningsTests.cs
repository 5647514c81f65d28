using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine;

/// <summary>Task management, session ends and reservations from an engine to a viewer.</summary>
[TestFixture]
public sealed class HappeningsTests
{
    private const long Offset = 1_000_000_000_000;

    private readonly FrameWriter _writer = new();
    private readonly EngineStatus _engine = new();

    private static ConnectionInfo Connection => new(7, "192.0.2.1:3260", "192.0.2.2:4711", "t", "i", "400000000001", 2, 3, 4, 5)
    {
        End = ConnectionEnd.TargetFin,
        Parameters = new SessionParameters(HeaderDigest: true),
    };

    private FrameReader Read => new(_writer.Frame[StreamFormat.HeaderLength..]);

    private static ReservationInfo Reserved(ulong lun = 3, int registrants = 2, bool complete = true, string name = "iqn.2026-11.example:i") => new(
        "t", lun, false, 5, new RegistrantInfo(name, "400000000001", 0xa),
        [.. Enumerable.Range(0, registrants).Select(i => new RegistrantInfo(name, $"{i:x12}", (ulong)i))], 77, 123, complete);

    private static SessionEnd AnEnd(int pdus, int commands) => new(
        Connection, new EngineStatus(), 900, [.. Enumerable.Range(0, pdus).Select(i => new KeptPdu(i, [.. Enumerable.Repeat((byte)i, 48)]))],
        [.. Enumerable.Range(0, commands).Select(i => new LeftCommand((uint)i, 1, 0x2a00, -1, 512, 10 + i))], 1000, 2, 3, 4, 5, 6, 7, 8);

    [Test]
    public void A_task_comes_through()
    {
        var entry = new TaskEntry
        {
            Id = 9,
            Time = 100,
            Connection = Connection,
            Lun = Lun.Unknown,
            Function = TaskFunction.TargetColdReset,
            Referenced = 0xfffffff0,
            Operation = 0x9e10,
            Age = -1,
            Hit = -1,
            Response = 255,
            Elapsed = 44,
            After = TaskAftermath.LoggedInAgain,
        };
        _writer.Write(in entry);
        Assert.That(Read.Task(_engine, Offset), Is.EqualTo(new TaskRecord(
            9, Offset + 100, Connection, _engine, Lun.Unknown, TaskFunction.TargetColdReset, 0xfffffff0, 0x9e10, -1, -1, 255, 44, TaskAftermath.LoggedInAgain)));
    }

    [Test]
    public void An_end_comes_through([Values(0, 1, 32)] int pdus, [Values(0, 32)] int commands)
    {
        SessionEnd end = AnEnd(pdus, commands);
        _writer.Write(end, 63);
        (SessionEnd read, int place) = Read.SessionEnd(_engine, Offset);
        Assert.That(place, Is.EqualTo(63));
        Assert.That(read.Pdus.Select(p => p.Time - Offset), Is.EqualTo(end.Pdus.Select(p => p.Time)));
        Assert.That(read.Pdus.Select(p => p.Header), Is.EqualTo(end.Pdus.Select(p => p.Header)));
        Assert.That(read.Commands, Is.EqualTo(end.Commands));
        Assert.That(read with { Pdus = end.Pdus, Commands = end.Commands, Engine = end.Engine, Time = read.Time - Offset }, Is.EqualTo(end));
    }

    [Test]
    public void A_reservation_comes_through()
    {
        ReservationInfo info = Reserved();
        _writer.Write(info);
        ReservationState read = Read.Reservation(_engine, Offset);
        Assert.That((read.Target, read.Lun, read.Kind, read.Type, read.Holder), Is.EqualTo(("t", 3ul, ReservationKind.Persistent, (byte)5, new Registrant("iqn.2026-11.example:i", "400000000001", 0xa))));
        Assert.That((read.Generation, read.Changed, read.Complete, read.Engine), Is.EqualTo((77L, Offset + 123, true, _engine)));
        Assert.That(read.Registrants.Select(r => (r.Initiator, r.Isid, r.Key)), Is.EqualTo(info.Registrants.Select(r => (r.Initiator, r.Isid, r.Key))));
        _writer.Write(info with { Legacy = true, Type = 0, Registrants = [], Complete = false });
        Assert.That(Read.Reservation(_engine, 0) is { Kind: ReservationKind.Legacy, Complete: false });
        _writer.Write(info with { Type = 0, Holder = null });
        Assert.That(Read.Reservation(_engine, 0) is { Kind: ReservationKind.None, Holder: null });
    }

    [Test]
    public void Registrants_that_do_not_fit_a_frame_are_left_out_and_it_is_said_so()
    {
        _writer.Write(Reserved(registrants: ReservationInfo.MostRegistrants, name: new string('x', 223)));
        Assert.That(Read.Reservation(_engine, 0) is { Complete: true, Registrants.Count: ReservationInfo.MostRegistrants }, "names of the standard's length do");
        _writer.Write(Reserved(registrants: ReservationInfo.MostRegistrants, name: new string('x', 1000)));
        Assert.That(_writer.Frame.Length, Is.LessThanOrEqualTo(StreamFormat.MaxFrame));
        ReservationState cut = Read.Reservation(_engine, 0);
        Assert.That(cut is { Complete: false, Registrants.Count: > 50 and < 65 });
    }

    [TestCase(FrameType.Task, 55, 5, TestName = "an outcome that is none")]
    [TestCase(FrameType.Task, 0, 0, TestName = "a request without a number")]
    [TestCase(FrameType.SessionEnd, 0, 64, TestName = "a place that is none")]
    [TestCase(FrameType.SessionEnd, 1, 33, TestName = "too many PDUs")]
    [TestCase(FrameType.SessionEnd, 2, 33, TestName = "too many commands")]
    [TestCase(FrameType.SessionEnd, 1, 32, TestName = "PDUs that are not there")]
    [TestCase(FrameType.Reservation, 27, 2, TestName = "too many registrants")]
    [TestCase(FrameType.Reservation, 26, 200, TestName = "registrants that are not there")]
    public void What_makes_no_sense_ends_the_conversation(FrameType type, int at, byte value)
    {
        var task = new TaskEntry { Id = 1, Connection = Connection };
        if (type == FrameType.Task) _writer.Write(in task);
        else if (type == FrameType.SessionEnd) _writer.Write(AnEnd(1, 1), 0);
        else _writer.Write(Reserved());
        byte[] frame = _writer.Frame.ToArray();
        frame[StreamFormat.HeaderLength + at] = value;
        Assert.Throws<StreamFormatException>(() =>
        {
            var mirror = new Mirror(new Lock(), 1);
            mirror.Keep(type, frame.AsSpan(StreamFormat.HeaderLength));
            mirror.Commit(default);
        });
    }

    [Test]
    public void A_viewer_keeps_no_more_than_an_engine()
    {
        var happenings = new Happenings();
        for (ulong lun = 0; lun < ReservationTable.MostUnits + 10; lun++) Add(happenings, Reserved(lun, registrants: lun < 100 ? 256 : 1));
        for (int i = 0; i < 10; i++) Add(happenings, Reserved(0, registrants: 256));
        var snapshot = new Snapshot();
        for (long id = 1; id < 1000; id++)
        {
            var entry = new TaskEntry { Id = id, Connection = Connection };
            _writer.Write(in entry);
            happenings.Add(FrameType.Task, Read, _engine, 0);
        }
        happenings.TakeInto(snapshot);
        Assert.That(snapshot.Tasks.Select(t => t.Id), Is.EqualTo(Enumerable.Range(744, 256)));
        Assert.That(snapshot.Reservations.Sum(r => r.Registrants.Count), Is.EqualTo(ReservationTable.MostRegistrants));
        Assert.That(snapshot.Reservations, Has.Count.EqualTo(64));
    }

    [Test]
    public void An_engine_keeps_so_many_units_and_registrants()
    {
        long version = 0;
        var table = new ReservationTable(() => ++version);
        for (ulong lun = 0; lun < ReservationTable.MostUnits + 10; lun++) table.Take(Reserved(lun, registrants: 100));
        Assert.That(table.All, Has.Count.EqualTo(ReservationTable.MostUnits));
        Assert.That(table.All.Sum(e => e.Info.Registrants.Count), Is.EqualTo(ReservationTable.MostRegistrants));
        Assert.That((table.All[0].Info.Complete, table.All[^1].Info.Complete), Is.EqualTo((true, false)));
        table.Take(Reserved(0, registrants: 0));
        table.Take(Reserved(1, registrants: 256));
        Assert.That((table.All[1].Info.Registrants.Count, table.All[1].Version), Is.EqualTo((200, version)), "its own and what the other gave back");
    }

    [Test]
    public void The_newest_word_on_a_unit_replaces_what_nobody_has_taken()
    {
        var provider = new Provider("test");
        for (int i = 0; i < 100; i++) provider.Tell(Reserved(registrants: i));
        var taken = new List<ReservationInfo>();
        provider.TakeReservations(taken);
        provider.TakeReservations(taken);
        Assert.That(taken.Single().Registrants, Has.Count.EqualTo(99));
    }

    [Test]
    public void Every_viewer_gets_all_of_it_with_times_of_the_wall()
    {
        using var rig = new Rig();
        rig.Provider.Tell(Reserved() with { Changed = Clock.Now });
        uint connection = rig.Connect();
        using Feed feed = rig.Open();
        uint itt = rig.Begin(connection, 2, Events.Write10);
        ProbeEvent abort = Events.Of(Opcode.TaskManagementRequest, Clock.Now, connection, 2, 900, 0x81);
        Events.Put(ref abort, 20, itt);
        rig.Fire(abort);
        rig.Close(connection);
        var tally = new Tally();
        Snapshot last = null!;
        tally.AddUntil(feed, () => (last = tally.Add(feed)).Ends.Count == 1, "the end");
        Check(last);
        using Feed later = rig.Open();
        Check(later.Take());

        static void Check(Snapshot snapshot)
        {
            long now = Clock.Now + Clock.WallOffset;
            TaskRecord task = snapshot.Tasks.Single();
            SessionEnd end = snapshot.Ends.Single();
            Assert.That((task.Function, task.Operation, task.Hit, task.After), Is.EqualTo((TaskFunction.AbortTask, (ushort)0x2a00, 1, TaskAftermath.ConnectionEnded)));
            Assert.That(end.Connection.End, Is.EqualTo(ConnectionEnd.TaskEscalation));
            Assert.That((end.Outstanding, end.Commands.Single().Lun, end.Tasks, end.Pdus.Count), Is.EqualTo((1, 2ul, 1, 2)));
            foreach (long time in new[] { task.Time, end.Time, end.Pdus[0].Time, snapshot.Reservations.Single().Changed })
                Assert.That(Math.Abs(now - time), Is.LessThan(Rig.Patience.TotalNanoseconds));
            Assert.That(task.Engine, Is.SameAs(snapshot.Engines.Single()));
        }
    }

    private void Add(Happenings happenings, ReservationInfo info)
    {
        _writer.Write(info);
        happenings.Add(FrameType.Reservation, Read, _engine, 0);
    }
}
