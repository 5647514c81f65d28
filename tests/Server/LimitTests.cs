using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;
using static Iscsitop.Tests.Server.TargetsTests;

namespace Iscsitop.Tests.Server;

/// <summary>The limits of policy: what was told is what is held to.</summary>
[TestFixture]
[NonParallelizable] // the memory of buffers is the process's
public sealed class LimitTests
{
    private const string A = "iqn.2026-01.test.example:a";

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(300)]
    public void The_window_is_as_wide_as_told(int commands)
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { MaxCommands = commands });
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A)));
        (uint, uint) atLogin = Window(peer.Expect(Opcode.LoginResponse).Bhs);
        peer.Send(RawPeer.ScsiCommand(new byte[6], 1, 1, 0x80, 0));

        Assert.That((atLogin, Window(peer.Expect(Opcode.ScsiResponse).Bhs)), Is.EqualTo(((1u, (uint)commands), (2u, (uint)commands + 1))));
    }

    [Test]
    public void What_is_outside_of_it_is_dropped()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { MaxCommands = 2 });
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A)));
        peer.Expect(Opcode.LoginResponse);

        for (uint sn = 3; sn > 0; sn--) peer.Send(RawPeer.ScsiCommand(new byte[6], sn, sn, 0x80, 0));

        uint[] answered = [.. Enumerable.Range(0, 2).Select(_ => new Bhs(peer.Expect(Opcode.ScsiResponse).Bhs).Itt)];
        peer.Send(RawPeer.ScsiCommand(new byte[6], 9, 3, 0x80, 0));
        Assert.That(answered.Append(new Bhs(peer.Expect(Opcode.ScsiResponse).Bhs).Itt), Is.EqualTo(new uint[] { 1, 2, 9 }), "3 came too early and was lost");
    }

    [TestCase(8192, 0x0302)]
    [TestCase(65536, 0x0000)]
    public void Text_is_as_long_as_told(int bytes, int status)
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { MaxText = bytes });
        using RawPeer peer = target.Connect();
        string text = Names(A) + string.Concat(Enumerable.Range(0, 40).Select(i => $"X-com.example.{i}={new string('v', 200)}\0"));
        peer.Send(RawPeer.LoginRequest(text[..8000], 0x44));
        peer.Expect(Opcode.LoginResponse);
        peer.Send(RawPeer.LoginRequest(text[8000..], 0x87));

        Assert.That(text, Has.Length.GreaterThan(8192));
        Assert.That(Status(peer).Status, Is.EqualTo(status));
    }

    [Test]
    public void Beyond_the_memory_of_buffers_commands_wait()
    {
        try
        {
            using var target = new TestTarget(Options(Spec(A, "0=ram:16MiB")) with { MaxBuffers = 1 << 20 });
            using RawPeer peer = target.Connect();
            peer.Send(RawPeer.LoginRequest(Names(A) + "InitialR2T=Yes\0ImmediateData=No\0"));
            peer.Expect(Opcode.LoginResponse);
            peer.Send(RawPeer.ScsiCommand(new byte[6], 1, 1, 0x80, 0));
            peer.Expect(Opcode.ScsiResponse);

            // Two writes whose data never comes.
            peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 0, 2048), 2, 2, 0xa0, 1 << 20), RawPeer.ScsiCommand(Cdb.Ten(0x2a, 2048, 2048), 3, 3, 0xa0, 1 << 20));
            (byte[] Bhs, byte[] Data) pdu;
            do pdu = peer.Read()!.Value;
            while (new Bhs(pdu.Bhs).Itt == 2);
            if (new Bhs(pdu.Bhs).Opcode == Opcode.ReadyToTransfer)
            {
                peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x2a, 4096, 2048), 4, 4, 0xa0, 1 << 20));
                do pdu = peer.Read()!.Value;
                while (new Bhs(pdu.Bhs).Itt == 3);
            }

            Assert.That((ScsiStatus)pdu.Bhs[3], Is.EqualTo(ScsiStatus.TaskSetFull));
            target.Server.Reload(Options(Spec(A, "0=ram:16MiB")));
            Assert.That(BufferPool.Limit, Is.EqualTo(BufferPool.DefaultLimit), "a reload changes limits");
        }
        finally
        {
            BufferPool.Limit = BufferPool.DefaultLimit;
        }
    }

    [Test]
    public void Beyond_its_share_of_buffers_a_connection_waits_and_others_do_not()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:16MiB")) with { MaxBuffersPerConnection = 2 << 20 });
        using RawPeer peer = Begin(target, "greedy"), other = Begin(target, "modest");

        // Two writes whose data does not come, and one too many.
        peer.Send(LongWrite(2), LongWrite(3), LongWrite(4));
        Assert.That(AnswerTo(peer, 4), Is.EqualTo((Opcode.ScsiResponse, (byte)ScsiStatus.TaskSetFull)));
        other.Send(LongWrite(2));
        Assert.That(AnswerTo(other, 2).Opcode, Is.EqualTo(Opcode.ReadyToTransfer));

        byte[] abort = RawPeer.Put32(RawPeer.Bhs(Opcode.TaskManagementRequest, 0x81, itt: 9, immediate: true), 20, 3);
        peer.Send(RawPeer.Put32(abort, 32, 3), LongWrite(5));
        Assert.That(AnswerTo(peer, 5).Opcode, Is.EqualTo(Opcode.ReadyToTransfer), "what one held is another's");
    }

    [Test]
    public void Log_messages_about_a_peer_are_as_many_as_told()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { LogsPerSecond = 3 });
        var peer = System.Net.IPAddress.Parse("192.0.2.9");

        // A second may end in between: then there are as many again.
        int most = Enumerable.Range(0, 3).Max(_ => Enumerable.Range(0, 100).Count(_ => target.Server.MayLog(peer)));

        Assert.That(most, Is.InRange(3, 6));
    }

    private static RawPeer Begin(TestTarget target, string host)
    {
        RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A, $"iqn.2026-01.test.example:{host}") + "InitialR2T=Yes\0ImmediateData=No\0"));
        peer.Expect(Opcode.LoginResponse);
        peer.Send(RawPeer.ScsiCommand(new byte[6], 1, 1, 0x80, 0));
        peer.Expect(Opcode.ScsiResponse);
        return peer;
    }

    private static byte[] LongWrite(uint itt) => RawPeer.ScsiCommand(Cdb.Ten(0x2a, 2048 * itt, 2048), itt, itt, 0xa0, 1 << 20);

    // The first answer to a command, and its status if that is one.
    private static (Opcode Opcode, byte Status) AnswerTo(RawPeer peer, uint itt)
    {
        (byte[] Bhs, byte[] Data) pdu;
        do pdu = peer.Read() ?? throw new AssertionException("closed");
        while (new Bhs(pdu.Bhs).Itt != itt);
        return (new Bhs(pdu.Bhs).Opcode, pdu.Bhs[3]);
    }

    // ExpCmdSN and MaxCmdSN of a response.
    private static (uint Exp, uint Max) Window(byte[] bhs) =>
        (System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(28)), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bhs.AsSpan(32)));
}
