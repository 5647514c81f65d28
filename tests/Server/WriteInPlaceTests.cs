using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

/// <summary>Long writes to memory, whose data goes to where it stays as it comes.</summary>
[TestFixture]
public sealed class WriteInPlaceTests
{
    private const byte W = 0xa0, R = 0xc0;
    private const int ReadOnlyLun = 2, Blocks = 256, Length = Blocks * 512, Lba = 2048 - Blocks / 2; // across two chunks of the store
    private const string LongBurst = "InitialR2T=No\0FirstBurstLength=262144\0";
    private TestTarget _target = null!;

    [SetUp]
    public void Start() => _target = new TestTarget("0=ram:8MiB", "1=ram:8MiB,bs=4096", "2=ram:8MiB,ro");

    [TearDown]
    public void Stop() => _target.Dispose();

    [Test]
    public void What_is_written_is_read_back(
        [Values("Yes", "No")] string initialR2t, [Values("Yes", "No")] string immediate, [Values("100000", "1048576")] string maxBurst,
        [Values("65536", "262144")] string firstBurst, [Values(0, 1)] int lun, [Values(16, 17, 128, 129, 513)] int blocks)
    {
        int length = blocks * (lun == 0 ? 512 : 4096);
        using Initiator initiator = _target.Login(keys: [("InitialR2T", initialR2t), ("ImmediateData", immediate), ("MaxBurstLength", maxBurst),
            ("FirstBurstLength", firstBurst), ("MaxOutstandingR2T", "3")]);
        ArraySegment<byte> written = Cdb.Buffer(length, seed: blocks), read = Cdb.Buffer(length);
        Assert.That(initiator.Execute(Cdb.Write10(lun, 77, blocks, written)).Status, Is.EqualTo(ScsiStatus.Good));
        Assert.That(initiator.Execute(Cdb.Read10(lun, 77, blocks, read)).Received, Is.EqualTo(length));
        Assert.That(read.AsSpan().SequenceEqual(written));
    }

    [Test]
    public void Data_in_odd_pieces_is_put_together([Values(1, 511, 512, 1000, 65536)] int piece)
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=262144\0");
        byte[] data = Data(1);
        peer.Send(Write(peer, Length));
        uint ttt = U32(peer.Expect(Opcode.ReadyToTransfer).Bhs, 20);
        var pdus = new List<byte>();
        int at = 0;
        for (uint sn = 0; at < Length; sn++)
        {
            int length = Math.Min(sn % 3 == 0 ? 24 * 512 : 10_004, Length - at);
            pdus.AddRange(RawPeer.DataOut(1, ttt, sn, (uint)at, data[at..(at + length)], final: at + length == Length));
            at += length;
        }
        // Single bytes at the front only, where the blocks begin.
        int single = piece == 1 ? 3000 : pdus.Count;
        foreach (byte[] part in pdus.Take(single).Chunk(piece)) peer.Send(part);
        peer.Send([.. pdus.Skip(single)]);
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
        Assert.That(Read(peer), Is.EqualTo(data));
    }

    [Test]
    public void Data_beyond_the_command_goes_nowhere([Values(1024, 65536, Length + 8192)] int immediate)
    {
        using RawPeer peer = _target.Connect().Login(LongBurst);
        byte[] data = [.. Data(1), .. Data(2)[..8192]];
        peer.Send(RawPeer.WithData(Write(peer, data.Length, flags: immediate == data.Length ? W : (byte)0x20), data[..immediate]));
        if (immediate < data.Length) peer.Send(RawPeer.DataOut(1, Pdu.ReservedTag, 0, (uint)immediate, data[immediate..], final: true));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.Zero);
        Assert.That(Read(peer), Is.EqualTo(data[..Length]));
        Assert.That(Read(peer, Lba + Blocks), Is.All.Zero);
    }

    [Test]
    public void A_connection_that_is_lost_leaves_whole_blocks()
    {
        using (RawPeer peer = _target.Connect().Login(LongBurst))
            peer.Send(RawPeer.WithData(Write(peer, Length), Data(1))[..(48 + 3 * 512 + 100)]);
        // The same ports: the old session's end is waited for.
        using RawPeer again = _target.Connect().Login();
        byte[] read = Read(again);
        Assert.That(read[..(3 * 512)], Is.EqualTo(Data(1)[..(3 * 512)]));
        Assert.That(read[(3 * 512)..], Is.All.Zero);
    }

    [Test]
    public void After_a_reset_nothing_more_is_written()
    {
        using RawPeer peer = _target.Connect().Login(LongBurst);
        using Initiator other = _target.Login("other");
        byte[] pdu = RawPeer.WithData(Write(peer, Length), Data(1));
        peer.Send(pdu[..(48 + 512)]);
        Assert.That(SpinWait.SpinUntil(() => Has(other, 0), TimeSpan.FromSeconds(60)), "the first block is there before the rest has come");
        using RawPeer third = _target.Connect().Login(host: "third");
        third.Send(Reset());
        Assert.That(third.Expect(Opcode.TaskManagementResponse).Bhs[2], Is.Zero);
        peer.Send(pdu[(48 + 512)..], RawPeer.Bhs(Opcode.NopOut, itt: 5, immediate: true));
        peer.Expect(Opcode.NopIn); // and no status for the write
        third.Send(RawPeer.ScsiCommand(new byte[6], 8, third.CmdSn++, 0x80, 0));
        third.Expect(Opcode.ScsiResponse); // the unit attention of the reset
        byte[] read = Read(third);
        Assert.That(read[..512], Is.EqualTo(Data(1)[..512]));
        Assert.That(read[512..], Is.All.Zero);
    }

    [Test]
    public void A_sanitize_that_came_and_went_meanwhile_fails_it()
    {
        using RawPeer peer = _target.Connect().Login(LongBurst);
        using Initiator other = _target.Login("other");
        byte[] pdu = RawPeer.WithData(Write(peer, Length), Data(1));
        peer.Send(pdu[..(48 + 512)]);
        Assert.That(SpinWait.SpinUntil(() => Has(other, 0), TimeSpan.FromSeconds(60)), "the first block is there before the rest has come");
        Assert.That(other.Out("48 03 00 00 00 00 00 00 00 00"), Is.EqualTo("GOOD"));
        peer.Send(pdu[(48 + 512)..]);
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.ScsiResponse);
        Assert.That((bhs[3], data[4] & 0x0f, data[14], data[15]), Is.EqualTo(((byte)ScsiStatus.CheckCondition, 2, (byte)0x04, (byte)0x1b)));
        Assert.That(Read(peer), Is.All.Zero);
    }

    // One deadline is for all of a segment.
    [Test]
    public void A_peer_that_sends_block_by_block_for_too_long_is_given_up()
    {
        using var target = new TestTarget(_target.Server.Options with { DataTimeout = TimeSpan.FromMilliseconds(1) });
        using RawPeer peer = target.Connect().Login(LongBurst);
        using Initiator other = target.Login("other");
        byte[] pdu = RawPeer.WithData(Write(peer, Length), Data(1));
        peer.Send(pdu[..48]);
        for (int i = 0; i < Blocks && !Ends(); i++)
        {
            peer.Send(pdu[(48 + i * 512)..(48 + (i + 1) * 512)]);
            Assert.That(SpinWait.SpinUntil(() => Ends() || Has(other, i), TimeSpan.FromSeconds(60)));
        }
        peer.ExpectClosed();

        bool Ends() => peer.Socket.Poll(0, System.Net.Sockets.SelectMode.SelectRead);
    }

    [Test]
    public void Improper_data_after_proper_never_ends_GOOD()
    {
        using RawPeer peer = _target.Connect().Login("InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=262144\0");
        peer.Send(Write(peer, Length));
        uint ttt = U32(peer.Expect(Opcode.ReadyToTransfer).Bhs, 20);
        peer.Send(
            RawPeer.DataOut(1, ttt, 0, 0, Data(1)[..65536], final: false),
            RawPeer.DataOut(1, ttt, 7, 65536, Data(1)[65536..], final: true));
        Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.EqualTo((byte)ScsiStatus.CheckCondition));
        Assert.That(Read(peer)[65536..], Is.All.Zero);
    }

    // libiscsi leaves the rest of a PDU unsent once its command is answered, and what it sends next is taken for data.
    [Test]
    public void A_write_that_is_refused_is_answered_when_its_data_has_come([Values] bool solicited, [Values] bool comes)
    {
        using RawPeer peer = _target.Connect().Login(solicited ? "InitialR2T=Yes\0ImmediateData=No\0MaxBurstLength=262144\0" : LongBurst);
        byte[] command = Write(peer, Length, lun: solicited ? 0 : ReadOnlyLun), pdu = RawPeer.WithData(command, Data(1));
        if (solicited)
        {
            peer.Send(command);
            pdu = RawPeer.DataOut(1, U32(peer.Expect(Opcode.ReadyToTransfer).Bhs, 20), dataSn: 7, 0, Data(1), final: true);
        }
        peer.Send(pdu[..(pdu.Length / 2)]);
        if (comes)
        {
            peer.Send(pdu[(pdu.Length / 2)..], RawPeer.Bhs(Opcode.NopOut, itt: 5, immediate: true));
            Assert.That(peer.Expect(Opcode.ScsiResponse).Bhs[3], Is.EqualTo((byte)ScsiStatus.CheckCondition));
            peer.Expect(Opcode.NopIn);
            return;
        }
        peer.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        peer.ExpectClosed();
    }

    // Whether a block of the first write is in the store.
    private static bool Has(Initiator initiator, int block)
    {
        ArraySegment<byte> read = Cdb.Buffer(512);
        return initiator.Execute(Cdb.Read10(0, Lba + (uint)block, 1, read)).Status == ScsiStatus.Good && read.AsSpan().SequenceEqual(Data(1).AsSpan(block * 512, 512));
    }

    private static byte[] Reset() => RawPeer.Bhs(Opcode.TaskManagementRequest, 0x80 | 5, itt: 7, immediate: true);

    private static byte[] Write(RawPeer peer, int expected, byte flags = W, int lun = 0) =>
        RawPeer.ScsiCommand(Cdb.Ten(0x2a, Lba, Blocks), 1, peer.CmdSn++, flags, (uint)expected, lun);

    private static byte[] Read(RawPeer peer, uint lba = Lba)
    {
        peer.Send(RawPeer.ScsiCommand(Cdb.Ten(0x28, lba, Blocks), 2, peer.CmdSn++, R, Length));
        var read = new List<byte>();
        while (read.Count < Length) read.AddRange(peer.Expect(Opcode.DataIn).Data);
        return [.. read];
    }

    private static byte[] Data(int seed)
    {
        byte[] data = new byte[Length];
        new Random(seed).NextBytes(data);
        return data;
    }

    private static uint U32(byte[] bytes, int at) => System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
}
