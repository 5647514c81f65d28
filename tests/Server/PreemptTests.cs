using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Peer = Iscsitop.Target.Initiator.Initiator;

namespace Iscsitop.Tests.Server;

/// <summary>PREEMPT AND ABORT between sessions.</summary>
[TestFixture]
public sealed class PreemptTests
{
    private const int Register = 0, PreemptAndAbort = 5;
    private const uint Tag = 0x42;

    [TestCase(0, TestName = "a write that waits for its data")]
    [TestCase(1, TestName = "a read that a worker has")]
    public void Tasks_of_the_preempted_end_without_a_status_and_the_others_go_on(int lun)
    {
        using var target = new TestTarget("0=ram:16MiB", "1=ram:4MiB,delay=1ms");
        using RawPeer victim = target.Connect().Login(host: "victim"), bystander = target.Connect().Login(host: "bystander");
        foreach (RawPeer peer in new[] { victim, bystander })
        {
            // The unit attention of the other LUN.
            peer.Send(RawPeer.ScsiCommand(new byte[6], 1, peer.CmdSn++, 0x80, 0, lun: 1));
            peer.Expect(Opcode.ScsiResponse);
        }
        Prout(victim, Register, lun, key: 0, action: 2);
        using Peer winner = target.Login("winner");
        byte[] register = [.. new byte[8], 0, 0, 0, 0, 0, 0, 0, 1, .. new byte[8]], preempt = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, .. new byte[8]];
        Assert.That(winner.Out("5F 00 00 00 00 00 00 00 18 00", Convert.ToHexString(register), lun), Is.EqualTo("GOOD"));

        using var held = new HeldUnit(target, 1);
        foreach (RawPeer peer in new[] { victim, bystander })
        {
            byte[] cdb = Cdb.Ten((byte)(lun == 0 ? 0x2a : 0x28), 0, 1);
            peer.Send(RawPeer.ScsiCommand(cdb, Tag, peer.CmdSn++, (byte)(lun == 0 ? 0xa0 : 0xc0), 512, lun));
            if (lun == 1) held.AwaitOne();
        }
        byte[]? r2t = lun == 0 ? victim.Expect(Opcode.ReadyToTransfer).Bhs : null, r2tOther = lun == 0 ? bystander.Expect(Opcode.ReadyToTransfer).Bhs : null;
        Nexus preempted = target.Server.Sessions().Single(s => s.Initiator.EndsWith(":victim", StringComparison.Ordinal)).Nexus!;
        Generations tasks = preempted.TasksOf(preempted.Find((ulong)lun)!);
        int before = tasks.Current;
        Task<string> preempting = Task.Run(() => winner.Out("5F 05 00 00 00 00 00 00 18 00", Convert.ToHexString(preempt), lun));
        Assert.That(SpinWait.SpinUntil(() => tasks.Current != before, TimeSpan.FromSeconds(60)), "the tasks are aborted");
        if (lun == 1) Assert.That(preempting.IsCompleted, Is.False, "a worker has one of them still");
        held.LetGo();
        Assert.That(preempting.Result, Is.EqualTo("GOOD"));

        if (r2t is not null) victim.Send(RawPeer.DataOut(Tag, Ttt(r2t), 0, 0, new byte[512], final: true));
        if (r2tOther is not null) bystander.Send(RawPeer.DataOut(Tag, Ttt(r2tOther), 0, 0, new byte[512], final: true));
        if (lun == 1) bystander.Expect(Opcode.DataIn);
        else Assert.That(bystander.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
        victim.Send(RawPeer.ScsiCommand(new byte[6], 0x55, victim.CmdSn++, 0x80, 0, lun));
        (byte[] bhs, byte[] sense) = victim.Expect(Opcode.ScsiResponse);
        Assert.Multiple(() =>
        {
            Assert.That(bhs[19], Is.EqualTo(0x55), "no status of the aborted task");
            Assert.That((bhs[3], sense[14], sense[15]), Is.EqualTo(((byte)ScsiStatus.CheckCondition, (byte)0x2a, (byte)0x05)));
        });
    }

    private static void Prout(RawPeer peer, byte serviceAction, int lun, byte key, byte action)
    {
        byte[] list = new byte[24], cdb = [0x5f, serviceAction, 0, 0, 0, 0, 0, 0, 24, 0];
        (list[7], list[15]) = (key, action);
        peer.Send(RawPeer.WithData(RawPeer.ScsiCommand(cdb, 9, peer.CmdSn++, 0xa0, 24, lun), list));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
    }

    private static uint Ttt(byte[] bhs) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(20));
}
