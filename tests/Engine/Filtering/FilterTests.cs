using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Filtering;

/// <summary>What expressions say of what there is.</summary>
[TestFixture]
public sealed class FilterTests
{
    private static readonly EngineStatus s_engine = new() { Pid = 4711, Source = "eth0" };

    private static readonly ConnectionInfo s_connection =
        new(7, "192.0.2.10:3260", "192.0.2.21:50112", "iqn.2026-01.com.example:fast", "iqn.1998-01.com.vmware:esx-01", "00023d000001", 5, 1);

    private static readonly ConnectionInfo s_v6 = s_connection with { Remote = "[2001:db8::7]:50112", Closed = 9, End = ConnectionEnd.TargetReset };

    private static readonly ConnectionInfo s_early = new(8, "192.0.2.10:3260", "192.0.2.99:1024");

    // A read of 64 blocks at 2048, 16 of which came: 25 ms, CHECK CONDITION 05/24/00.
    private static CompletedCommand Command()
    {
        CompletedCommand c = default;
        (c.Connection, c.Lun, c.Itt, c.CmdSn, c.Latency, c.Service, c.ReadBytes, c.Residual, c.CdbLength) = (7, 3, 0x10, 77, 25_000_000, 24_000_000, 8192, 24576, 10);
        (c.R2tWait, c.HostData, c.FirstByte, c.Transfer) = (-1, -1, 20_000_000, 1_000_000);
        (c.Cdb[0], c.Cdb[4], c.Cdb[8]) = (0x28, 8, 64);
        c.Status = ScsiStatus.CheckCondition;
        c.SenseLength = 18;
        (c.Sense[0], c.Sense[2], c.Sense[12]) = (0x70, 5, 0x24);
        return c;
    }

    private static EventContext Context(ConnectionInfo? connection = null) =>
        new(connection ?? s_connection, (connection ?? s_connection).Target, (connection ?? s_connection).Initiator, 0, s_engine);

    [TestCase("lun==3", true)]
    [TestCase("lun!=3", false)]
    [TestCase("lun in {1,2,5..9}", false)]
    [TestCase("lun in {1, 2..4}", true)]
    [TestCase("lun<=3 && lun>=3 && !(lun<3) && !(lun>3)", true)]
    [TestCase("lun==0x3", true)]
    [TestCase("not lun==4 and (lun==4 or lun==3)", true)]
    [TestCase("lun==4 || lun==3 && lat<1ms", false)]
    [TestCase("(lun==4 || lun==3) && lat>1ms", true)]
    [TestCase("lat>20ms", true)]
    [TestCase("lat>25ms", false)]
    [TestCase("lat>=25ms && lat<=25000us && lat==0.025s", true)]
    [TestCase("lat in {20ms..30ms}", true)]
    [TestCase("svc<lat", false, true)]
    [TestCase("op==read", true)]
    [TestCase("op==READ(10)", true)]
    [TestCase("op==\"read(10)\"", true)]
    [TestCase("op==0x28", true)]
    [TestCase("op==0x28/0x10", false)]
    [TestCase("opcode==0x2a", false)]
    [TestCase("op!=write", true)]
    [TestCase("op in {write, 0x28}", true)]
    [TestCase("op~\"^read\"", true)]
    [TestCase("op!~^read", false)]
    [TestCase("kind==read && kind!=other", true)]
    [TestCase("status==check_condition", true)]
    [TestCase("status==\"CHECK CONDITION\"", true)]
    [TestCase("status==0x02", true)]
    [TestCase("status~check", true)]
    [TestCase("status==good", false)]
    [TestCase("sense==05", true)]
    [TestCase("sense==05/24", true)]
    [TestCase("sense==05/24/00", true)]
    [TestCase("sense==05/24/01", false)]
    [TestCase("sense in {06, 05/20, 05/24}", true)]
    [TestCase("key==5 && asc==0x24 && ascq==0", true)]
    [TestCase("lba==2048 && blocks==64", true)]
    [TestCase("lba<2k", false)]
    [TestCase("lba<2Ki", false)]
    [TestCase("lba<=2Ki", true)]
    [TestCase("bytes==8Ki && size==8192B && bytes<8.2k && bytes>8kB", true)]
    [TestCase("residual>0", true)]
    [TestCase("residual<-5", false)]
    [TestCase("itt==16 && cmdsn==77 && r2ts==0", true)]
    [TestCase("first_byte==20ms && xfer==1ms", true)]
    [TestCase("initiator~\"esx.*\"", true)]
    [TestCase("initiator~ESX", true)]
    [TestCase("initiator==IQN.1998-01.com.vmware:esx-01", true)]
    [TestCase("initiator==esx-01", false)]
    [TestCase("target in {a, iqn.2026-01.com.example:fast}", true)]
    [TestCase("isid==00023D000001 && tsih==5 && cid==1", true)]
    [TestCase("remote==192.0.2.21", true)]
    [TestCase("remote==192.0.2.21:50112", true)]
    [TestCase("remote==192.0.2.21:50113", false)]
    [TestCase("ip==192.0.2.0/24", true)]
    [TestCase("ip==192.0.2.0/28", false)]
    [TestCase("ip==0.0.0.0/0", true)]
    [TestCase("ip==2001:db8::/32", false)]
    [TestCase("ip in {10.0.0.0/8, 192.0.2.16/28}", true)]
    [TestCase("portal==192.0.2.10:3260", true)]
    [TestCase("remote~\"^192\"", true)]
    [TestCase("engine==4711 && pid in {1,4711} && source==eth0", true)]
    [TestCase("state==open", true)]
    [TestCase("lba", true)]
    [TestCase("!lba", false)]
    [TestCase("r2t", false)]
    [TestCase("!r2t && lun", true)]
    public void Of_a_command(string expression, bool kept, bool wrong = false)
    {
        if (wrong)
        {
            Assert.That(() => Filter.Parse(expression), Throws.TypeOf<FilterException>());
            return;
        }
        CompletedCommand command = Command();
        Assert.That(Filter.Parse(expression).Keeps(in command, Context()), Is.EqualTo(kept));
    }

    [TestCase("r2t>1ms")]
    [TestCase("r2t<=1ms")]
    [TestCase("!(r2t>1ms)")]
    [TestCase("r2t!=1ms")]
    [TestCase("r2t>1ms && lun==3")]
    [TestCase("!(r2t>1ms || lun==4)")]
    [TestCase("end!=logout")]
    [TestCase("probe==scsi-command")]
    public void What_is_not_known_matches_neither_way(string expression)
    {
        CompletedCommand command = Command();
        Assert.That(Filter.Parse(expression).Keeps(in command, Context()), Is.False);
    }

    [TestCase("r2t>1ms || lun==3")]
    [TestCase("!(r2t>1ms && lun==4)")]
    public void What_is_known_decides_where_it_can(string expression)
    {
        CompletedCommand command = Command();
        Assert.That(Filter.Parse(expression).Keeps(in command, Context()), Is.True);
    }

    [TestCase("remote==2001:db8::7", true)]
    [TestCase("remote==[2001:db8::7]:50112", true)]
    [TestCase("remote==2001:db8:0:0::/32", true)]
    [TestCase("remote==2001:db9::/32", false)]
    [TestCase("remote==0.0.0.0/0", false)]
    [TestCase("remote==::/0", true)]
    [TestCase("state==ended && end==target-rst", true)]
    [TestCase("end==target_rst", true)]
    [TestCase("lun==3", false)]
    [TestCase("lun!=3", false)]
    [TestCase("op!=write", false)]
    [TestCase("kind!=read", false)]
    [TestCase("status!=good", false)]
    [TestCase("function!=abort-task", false)]
    [TestCase("failure!=reject || severity!=notice", false)]
    public void Of_a_connection(string expression, bool kept) =>
        Assert.That(Filter.Parse(expression).Keeps(new ConnectionDelta { Connection = s_v6, Engine = s_engine }), Is.EqualTo(kept));

    [TestCase("state==login", true)]
    [TestCase("initiator~.", false)]
    [TestCase("!initiator", true)]
    [TestCase("tsih==0", false)]
    public void Of_one_that_has_not_logged_in(string expression, bool kept) =>
        Assert.That(Filter.Parse(expression).Keeps(new ConnectionDelta { Connection = s_early, Engine = s_engine }), Is.EqualTo(kept));

    [Test]
    public void Of_what_was_counted_apart_the_kind_is_known_and_the_operation_is_not()
    {
        var cell = new CellDelta
        {
            Cell = new Cell { Key = new CellKey(7, Lun.Unknown, CellTable.Overflow(CommandKind.Write)), Kind = CommandKind.Write },
            Connection = s_connection,
            Engine = s_engine,
        };
        Assert.Multiple(() =>
        {
            Assert.That(Filter.Parse("op==write").Keeps(cell), Is.True);
            Assert.That(Filter.Parse("op!=0x2a").Keeps(cell), Is.False);
            Assert.That(Filter.Parse("lun!=3").Keeps(cell), Is.False);
        });
    }

    [Test]
    public void Of_the_rows_of_other_views()
    {
        var failure = new FailureDelta { Key = new FailureKey(7, 3, 0x2800, FailureKind.Status, 0x02_05_24_00), Connection = s_connection, Engine = s_engine };
        var reject = new FailureDelta { Key = new FailureKey(7, Lun.Unknown, 0, FailureKind.Reject, 4), Connection = s_connection, Engine = s_engine };
        var beyond = new FailureDelta { Key = new FailureKey(7, Lun.Unknown, 0, FailureKind.Status, uint.MaxValue), Connection = s_connection, Engine = s_engine };
        var pattern = new PatternDelta { Key = new PatternKey(7, 3, Writes: true), Connection = s_connection, Engine = s_engine };
        var task = new TaskRecord(1, 0, s_connection, s_engine, 3, TaskFunction.AbortTask, 5, 0x2a00, 1, 1);
        var end = new SessionEnd(s_v6, s_engine, 1, [], [], 0, 0, -1, -1, -1, -1, 0);
        var held = new ReservationState(s_connection.Target, 3, s_engine, ReservationKind.Persistent, 5, new Registrant("holder", "", 1), [new Registrant("other", "", 2)], 1, 1, true);
        var finding = new Finding("misaligned", Severity.Warning, "s", "e", "a", s_connection.Target, 3, "", 1, 2);
        Assert.Multiple(() =>
        {
            Assert.That(Kept(f => f.Keeps(failure), "status==check_condition && sense==05/24 && op==read && failure==status"), Is.True);
            Assert.That(Kept(f => f.Keeps(failure), "lat>0ms || lun==4"), Is.False);
            Assert.That(Kept(f => f.Keeps(reject), "failure==reject && !op && !status && !sense"), Is.True);
            Assert.That(Kept(f => f.Keeps(beyond), "failure==status && !op && !status && !kind && !lun"), Is.True);
            Assert.That(Kept(f => f.Keeps(pattern), "op==write && lun==3 && kind!=read"), Is.True);
            Assert.That(Kept(f => f.Keeps(task), "function==abort-task && op==write"), Is.True);
            Assert.That(Kept(f => f.Keeps(end), "end==target-rst && initiator~esx"), Is.True);
            Assert.That(Kept(f => f.Keeps(held), "initiator==other && lun==3"), Is.True);
            Assert.That(Kept(f => f.Keeps(held), "initiator==third"), Is.False);
            Assert.That(Kept(f => f.Keeps(finding), "rule==misaligned && severity==warning && !initiator"), Is.True);
            Assert.That(Kept(f => f.Keeps(new UnitDelta { Target = "t", Lun = 1, Engine = s_engine }), "target==t && lun==1 && !initiator"), Is.True);
        });

        static bool Kept(Func<Filter, bool> keeps, string expression) => keeps(Filter.Parse(expression));
    }

    [TestCase("probe==scsi-command && op==0x28 && bytes==0 && itt==9", true)]
    [TestCase("probe~^scsi", true)]
    [TestCase("lun==3", true)]
    [TestCase("status", false)]
    [TestCase("lat>0ms", false)]
    public void Of_an_event(string expression, bool kept)
    {
        ProbeEvent e = Events.Command(1, 7, 3, 9, Events.Read10, 4096);
        Assert.That(Filter.Parse(expression).Keeps(in e, Context()), Is.EqualTo(kept));
    }

    [Test]
    public void Of_a_response()
    {
        ProbeEvent e = Events.Response(1, 7, 3, 9, ScsiStatus.Busy);
        Assert.That(Filter.Parse("status==busy && cmdsn==0 && !op").Keeps(in e, Context()), Is.True);
    }

    [TestCase("lun==3 && initiator~esx && op==write", false)]
    [TestCase("lat>20ms", true)]
    [TestCase("lun==1 || status==busy", true)]
    public void Says_whether_it_needs_single_commands(string expression, bool needs) =>
        Assert.That(Filter.Parse(expression).NeedsCommands, Is.EqualTo(needs));

    [Test]
    public void Asking_allocates_nothing()
    {
        Filter filter = Filter.Parse("(lun in {1,3} && op==READ(10) && initiator~\"esx.*1$\" && remote==192.0.2.0/24 && target!=x || isid==5) && lat>20ms && sense==05/24 && op~read && lba<9999 && remote~21");
        CompletedCommand command = Command();
        EventContext context = Context();
        var cell = new CellDelta { Cell = new Cell { Key = new CellKey(7, 3, 0x2800) }, Connection = s_connection, Engine = s_engine };
        Filter ofCells = Filter.Parse("lun==3 && initiator~esx && ip==192.0.2.0/24 && op==read");
        bool all = true;
        long allocated = Allocated.By(() => all &= filter.Keeps(in command, in context) & ofCells.Keeps(cell));
        Assert.That((all, allocated), Is.EqualTo((true, 0)));
    }
}
