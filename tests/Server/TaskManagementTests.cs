using System.Buffers.Binary;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class TaskManagementTests
{
    private TestTarget _target = null!;

    [SetUp]
    public void Start() => _target = new TestTarget("0=ram:16MiB", "1=ram:4MiB,delay=1ms");

    [TearDown]
    public void Stop() => _target.Dispose();

    [Test]
    public void A_write_that_waits_for_data_is_aborted_and_its_late_data_dropped_in_silence()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, peer.CmdSn++, 0xa0, 512));
        (byte[] r2t, _) = peer.Expect(Opcode.ReadyToTransfer);
        Assert.That(Ask(peer, TaskFunction.AbortTask, reference: 1), Is.EqualTo(TaskFunctionResponse.Complete));
        peer.Send(RawPeer.DataOut(1, U32(r2t, 20), 0, 0, new byte[512], final: true));
        peer.Send(RawPeer.Bhs(Opcode.NopOut, immediate: true));
        peer.Expect(Opcode.NopIn);
    }

    [Test]
    public void A_task_a_worker_has_is_aborted_when_it_can_do_no_more_harm()
    {
        using RawPeer peer = _target.Connect().Login();
        peer.Send(RawPeer.ScsiCommand(new byte[6], 5, peer.CmdSn++, 0x80, 0, lun: 1));
        peer.Expect(Opcode.ScsiResponse);
        using var held = new HeldUnit(_target, 1);
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, 1), 1, peer.CmdSn++, 0xc0, 512, lun: 1));
        held.AwaitOne();
        peer.Send(Request(TaskFunction.AbortTask, 1, 1, peer.CmdSn), RawPeer.Bhs(Opcode.NopOut, immediate: true));
        peer.Expect(Opcode.NopIn);
        held.LetGo();
        Assert.That(peer.Expect(Opcode.TaskManagementResponse).Bhs[2], Is.EqualTo((byte)TaskFunctionResponse.Complete), "and no status comes before or after");
        peer.Send(RawPeer.Bhs(Opcode.NopOut, immediate: true));
        peer.Expect(Opcode.NopIn);
    }

    [Test]
    public void A_task_that_is_over_does_not_exist()
    {
        using RawPeer peer = _target.Connect().Login();
        Assert.That(Ask(peer, TaskFunction.AbortTask, reference: 0x123), Is.EqualTo(TaskFunctionResponse.TaskDoesNotExist));
    }

    [Test]
    public void A_command_that_was_lost_is_taken_as_received()
    {
        using RawPeer peer = _target.Connect().Login();
        uint lost = peer.CmdSn++;
        byte[] abort = Request(TaskFunction.AbortTask, 0x123, 0, peer.CmdSn);
        RawPeer.Put32(abort, 32, lost);
        peer.Send(abort);
        Assert.That(peer.Expect(Opcode.TaskManagementResponse).Bhs[2], Is.EqualTo((byte)TaskFunctionResponse.Complete));
        peer.Send(RawPeer.ScsiCommand(new byte[6], 3, peer.CmdSn++, 0x80, 0));
        Assert.That(U32(peer.Expect(Opcode.ScsiResponse).Bhs, 16), Is.EqualTo(3), "the hole holds nobody up");
    }

    [Test]
    public void A_command_that_waits_for_its_turn_can_be_aborted([Values] bool wholeSet)
    {
        using RawPeer peer = _target.Connect().Login();
        uint next = peer.CmdSn;
        peer.Send(RawPeer.ScsiCommand(new byte[6], 0x77, next + 1, 0x80, 0));
        byte[] abort = Request(wholeSet ? TaskFunction.AbortTaskSet : TaskFunction.AbortTask, 0x77, 0, next + 2);
        RawPeer.Put32(abort, 32, next + 1);
        peer.Send(abort);
        Assert.That(peer.Expect(Opcode.TaskManagementResponse).Bhs[2], Is.EqualTo((byte)TaskFunctionResponse.Complete));
        peer.Send(RawPeer.ScsiCommand(new byte[6], 1, next, 0x80, 0), RawPeer.ScsiCommand(new byte[6], 2, next + 2, 0x80, 0));
        Assert.That(U32(peer.Expect(Opcode.ScsiResponse).Bhs, 16), Is.EqualTo(1));
        Assert.That(U32(peer.Expect(Opcode.ScsiResponse).Bhs, 16), Is.EqualTo(2), "and the aborted one is not answered");
    }

    [Test]
    public void A_tag_that_a_reset_has_freed_may_be_used_again_at_once()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0");
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, peer.CmdSn++, 0xa0, 512));
        peer.Expect(Opcode.ReadyToTransfer);
        Assert.That(Ask(peer, TaskFunction.LogicalUnitReset), Is.EqualTo(TaskFunctionResponse.Complete));
        peer.Send(RawPeer.ScsiCommand(new byte[6], 1, peer.CmdSn++, 0x80, 0));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.EqualTo((byte)ScsiStatus.CheckCondition), "the reset's unit attention");
    }

    [Test]
    public void A_reset_is_answered_while_another_initiator_keeps_the_unit_busy()
    {
        using RawPeer own = _target.Connect().Login(host: "own"), busy = _target.Connect().Login(host: "busy");
        foreach (RawPeer peer in new[] { own, busy })
        {
            peer.Send(RawPeer.ScsiCommand(new byte[6], 5, peer.CmdSn++, 0x80, 0, lun: 1));
            peer.Expect(Opcode.ScsiResponse);
        }
        using var before = new HeldUnit(_target, 1);
        busy.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, 1), 1, busy.CmdSn++, 0xc0, 512, lun: 1));
        before.AwaitOne();
        own.Send(Request(TaskFunction.LogicalUnitReset, Pdu.ReservedTag, 1, own.CmdSn), RawPeer.Bhs(Opcode.NopOut, immediate: true));
        own.Expect(Opcode.NopIn);
        using var after = new HeldUnit(_target, 1);
        // The first has the reset's unit attention, the second begins after it and stays.
        busy.Send(RawPeer.ScsiCommand(new byte[6], 2, busy.CmdSn++, 0x80, 0, lun: 1));
        Assert.That(U32(busy.Expect(Opcode.ScsiResponse).Bhs, 16), Is.EqualTo(2));
        busy.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, 0, 1), 3, busy.CmdSn++, 0xc0, 512, lun: 1));
        after.AwaitOne();
        before.LetGo();
        Assert.That(own.Expect(Opcode.TaskManagementResponse).Bhs[2], Is.EqualTo((byte)TaskFunctionResponse.Complete));
        after.LetGo();
        Assert.That(U32(busy.Expect(Opcode.DataIn).Bhs, 16), Is.EqualTo(3), "and the aborted one is not answered");
    }

    [TestCase(TaskFunction.AbortTask, TaskFunctionResponse.LunDoesNotExist)]
    [TestCase(TaskFunction.AbortTaskSet, TaskFunctionResponse.LunDoesNotExist)]
    [TestCase(TaskFunction.ClearTaskSet, TaskFunctionResponse.LunDoesNotExist)]
    [TestCase(TaskFunction.LogicalUnitReset, TaskFunctionResponse.LunDoesNotExist)]
    [TestCase(TaskFunction.ClearAca, TaskFunctionResponse.NotSupported)]
    [TestCase(TaskFunction.TaskReassign, TaskFunctionResponse.ReassignmentNotSupported)]
    [TestCase((TaskFunction)9, TaskFunctionResponse.NotSupported)]
    [TestCase((TaskFunction)127, TaskFunctionResponse.NotSupported)]
    public void What_cannot_be_done_is_said(TaskFunction function, TaskFunctionResponse response)
    {
        using RawPeer peer = _target.Connect().Login();
        Assert.That(Ask(peer, function, lun: 77), Is.EqualTo(response));
    }

    [TestCase(TaskFunction.LogicalUnitReset, 0x29, 0x29)]
    [TestCase(TaskFunction.TargetWarmReset, 0x29, 0x29)]
    [TestCase(TaskFunction.ClearTaskSet, 0x2f, 0)]
    public void Everyone_concerned_is_told(TaskFunction function, int ascOfOthers, int ascOfOwn)
    {
        using RawPeer own = _target.Connect().Login(host: "own");
        using RawPeer other = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0", host: "other");
        other.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 1), 1, other.CmdSn++, 0xa0, 512));
        (byte[] r2t, _) = other.Expect(Opcode.ReadyToTransfer);
        Assert.That(Ask(own, function), Is.EqualTo(TaskFunctionResponse.Complete));
        Assert.That(Asc(own), Is.EqualTo(ascOfOwn));
        other.Send(RawPeer.DataOut(1, U32(r2t, 20), 0, 0, new byte[512], final: true));
        Assert.That(Asc(other), Is.EqualTo(ascOfOthers), "and the aborted write is not answered");
    }

    [Test]
    public void A_cold_reset_drops_every_connection()
    {
        using RawPeer own = _target.Connect().Login(host: "own");
        using RawPeer other = _target.Connect().Login(host: "other");
        Assert.That(Ask(own, TaskFunction.TargetColdReset), Is.EqualTo(TaskFunctionResponse.Complete));
        own.ExpectClosed();
        other.ExpectClosed();
    }

    private static TaskFunctionResponse Ask(RawPeer peer, TaskFunction function, uint reference = Pdu.ReservedTag, int lun = 0)
    {
        peer.Send(Request(function, reference, lun, peer.CmdSn));
        (byte[] bhs, _) = peer.Expect(Opcode.TaskManagementResponse);
        return (TaskFunctionResponse)bhs[2];
    }

    private static byte[] Request(TaskFunction function, uint reference, int lun, uint cmdSn)
    {
        byte[] bhs = RawPeer.Bhs(Opcode.TaskManagementRequest, (byte)(0x80 | (int)function), itt: 0x900, immediate: true);
        BinaryPrimitives.WriteUInt64BigEndian(bhs.AsSpan(8), Lun.Encode(lun));
        RawPeer.Put32(bhs, 20, reference);
        return RawPeer.Put32(bhs, 24, cmdSn);
    }

    /// <summary>The additional sense code of a TEST UNIT READY, 0 when it is GOOD.</summary>
    private static int Asc(RawPeer peer)
    {
        peer.Send(RawPeer.ScsiCommand(new byte[6], 0x55, peer.CmdSn++, 0x80, 0));
        (byte[] bhs, byte[] sense) = peer.Expect(Opcode.ScsiResponse);
        return bhs[3] == (byte)ScsiStatus.Good ? 0 : sense[2 + 12];
    }

    private static uint U32(byte[] bhs, int at) => BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(at));
}
