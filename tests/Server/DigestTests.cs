using System.Buffers.Binary;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class DigestTests
{
    private const string Both = "HeaderDigest=CRC32C\0DataDigest=CRC32C\0InitialR2T=Yes\0";
    private TestTarget _target = null!;

    [OneTimeSetUp]
    public void Start() => _target = new TestTarget("0=ram:16MiB");

    [OneTimeTearDown]
    public void Stop() => _target.Dispose();

    [Test]
    public void What_is_written_with_digests_is_read_with_digests(
        [Values("None", "CRC32C")] string header, [Values("None", "CRC32C")] string data, [Values("Yes", "No")] string initialR2t,
        [Values(512, 4096, 65536, 1 << 20)] int length)
    {
        using Initiator initiator = _target.Login(
            "digest", ("HeaderDigest", header), ("DataDigest", data), ("InitialR2T", initialR2t), ("ImmediateData", initialR2t == "No" ? "Yes" : "No"),
            ("MaxRecvDataSegmentLength", "8192"));
        ArraySegment<byte> written = Cdb.Buffer(length, seed: length), read = Cdb.Buffer(length);
        Assert.That(initiator.Execute(Cdb.Write10(0, 8, length / 512, written)).Status, Is.EqualTo(ScsiStatus.Good));
        Assert.That(initiator.Execute(Cdb.Read10(0, 8, length / 512, read)).Status, Is.EqualTo(ScsiStatus.Good));
        Assert.That(read.AsSpan().SequenceEqual(written));
    }

    [TestCase("CRC32C,None", "CRC32C")]
    [TestCase("None,CRC32C", "None")]
    [TestCase("CRC32", "Reject")]
    public void The_first_that_both_have_is_taken(string offer, string answer)
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest($"InitiatorName=iqn.2026-01.test.example:first\0TargetName={TestTarget.Name}\0HeaderDigest={offer}\0"));
        (byte[] _, byte[] data) = peer.Expect(Opcode.LoginResponse);
        Assert.That(System.Text.Encoding.UTF8.GetString(data), Does.Contain($"HeaderDigest={answer}\0"));
    }

    [Test]
    public void Blocks_that_others_write_meanwhile_still_fit_their_digest()
    {
        using Initiator reader = _target.Login("reader", ("HeaderDigest", "CRC32C"), ("DataDigest", "CRC32C"), ("MaxRecvDataSegmentLength", "262144"));
        using var stop = new CancellationTokenSource();
        var writing = new Thread(() =>
        {
            using Initiator writer = _target.Login("writer");
            for (int i = 0; !stop.IsCancellationRequested; i++) writer.Execute(Cdb.Write10(0, 0, 512, Cdb.Buffer(262144, i)));
        });
        writing.Start();
        ArraySegment<byte> into = Cdb.Buffer(262144);
        try
        {
            // A digest that does not fit is an exception.
            for (int i = 0; i < 200; i++) Assert.That(reader.Execute(Cdb.Read10(0, 0, 512, into)).Status, Is.EqualTo(ScsiStatus.Good));
        }
        finally
        {
            stop.Cancel();
            writing.Join();
        }
    }

    [Test]
    public void A_damaged_header_ends_its_connection_and_no_other()
    {
        using Initiator other = _target.Login("other");
        using RawPeer peer = _target.Connect().LoginOnly(Both, "damaged-header");
        byte[] pdu = Digested(RawPeer.ScsiCommand(new byte[6], 7, 1, 0x81, 0), []);
        pdu[20] ^= 1;
        _target.Server.Provider.Enabled = ProbeSet.Commands;
        peer.Send(pdu);
        peer.ExpectClosed();
        Assert.That(Faults(), Is.EqualTo(new[] { (FaultKind.HeaderDigest, 0, Lun.Unknown, 0) }));
        Assert.That(other.Execute(Cdb.TestUnitReady(0)).Status, Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void A_command_with_damaged_data_never_came()
    {
        using RawPeer peer = _target.Connect().LoginOnly(Both + "ImmediateData=Yes\0", "damaged-command");
        uint itt = Ready(peer);
        byte[] good = Digested(RawPeer.ScsiCommand(Write(100), itt, itt, 0xa1, 512), new byte[512]);
        byte[] bad = [.. good];
        bad[60] ^= 1;
        peer.Send(bad); // nobody looks
        Assert.That(Read(peer, Opcode.Reject).Bhs[2], Is.EqualTo((byte)RejectReason.DataDigestError));
        _target.Server.Provider.Enabled = ProbeSet.Commands;
        peer.Send(bad);
        (byte[] bhs, byte[] data) = Read(peer, Opcode.Reject);
        Assert.That(bhs[2], Is.EqualTo((byte)RejectReason.DataDigestError));
        Assert.That(data.AsSpan(0, 48).SequenceEqual(bad.AsSpan(0, 48)));
        Assert.That(Faults(), Is.EqualTo(new[] { (FaultKind.DataDigest, 0, Lun.Unknown, 0), (FaultKind.Reject, 2, 0ul, 0x2a00) }));
        peer.Send(good);
        (bhs, _) = Read(peer, Opcode.ScsiResponse);
        Assert.That(bhs[3], Is.EqualTo((byte)ScsiStatus.Good), "its CmdSN was still free");
    }

    [Test]
    public void Damaged_data_that_was_asked_for_is_not_written()
    {
        using Initiator other = _target.Login("sees-the-medium");
        ArraySegment<byte> before = Cdb.Buffer(1024, seed: 5), after = Cdb.Buffer(1024);
        Assert.That(other.Execute(Cdb.Write10(0, 200, 2, before)).Status, Is.EqualTo(ScsiStatus.Good));
        using RawPeer peer = _target.Connect().LoginOnly(Both + "ImmediateData=No\0", "damaged-data");
        uint itt = Ready(peer);
        peer.Send(Digested(RawPeer.ScsiCommand(Write(200, 2), itt, itt, 0xa1, 1024), []));
        (byte[] r2t, _) = Read(peer, Opcode.ReadyToTransfer);
        uint ttt = BinaryPrimitives.ReadUInt32BigEndian(r2t.AsSpan(20));
        byte[] first = Digested(RawPeer.DataOut(itt, ttt, 0, 0, [], final: false), new byte[512]);
        first[^1] ^= 1;
        peer.Send(first, Digested(RawPeer.DataOut(itt, ttt, 1, 512, [], final: true), new byte[512]));
        (byte[] bhs, _) = Read(peer, Opcode.Reject);
        Assert.That(bhs[2], Is.EqualTo((byte)RejectReason.DataDigestError));
        (bhs, byte[] sense) = Read(peer, Opcode.ScsiResponse);
        Assert.That(bhs[3], Is.EqualTo((byte)ScsiStatus.CheckCondition));
        Assert.That((sense[4] & 0x0f, sense[14], sense[15]), Is.EqualTo((0x0b, 0x47, 0x05)));
        Assert.That(other.Execute(Cdb.Read10(0, 200, 2, after)).Status, Is.EqualTo(ScsiStatus.Good));
        Assert.That(after.AsSpan().SequenceEqual(before));
    }

    // What the target told observers of, beside its events.
    private (FaultKind, int, ulong, int)[] Faults()
    {
        var faults = new List<(FaultKind, int, ulong, int)>();
        bool told = SpinWait.SpinUntil(() =>
        {
            while (_target.Server.Provider.TryTake(out Fault fault)) faults.Add((fault.Kind, fault.Reason, fault.LunNumber, fault.Operation));
            return faults.Count > 0 && faults[^1].Item1 != FaultKind.DataDigest;
        }, TimeSpan.FromSeconds(60));
        Assert.That(told);
        return [.. faults];
    }

    // Takes the unit attention and returns the next tag, which is the next CmdSN too.
    private static uint Ready(RawPeer peer)
    {
        for (uint tag = 1; ; tag++)
        {
            peer.Send(Digested(RawPeer.ScsiCommand(new byte[6], tag, tag, 0x81, 0), []));
            if (Read(peer, Opcode.ScsiResponse).Bhs[3] == (byte)ScsiStatus.Good) return tag + 1;
        }
    }

    private static byte[] Write(uint lba, byte blocks = 1)
    {
        byte[] cdb = [0x2a, 0, 0, 0, 0, 0, 0, 0, blocks, 0];
        BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(2), lba);
        return cdb;
    }

    private static byte[] Digested(byte[] bhs, byte[] data)
    {
        if (data.Length > 0) bhs = RawPeer.WithData(bhs, data);
        byte[] header = bhs[..48], segment = bhs[48..];
        return segment.Length == 0 ? [.. header, .. Digest(header)] : [.. header, .. Digest(header), .. segment, .. Digest(segment)];
    }

    private static byte[] Digest(byte[] bytes)
    {
        byte[] digest = new byte[4];
        Crc32C.Write(digest, Crc32C.Add(Crc32C.Start, bytes));
        return digest;
    }

    private static (byte[] Bhs, byte[] Data) Read(RawPeer peer, Opcode expected)
    {
        byte[] bhs = peer.ReadBytes(48);
        Assert.That((Opcode)(bhs[0] & 0x3f), Is.EqualTo(expected));
        Assert.That(peer.ReadBytes(4), Is.EqualTo(Digest(bhs)), "header digest");
        int length = bhs[5] << 16 | bhs[6] << 8 | bhs[7];
        if (length == 0) return (bhs, []);
        byte[] data = peer.ReadBytes(Pdu.Pad(length));
        Assert.That(peer.ReadBytes(4), Is.EqualTo(Digest(data)), "data digest");
        return (bhs, data[..length]);
    }
}
