using System.Buffers.Binary;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class ScsiCommandsTests
{
    private const byte R = 0xc0, W = 0xa0;
    private TestTarget _target = null!;

    [OneTimeSetUp]
    public void Start() => _target = new TestTarget("0=ram:64MiB", "1=ram:4MiB,delay=1ms");

    [OneTimeTearDown]
    public void Stop() => _target.Dispose();

    /// <summary>Every way a write's data may travel, over transfer sizes around every limit.</summary>
    [Test]
    public void What_is_written_is_read_back(
        [Values("Yes", "No")] string initialR2t, [Values("Yes", "No")] string immediate,
        [Values("512", "4096", "65536")] string maxBurst, [Values(1, 8, 9, 127, 128, 129, 513)] int blocks)
    {
        using Initiator initiator = _target.Login($"h{initialR2t}{immediate}{maxBurst}{blocks}", ("InitialR2T", initialR2t), ("ImmediateData", immediate), ("MaxBurstLength", maxBurst),
            ("FirstBurstLength", "4096"), ("MaxOutstandingR2T", "3"), ("MaxRecvDataSegmentLength", "8192"));
        ArraySegment<byte> written = Cdb.Buffer(blocks * 512, seed: blocks);
        ArraySegment<byte> read = Cdb.Buffer(blocks * 512);
        Assert.That(initiator.Execute(Cdb.Write10(0, 100, blocks, written)).Status, Is.EqualTo(ScsiStatus.Good));
        ScsiResult result = initiator.Execute(Cdb.Read10(0, 100, blocks, read));
        Assert.That((result.Status, result.Received, result.Residual), Is.EqualTo((ScsiStatus.Good, blocks * 512, 0L)));
        Assert.That(read.AsSpan().SequenceEqual(written));
    }

    [Test]
    public void Unsolicited_data_after_the_command_is_taken()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=No\0FirstBurstLength=4096\0");
        byte[] data = Data(2048);
        peer.Send(
            RawPeer.WithData(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 9, 4), 1, peer.CmdSn++, 0x20, 2048), data[..512]),
            RawPeer.DataOut(1, Pdu.ReservedTag, 0, 512, data[512..1024], final: false),
            RawPeer.DataOut(1, Pdu.ReservedTag, 1, 1024, data[1024..], final: true));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
        Assert.That(Read(peer, 9, 4), Is.EqualTo(data));
    }

    [Test]
    public void Unsolicited_data_that_ends_early_is_asked_for()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=No\0FirstBurstLength=4096\0");
        byte[] data = Data(2048);
        peer.Send(
            RawPeer.ScsiCommand(Cdb.Ten(0x2a, 9, 4), 1, peer.CmdSn++, 0x20, 2048),
            RawPeer.DataOut(1, Pdu.ReservedTag, 0, 0, data[..512], final: true));
        (byte[] r2t, _) = peer.Expect(Opcode.ReadyToTransfer);
        Assert.That((U32(r2t, 40), U32(r2t, 44)), Is.EqualTo((512u, 1536u)));
        peer.Send(RawPeer.DataOut(1, U32(r2t, 20), 0, 512, data[512..], final: true));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
        Assert.That(Read(peer, 9, 4), Is.EqualTo(data));
    }

    [Test]
    public void R2Ts_stay_within_what_was_agreed()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=1024\0MaxOutstandingR2T=2\0");
        byte[] data = Data(4096);
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 9, 8), 1, peer.CmdSn++, W, 4096));
        var outstanding = new Queue<byte[]>();
        for (uint sn = 0, answered = 0; answered < 4; answered++)
        {
            for (; outstanding.Count < Math.Min(2, 4 - answered); sn++)
            {
                byte[] r2t = peer.Expect(Opcode.ReadyToTransfer).Bhs;
                Assert.That((U32(r2t, 36), U32(r2t, 40), U32(r2t, 44)), Is.EqualTo((sn, sn * 1024, 1024u)));
                outstanding.Enqueue(r2t);
            }
            byte[] next = outstanding.Dequeue();
            int at = (int)U32(next, 40);
            peer.Send(
                RawPeer.DataOut(1, U32(next, 20), 0, (uint)at, data[at..(at + 512)], final: false),
                RawPeer.DataOut(1, U32(next, 20), 1, (uint)at + 512, data[(at + 512)..(at + 1024)], final: true));
        }
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
        Assert.That(Read(peer, 9, 8), Is.EqualTo(data));
    }

    // dataSn, offset, length, final
    [TestCase(1u, 0u, 1024, true, TestName = "Data-Out: DataSN begins at 1")]
    [TestCase(27u, 0u, 1024, true, TestName = "Data-Out: DataSN 27")]
    [TestCase(0xffffffffu, 0u, 1024, true, TestName = "Data-Out: DataSN -1")]
    [TestCase(0u, 512u, 512, true, TestName = "Data-Out: a hole before it")]
    [TestCase(0u, 4096u, 1024, true, TestName = "Data-Out: beyond the buffer")]
    [TestCase(0u, 0xfffffe00u, 1024, true, TestName = "Data-Out: an offset that wraps")]
    [TestCase(0u, 0u, 2048, true, TestName = "Data-Out: more than was asked for")]
    [TestCase(0u, 0u, 512, true, TestName = "Data-Out: F too early")]
    [TestCase(0u, 0u, 1024, false, TestName = "Data-Out: no F at the end")]
    public void Improper_data_never_ends_GOOD_and_is_not_written(uint dataSn, uint offset, int length, bool final)
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        byte[] before = Read(peer, 40, 4);
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 40, 2), 1, peer.CmdSn++, W, 1024));
        (byte[] r2t, _) = peer.Expect(Opcode.ReadyToTransfer);
        peer.Send(RawPeer.DataOut(1, U32(r2t, 20), dataSn, offset, Data(length), final));
        (byte[] bhs, byte[] sense) = peer.Expect(Opcode.ScsiResponse);
        Assert.That(bhs[3], Is.EqualTo((byte)ScsiStatus.CheckCondition));
        Assert.That(sense[2 + 2], Is.EqualTo(0x0b), "ABORTED COMMAND");
        Assert.That(Read(peer, 40, 4), Is.EqualTo(before));
    }

    [Test]
    public void Data_for_no_task_is_rejected_and_much_of_it_ends_the_connection()
    {
        using RawPeer peer = _target.Connect().Login();
        peer.Send(RawPeer.DataOut(77, 5, 0, 0, new byte[512], final: true));
        Assert.That((RejectReason)peer.Expect(Opcode.Reject).Bhs[2], Is.EqualTo(RejectReason.InvalidPduField));
        for (int i = 0; i < 100; i++) peer.Send(RawPeer.DataOut(77, 5, 0, 0, [], final: true));
        while (peer.Read() is not null)
        {
        }
    }

    [Test]
    public void Unsolicited_data_that_was_not_agreed_upon_ends_the_command_after_its_data([Values] bool immediate)
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        byte[] command = RawPeer.ScsiCommand(Cdb.Ten(0x2a, 9, 1), 1, peer.CmdSn++, immediate ? W : (byte)0x20, 512);
        peer.Send(immediate ? RawPeer.WithData(command, Data(512)) : command);
        if (!immediate) peer.Send(RawPeer.DataOut(1, Pdu.ReservedTag, 0, 0, Data(512), final: true));
        (byte[] bhs, byte[] sense) = peer.Expect(Opcode.ScsiResponse);
        Assert.That((bhs[3], sense[2 + 2], sense[2 + 12], sense[2 + 13]), Is.EqualTo(((byte)2, (byte)0x0b, (byte)0x0c, (byte)0x0c)));
    }

    [Test]
    public void A_write_that_fails_at_once_is_answered_when_its_unsolicited_data_has_come()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=No\0");
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0xffffff00, 8), 1, peer.CmdSn++, 0x20, 4096));
        peer.Send(RawPeer.Bhs(Opcode.NopOut, itt: 9, immediate: true));
        peer.Expect(Opcode.NopIn);
        peer.Send(RawPeer.DataOut(1, Pdu.ReservedTag, 0, 0, Data(4096), final: true));
        (byte[] bhs, byte[] sense) = peer.Expect(Opcode.ScsiResponse);
        Assert.That((bhs[3], sense[2 + 12]), Is.EqualTo(((byte)2, (byte)0x21)));
    }

    // flags, CDB blocks, EDTL, immediate bytes: status, Data-In bytes, residual flag, residual
    [TestCase(R, 1, 512u, 512, 0x00, 0u, TestName = "Residual: none")]
    [TestCase(R, 1, 10000u, 512, 0x02, 9488u, TestName = "Residual: read underflow")]
    [TestCase(R, 1, 200u, 200, 0x04, 312u, TestName = "Residual: read overflow")]
    [TestCase((byte)0x80, 1, 0u, 0, 0x04, 512u, TestName = "Residual: a read with no room at all")]
    [TestCase(R, 2, 512u, 512, 0x04, 512u, TestName = "Residual: two blocks into one")]
    [TestCase(W, 1, 512u, 0, 0x02, 512u, TestName = "Residual: a read flagged as write")]
    public void Reads_report_what_did_not_fit(byte flags, int blocks, uint expected, int received, int residualFlag, uint residual)
    {
        using RawPeer peer = _target.Connect().Login("ImmediateData=Yes\0");
        byte[] command = RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, blocks), 1, peer.CmdSn++, flags, expected);
        peer.Send(flags == W ? RawPeer.WithData(command, new byte[expected]) : command);
        (byte[] bhs, byte[] data) = peer.Read()!.Value;
        Assert.That(bhs[0], Is.EqualTo((byte)(received > 0 ? Opcode.DataIn : Opcode.ScsiResponse)));
        Assert.That((bhs[3], data.Length, bhs[1] & 0x06, U32(bhs, 44)), Is.EqualTo(((byte)0, received, residualFlag, residual)));
    }

    [Test]
    public void Data_In_comes_in_the_initiators_sizes_with_the_status_in_the_last()
    {
        using RawPeer peer = _target.Connect().Login("MaxRecvDataSegmentLength=1024\0MaxBurstLength=2048\0");
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, 9), 1, peer.CmdSn++, R, 9 * 512));
        uint offset = 0;
        byte[] flags = [0x00, 0x80, 0x00, 0x80, 0x81];
        for (uint sn = 0; sn < 5; sn++)
        {
            (byte[] bhs, byte[] data) = peer.Expect(Opcode.DataIn);
            Assert.That((bhs[1], U32(bhs, 36), U32(bhs, 40), data.Length), Is.EqualTo((flags[sn], sn, offset, sn == 4 ? 512 : 1024)));
            Assert.That(U32(bhs, 24) == 0, Is.EqualTo(sn < 4), "StatSN goes with the status only");
            offset += (uint)data.Length;
        }
    }

    [Test]
    public void A_slow_unit_does_not_hold_up_another()
    {
        using Initiator initiator = _target.Login("slow");
        ArraySegment<byte> a = Cdb.Buffer(512), b = Cdb.Buffer(512);
        using var held = new HeldUnit(_target, 1);
        uint slow = initiator.Submit(Cdb.Read10(1, 0, 1, a));
        uint fast = initiator.Submit(Cdb.Read10(0, 0, 1, b));
        initiator.Send();
        Assert.That(initiator.Complete().Tag, Is.EqualTo(fast));
        held.LetGo();
        Assert.That(initiator.Complete().Tag, Is.EqualTo(slow));
    }

    [Test]
    public void An_expected_length_the_peer_invents_costs_no_memory()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, peer.CmdSn++, W, 0xffffffff));
        (byte[] r2t, _) = peer.Expect(Opcode.ReadyToTransfer);
        Assert.That(U32(r2t, 44), Is.EqualTo(512));
        peer.Send(RawPeer.DataOut(1, U32(r2t, 20), 0, 0, Data(512), final: true));
        (byte[] bhs, _) = peer.Expect(Opcode.ScsiResponse);
        Assert.That((bhs[3], bhs[1] & 6, U32(bhs, 44)), Is.EqualTo(((byte)0, 2, 0xffffffff - 512)));
    }

    [Test]
    public void A_write_flagged_as_read_does_not_end_GOOD()
    {
        using RawPeer peer = _target.Connect().Login();
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, peer.CmdSn++, R, 512));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.EqualTo((byte)ScsiStatus.CheckCondition));
    }

    [Test]
    public void Buffers_for_data_that_never_comes_are_bounded()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0", host: "hoarder");
        // 16 MiB each; a write needs its buffer before its data comes.
        for (uint i = 0; i < 100; i++) peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 32768), 100 + i, peer.CmdSn++, W, 16 << 20));
        int full = 0;
        for (byte[] bhs = peer.Read()!.Value.Bhs; full == 0; bhs = peer.Read()!.Value.Bhs)
            if (bhs[0] == (byte)Opcode.ScsiResponse)
                full = bhs[3];
        Assert.That((ScsiStatus)full, Is.EqualTo(ScsiStatus.TaskSetFull));
    }

    [Test]
    public void A_client_that_does_not_read_stops_itself_only()
    {
        using RawPeer greedy = _target.Connect().Login("MaxRecvDataSegmentLength=262144\0", host: "greedy");
        for (uint i = 0; i < 60; i++) greedy.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, 8192), 100 + i, greedy.CmdSn++, R, 4 << 20));
        using Initiator other = _target.Login("other");
        Assert.That(other.Execute(Cdb.Read10(0, 0, 1, Cdb.Buffer(512))).Status, Is.EqualTo(ScsiStatus.Good));
    }

    private static byte[] Read(RawPeer peer, uint lba, int blocks)
    {
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, lba, blocks), 0x4000, peer.CmdSn++, R, (uint)blocks * 512));
        var all = new List<byte>();
        byte[] bhs, data;
        do
        {
            (bhs, data) = peer.Expect(Opcode.DataIn);
            all.AddRange(data);
        }
        while ((bhs[1] & BhsFlags.Status) == 0);
        return [.. all];
    }

    private static byte[] Data(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        return data;
    }

    private static uint U32(byte[] bhs, int at) => BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(at));
}
