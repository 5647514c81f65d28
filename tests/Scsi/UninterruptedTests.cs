using System.Buffers.Binary;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class UninterruptedTests
{
    private static readonly string[] s_opcodes = ["89", "8B", "9C"];

    [Test]
    public void Compare_and_write_writes_what_it_found_equal()
    {
        using var rig = new Rig();
        byte[] old = Pattern(1024, 1), fresh = Pattern(1024, 2);
        rig.Run(MediumTests.Cdb(0x2a, 5, 2), old);
        Assert.That(rig.Run(Compare(5, 2), [.. old, .. fresh]), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x28, 4, 4));
        Assert.That(rig.DataIn, Is.EqualTo(new byte[512].Concat(fresh).Concat(new byte[512])));
    }

    [Test]
    public void A_miscompare_points_to_the_byte_and_writes_nothing([Values(0, 511, 513, 1023)] int at)
    {
        using var rig = new Rig();
        byte[] old = Pattern(1024, 1), other = [.. old];
        other[at] ^= 4;
        rig.Run(MediumTests.Cdb(0x2a, 5, 2), old);
        Assert.That(rig.Run(Compare(5, 2), [.. other, .. Pattern(1024, 2)]), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((SenseCode.MiscompareDuringVerify, (ulong)at)));
        rig.Run(MediumTests.Cdb(0x28, 5, 2));
        Assert.That(rig.DataIn, Is.EqualTo(old));
    }

    [TestCase(1024, true)]
    [TestCase(512, false)]
    [TestCase(0, false)]
    [TestCase(2048, false)]
    public void Compare_and_write_takes_twice_its_blocks(int length, bool good)
    {
        using var rig = new Rig { Announced = length };
        Assert.That(rig.Run(Compare(0, 1), new byte[length]), Is.EqualTo(good ? ScsiStatus.Good : ScsiStatus.CheckCondition));
        Assert.That(rig.Code, Is.EqualTo(good ? SenseCode.NoSense : SenseCode.InvalidFieldInCommandInformationUnit));
    }

    [Test]
    public void Compare_and_write_of_nothing_is_good()
    {
        using var rig = new Rig();
        Assert.That(rig.Run(Compare(8192, 0)), Is.EqualTo(ScsiStatus.Good));
        rig.Run(Compare(8193, 0));
        Assert.That(rig.Code, Is.EqualTo(SenseCode.LbaOutOfRange));
        rig.Announced = 2 * 256 * 512;
        rig.Run(Compare(0, 0));
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "13.7")), "256 do not fit the field");
    }

    [Test]
    public void Exactly_one_of_many_wins_and_plain_writes_do_not_come_between()
    {
        using var store = new MemoryStore(1 << 20);
        var unit = new LogicalUnit(store, Rig.TargetName, 0);
        int wins = 0;
        Parallel.For(0, 8, thread =>
        {
            using var rig = new Rig(store) { Unit = unit };
            rig.Nexus = rig.Open();
            rig.Nexus.Attentions(unit).Take();
            byte[] data = new byte[1024], read = MediumTests.Cdb(0x28, 3, 1), elsewhere = new byte[512];
            for (int i = 0; i < 500; i++)
            {
                rig.Run(read);
                rig.DataIn.CopyTo(data, 0);
                rig.DataIn.CopyTo(data, 512);
                BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(512), BinaryPrimitives.ReadInt32BigEndian(data) + 1);
                if (rig.Run(Compare(3, 1), data) == ScsiStatus.Good) Interlocked.Increment(ref wins);
                rig.Run(MediumTests.Cdb(0x2a, 8 + (uint)thread, 1), elsewhere);
            }
        });
        byte[] last = new byte[4];
        store.Read(3 * 512, last);
        Assert.That(BinaryPrimitives.ReadInt32BigEndian(last), Is.EqualTo(wins).And.Positive);
    }

    [Test]
    public void Orwrite_sets_bits_across_pieces()
    {
        using var rig = new Rig();
        byte[] old = Pattern(3000 * 512, 1), more = Pattern(3000 * 512, 2);
        rig.Run(MediumTests.Cdb(0x2a, 1, 3000), old);
        Assert.That(rig.Run(MediumTests.Cdb(0x8b, 1, 3000), more), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x28, 1, 3000));
        Assert.That(rig.DataIn, Is.EqualTo(old.Zip(more, (a, b) => (byte)(a | b))));
    }

    [Test]
    public void Write_atomic_writes_up_to_its_limit()
    {
        using var rig = new Rig();
        byte[] data = Pattern(2048 * 512, 3);
        Assert.That(rig.Run(MediumTests.Cdb(0x9c, 3, 2048), data), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x28, 3, 2048));
        Assert.That(rig.DataIn, Is.EqualTo(data));
        rig.Run(MediumTests.Cdb(0x9c, 3, 2049), new byte[2049 * 512]);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "12.7")));
        rig.Run(MediumTests.Cdb(0x9c, 3, 2), new byte[512]);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.InvalidFieldInCommandInformationUnit));
        rig.Run("9C 00 00 00 00 00 00 00 00 00 00 01 00 01 00 00", new byte[512]);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "11.0")), "no boundary");
    }

    [Test]
    public void A_store_that_may_write_half_has_no_write_atomic()
    {
        using var rig = new Rig(new CachedStore());
        rig.Run(MediumTests.Cdb(0x9c, 0, 1), new byte[512]);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.InvalidOpcode));
        rig.Run("12 01 B0 00 FF 00");
        Assert.That(rig.DataIn[44..], Is.All.Zero);
    }

    [Test]
    public void Fua_reaches_the_medium([ValueSource(nameof(s_opcodes))] string opcode, [Values] bool fua)
    {
        if (opcode == "9C") return; // only where nothing is cached
        var store = new CachedStore();
        using var rig = new Rig(store);
        byte[] cdb = opcode == "89" ? Compare(0, 1) : MediumTests.Cdb(0x8b, 0, 1);
        cdb[1] = (byte)(fua ? 0x08 : 0x10);
        Assert.That(rig.Run(cdb, new byte[opcode == "89" ? 1024 : 512]), Is.EqualTo(ScsiStatus.Good));
        Assert.That(store.Flushes, Is.EqualTo(fua ? 1 : 0));
    }

    [Test]
    public void Read_only_units_refuse_them_all([ValueSource(nameof(s_opcodes))] string opcode)
    {
        using var rig = new Rig(readOnly: true);
        rig.Run(opcode == "89" ? Compare(0, 1) : MediumTests.Cdb(Convert.FromHexString(opcode)[0], 0, 1), new byte[1024]);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.WriteProtected));
    }

    private static byte[] Compare(ulong lba, byte blocks)
    {
        byte[] cdb = new byte[16];
        cdb[0] = 0x89;
        BinaryPrimitives.WriteUInt64BigEndian(cdb.AsSpan(2), lba);
        cdb[13] = blocks;
        return cdb;
    }

    private static byte[] Pattern(int length, int seed)
    {
        byte[] data = new byte[length];
        new Random(seed).NextBytes(data);
        return data;
    }
}
