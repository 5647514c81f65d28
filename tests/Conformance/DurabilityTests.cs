using System.Buffers.Binary;
using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// What was acknowledged as durable is there after the target was killed in the middle of its work: writes with FUA, and what
/// SYNCHRONIZE CACHE was answered for. (That the medium has it is the store's own test; a killed process keeps the page cache.)
/// </summary>
[TestFixture]
public sealed class DurabilityTests
{
    private const int Sector = 512;
    private const int Blocks = 8;
    private const int Regions = 512;
    private const int Rounds = 6;
    private const int Outstanding = 16;

    // What each region was last told to hold, and what was last acknowledged as durable.
    private readonly ulong[] _written = new ulong[Regions];
    private readonly ulong[] _synced = new ulong[Regions];
    private ulong _sequence;

    [Test]
    public void No_acknowledged_write_is_lost_when_the_target_is_killed()
    {
        using var scratch = new Scratch();
        string lun = $"0=file:{scratch.File("disk")},size={Regions * Blocks * Sector}";
        var random = new Random(20261124);
        for (int round = 0; round < Rounds; round++)
        {
            TargetProcess target = TargetProcess.Start(lun);
            try
            {
                using Initiator initiator = Login(target);
                Verify(initiator, $"round {round}");
                int killAfter = random.Next(200, 2000);
                try
                {
                    Load(initiator, random, acknowledged => { if (acknowledged == killAfter) target.Kill(); });
                }
                catch (IOException)
                {
                    // The target is dead.
                }
                Assert.That(target.Alive, Is.False, "the load ended before the target was killed");
            }
            finally
            {
                target.Dispose();
            }
        }
        using TargetProcess last = TargetProcess.Start(lun);
        using Initiator reader = Login(last);
        Verify(reader, "at the end");
    }

    private static Initiator Login(TargetProcess target)
    {
        var initiator = new Initiator(new IPEndPoint(IPAddress.Loopback, target.Port), "iqn.2026-11.example.iscsitop:durable");
        initiator.Login(TargetProcess.Iqn);
        while (initiator.Execute(new ScsiRequest(0, new byte[6], default, false)).Status != ScsiStatus.Good)
        {
        }
        return initiator;
    }

    // Until the connection fails: half of the writes with FUA, now and then a SYNCHRONIZE CACHE for the others.
    private void Load(Initiator initiator, Random random, Action<int> onAcknowledged)
    {
        var pending = new Dictionary<uint, (int Region, ulong Sequence, bool Durable)>();
        for (int acknowledged = 0; ;)
        {
            while (pending.Count < Outstanding)
            {
                int region = random.Next(Regions);
                if (pending.Values.Any(p => p.Region == region)) continue;
                bool durable = random.Next(2) == 0;
                ulong sequence = ++_sequence;
                _written[region] = sequence;
                byte[] cdb = Ten(0x2a, (uint)(region * Blocks));
                if (durable) cdb[1] = 0x08;
                pending.Add(initiator.Submit(new ScsiRequest(0, cdb, Pattern(region, sequence), true)), (region, sequence, durable));
            }
            initiator.Send();
            ScsiResult result = initiator.Complete();
            Assert.That(result.Status, Is.EqualTo(ScsiStatus.Good));
            (int Region, ulong Sequence, bool Durable) done = pending[result.Tag];
            pending.Remove(result.Tag);
            if (done.Durable) _synced[done.Region] = done.Sequence;
            onAcknowledged(++acknowledged);
            if (acknowledged % 100 == 0) Synchronize(initiator, pending);
        }
    }

    private void Synchronize(Initiator initiator, Dictionary<uint, (int Region, ulong Sequence, bool Durable)> pending)
    {
        while (pending.Count > 0)
        {
            ScsiResult result = initiator.Complete();
            Assert.That(result.Status, Is.EqualTo(ScsiStatus.Good));
            pending.Remove(result.Tag);
        }
        Assert.That(initiator.Execute(new ScsiRequest(0, Ten(0x35, 0, blocks: 0), default, false)).Status, Is.EqualTo(ScsiStatus.Good));
        _written.CopyTo(_synced, 0);
    }

    // A sector holds what was acknowledged or something newer, and is never a mixture.
    private void Verify(Initiator initiator, string when)
    {
        byte[] buffer = GC.AllocateArray<byte>(Blocks * Sector, pinned: true);
        for (int region = 0; region < Regions; region++)
        {
            Assert.That(initiator.Execute(new ScsiRequest(0, Ten(0x28, (uint)(region * Blocks)), buffer, false)).Status, Is.EqualTo(ScsiStatus.Good));
            ulong newest = 0;
            for (int sector = 0; sector < Blocks; sector++)
            {
                ReadOnlySpan<byte> bytes = buffer.AsSpan(sector * Sector, Sector);
                ulong sequence = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
                Assert.That(sequence, Is.InRange(_synced[region], _written[region]), $"{when}: region {region}, sector {sector}");
                if (sequence > 0) Assert.That(bytes.SequenceEqual(Pattern(region, sequence).AsSpan(0, Sector)), $"{when}: region {region}, sector {sector} is a mixture");
                newest = Math.Max(newest, sequence);
            }
            // What was on its way when the target died, and did not arrive, is forgotten.
            _written[region] = newest;
        }
    }

    private static ArraySegment<byte> Pattern(int region, ulong sequence)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(Blocks * Sector, pinned: true);
        for (int at = 0; at < bytes.Length; at += 16)
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at), (ulong)region);
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(at + 8), sequence);
        }
        return bytes;
    }

    private static byte[] Ten(byte opcode, uint lba, byte blocks = Blocks)
    {
        byte[] cdb = [opcode, 0, 0, 0, 0, 0, 0, 0, blocks, 0];
        BinaryPrimitives.WriteUInt32BigEndian(cdb.AsSpan(2), lba);
        return cdb;
    }
}
