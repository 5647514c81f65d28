using System.Buffers.Binary;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class ProvisioningTests
{
    private const string GetStatus = "9E 12 00 00 00 00 00 00 00 00 00 00 00 FF 00 00";
    private const int Chunk = MemoryStore.ChunkLength / 512;

    [Test]
    public void Unmapped_blocks_read_as_zeros_and_give_memory_back()
    {
        using var rig = new Rig(thin: true);
        var store = (MemoryStore)rig.Unit.Store;
        rig.Run(MediumTests.Cdb(0x2a, 0, 3 * Chunk), Filled(3 * Chunk * 512));
        Assert.That(store.Allocated, Is.EqualTo(3 * MemoryStore.ChunkLength));
        Assert.That(Unmap(rig, (1, 2 * Chunk)), Is.EqualTo(ScsiStatus.Good));
        Assert.That(store.Allocated, Is.EqualTo(2 * MemoryStore.ChunkLength));
        rig.Run(MediumTests.Cdb(0x28, 0, 3 * Chunk));
        byte[] data = rig.DataIn;
        Assert.Multiple(() =>
        {
            Assert.That(data.AsSpan(0, 512).ToArray(), Is.All.EqualTo(0xa5));
            Assert.That(data.AsSpan(512, 2 * Chunk * 512).ToArray().Distinct(), Is.EqualTo(new byte[] { 0 }));
            Assert.That(data.AsSpan((2 * Chunk + 1) * 512).ToArray().Distinct(), Is.EqualTo(new byte[] { 0xa5 }));
        });
        Unmap(rig, (0, 1), (2 * Chunk + 1, Chunk - 1));
        Assert.That(store.Allocated, Is.Zero, "the last block of a chunk takes the chunk with it");
    }

    [Test]
    public void Without_a_write_cache_an_unmap_is_on_the_medium_before_its_status()
    {
        var store = new CachedStore();
        using var rig = new Rig(store, thin: true);
        Unmap(rig, (0, 1));
        Assert.That(store.Flushes, Is.Zero);
        byte[] page = [0x08, 0x12, .. new byte[18]];
        rig.Unit.Modes.Select([page, null, null, null]);
        int before = store.Flushes;
        Assert.That(Unmap(rig, (0, 1)), Is.EqualTo(ScsiStatus.Good));
        Assert.That(store.Flushes, Is.EqualTo(before + 1));
    }

    [TestCase(8191ul, 1u, true)]
    [TestCase(8192ul, 0u, true)]
    [TestCase(8192ul, 1u, false)]
    [TestCase(8193ul, 0u, false)]
    [TestCase(ulong.MaxValue, 2u, false)]
    [TestCase(1ul << 63, 1u, false)]
    public void The_range_of_every_descriptor_must_lie_on_the_medium(ulong lba, uint blocks, bool good)
    {
        using var rig = new Rig(thin: true);
        rig.Run(MediumTests.Cdb(0x2a, 0, 1), Filled(512));
        ScsiStatus status = Unmap(rig, (0, 1), (lba, blocks));
        Assert.That((status, rig.Code), Is.EqualTo(good ? (ScsiStatus.Good, SenseCode.NoSense) : (ScsiStatus.CheckCondition, SenseCode.LbaOutOfRange)));
        rig.Run(MediumTests.Cdb(0x28, 0, 1));
        Assert.That(rig.DataIn[0], Is.EqualTo(good ? 0 : 0xa5), "nothing is unmapped when one descriptor is wrong");
    }

    [TestCase(0, 0, 0, "")]
    [TestCase(1, 0, 0, "ParameterListLengthError")]
    [TestCase(7, 0, 0, "ParameterListLengthError")]
    [TestCase(8, 0, 0, "")]
    [TestCase(9, 1, 0, "", TestName = "half a descriptor is ignored")]
    [TestCase(24, 0, 1, "", TestName = "no descriptor is announced")]
    [TestCase(24, 65535, 1, "", TestName = "more is announced than came")]
    [TestCase(8 + 16 * 256, 16 * 256, 0, "")]
    [TestCase(8 + 16 * 257, 16 * 257, 0, "InvalidFieldInParameterList")]
    public void Lengths_of_an_unmap_list(int length, int described, int blocks, string error)
    {
        using var rig = new Rig(thin: true);
        byte[] list = new byte[length];
        if (length >= 4) BinaryPrimitives.WriteUInt16BigEndian(list.AsSpan(2), (ushort)described);
        if (length >= 24) list[19] = (byte)blocks;
        rig.Run(MediumTests.Cdb(0x2a, 0, 1), Filled(512));
        ScsiStatus status = rig.Run([0x42, 0, 0, 0, 0, 0, 0, (byte)(length >> 8), (byte)length, 0], list);
        Assert.That((status, rig.Code.ToString()), Is.EqualTo(error.Length == 0 ? (ScsiStatus.Good, "NoSense") : (ScsiStatus.CheckCondition, error)));
        rig.Run(MediumTests.Cdb(0x28, 0, 1));
        Assert.That(rig.DataIn[0], Is.EqualTo(described > 0 && blocks > 0 ? 0 : 0xa5));
    }

    [Test]
    public void An_unmap_has_a_limit_of_blocks()
    {
        using var rig = new Rig(new MemoryStore(2L << 30), thin: true);
        Assert.That(Unmap(rig, (0, 1 << 19), (1 << 19, 1 << 19)), Is.EqualTo(ScsiStatus.Good));
        Assert.That(Unmap(rig, (0, 1 << 19), (1 << 19, (1 << 19) + 1)), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Task.Sense.Code), Is.EqualTo((SenseCode.InvalidFieldInParameterList, SenseCode.InvalidFieldInParameterList)));
    }

    [Test]
    public void A_unit_that_is_not_thin_has_no_unmap()
    {
        using var rig = new Rig();
        Unmap(rig, (0, 1));
        Assert.That(rig.Code, Is.EqualTo(SenseCode.InvalidOpcode));
        rig.Run("A3 0C 01 42 00 00 00 00 FF FF 00 00");
        Assert.That(rig.DataIn[1], Is.EqualTo(1), "REPORT SUPPORTED OPERATION CODES agrees");
        rig.Run("41 08 00 00 00 00 00 00 01 00", new byte[512]);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "1.3")));
    }

    [Test]
    public void Write_same_repeats_a_block([Values(0x41, 0x93)] int opcode, [Values(1, 256, 5000)] int blocks)
    {
        using var rig = new Rig(thin: true);
        Assert.That(rig.Run(MediumTests.Cdb((byte)opcode, 7, (uint)blocks), Filled(512)), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x28, 6, (uint)blocks + 2));
        byte[] data = rig.DataIn;
        Assert.Multiple(() =>
        {
            Assert.That(data.AsSpan(0, 512).ToArray(), Is.All.Zero);
            Assert.That(data.AsSpan(512, blocks * 512).ContainsAnyExcept((byte)0xa5), Is.False);
            Assert.That(data.AsSpan(512 + blocks * 512).ToArray(), Is.All.Zero);
        });
    }

    [TestCase("93 01 00 00 00 00 00 00 00 00 00 00 10 00 00 00", 0, false, TestName = "NDOB writes zeros")]
    [TestCase("93 09 00 00 00 00 00 00 00 00 00 00 10 00 00 00", 0, true, TestName = "NDOB and UNMAP unmap")]
    [TestCase("93 08 00 00 00 00 00 00 00 00 00 00 10 00 00 00", 512, true, TestName = "UNMAP with zeros unmaps")]
    [TestCase("93 00 00 00 00 00 00 00 00 00 00 00 10 00 00 00", 512, false, TestName = "zeros without UNMAP are written")]
    [TestCase("41 08 00 00 00 00 00 10 00 00", 0, true, TestName = "UNMAP without any data unmaps")]
    public void Write_same_of_zeros(string cdb, int length, bool unmaps)
    {
        using var rig = new Rig(thin: true);
        rig.Run(MediumTests.Cdb(0x2a, 0, 4096), Filled(4096 * 512));
        Assert.That(rig.Run(cdb, new byte[length]), Is.EqualTo(ScsiStatus.Good));
        Assert.That(((MemoryStore)rig.Unit.Store).Allocated, Is.EqualTo(unmaps ? 0 : 2 << 20));
        rig.Run(MediumTests.Cdb(0x28, 0, 4096));
        Assert.That(rig.DataIn.AsSpan().ContainsAnyExcept((byte)0), Is.False);
    }

    [TestCase(0x41, 0x20000 - 0x8001, "7.7", TestName = "to an end that is too far, in the short one")]
    [TestCase(0x93, 0x20000 - 0x8001, "10.7", TestName = "to an end that is too far")]
    [TestCase(0x41, 0x20000 - 0x8000, "", TestName = "to the end, in the short one")]
    [TestCase(0x93, 0x20000 - 0x8000, "", TestName = "to the end")]
    [TestCase(0x93, 0x20000, "", TestName = "at the end there is nothing to do")]
    public void Write_same_of_no_blocks_goes_to_the_end(int opcode, int lba, string pointer)
    {
        using var rig = new Rig(new MemoryStore(64 << 20));
        Assert.That(rig.Run(MediumTests.Cdb((byte)opcode, (ulong)lba, 0), Filled(512)), Is.EqualTo(pointer.Length == 0 ? ScsiStatus.Good : ScsiStatus.CheckCondition));
        Assert.That(rig.Pointer, Is.EqualTo(pointer));
        rig.Run(MediumTests.Cdb(0x28, 0x1ffff, 1));
        Assert.That(rig.DataIn, Is.All.EqualTo(pointer.Length == 0 && lba < 0x20000 ? 0xa5 : 0));
        rig.Run(MediumTests.Cdb(0x28, (ulong)lba - 1, 1));
        Assert.That(rig.DataIn, Is.All.Zero);
    }

    [Test]
    public void Write_same_with_unmap_writes_what_is_not_zero()
    {
        using var rig = new Rig(thin: true);
        rig.Run("93 08 00 00 00 00 00 00 00 00 00 00 00 02 00 00", Filled(512));
        rig.Run(MediumTests.Cdb(0x28, 1, 1));
        Assert.That(rig.DataIn, Is.All.EqualTo(0xa5));
    }

    [TestCase("41 10 00 00 00 00 00 00 01 00", 512, "1.4", TestName = "ANCHOR")]
    [TestCase("93 18 00 00 00 00 00 00 00 00 00 00 00 01 00 00", 512, "1.4", TestName = "ANCHOR with UNMAP")]
    [TestCase("41 04 00 00 00 00 00 00 01 00", 512, "1.2", TestName = "PBDATA")]
    [TestCase("41 02 00 00 00 00 00 00 01 00", 512, "1.1", TestName = "LBDATA")]
    [TestCase("41 01 00 00 00 00 00 00 01 00", 512, "1.0", TestName = "NDOB in the short one")]
    [TestCase("93 20 00 00 00 00 00 00 00 00 00 00 00 01 00 00", 512, "1.5", TestName = "WRPROTECT")]
    [TestCase("93 00 00 00 00 00 00 00 00 00 00 00 80 01 00 00", 512, "10.7", TestName = "more than the limit")]
    [TestCase("93 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", 512, "10.7", TestName = "no blocks of a thin unit")]
    [TestCase("41 00 00 00 00 00 00 00 00 00", 512, "7.7", TestName = "no blocks of a thin unit in the short one")]
    [TestCase("93 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00", 256, "", TestName = "half a block")]
    [TestCase("93 08 00 00 00 00 00 00 00 00 00 00 00 01 00 00", 1024, "", TestName = "two blocks")]
    [TestCase("93 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00", 0, "", TestName = "no block")]
    public void Wrong_write_same(string cdb, int length, string pointer)
    {
        using var rig = new Rig(new MemoryStore(64 << 20), thin: true) { Announced = length };
        Assert.That(rig.Run(cdb, new byte[length]), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo(pointer.Length > 0
            ? (SenseCode.InvalidFieldInCdb, pointer)
            : (SenseCode.InvalidFieldInCommandInformationUnit, "")));
    }

    [Test]
    public void An_aborted_write_same_ends()
    {
        using var rig = new Rig(thin: true);
        rig.Task.Void = true;
        rig.Run(MediumTests.Cdb(0x93, 0, 8192), Filled(512));
        Assert.That(((MemoryStore)rig.Unit.Store).Allocated, Is.Zero);
    }

    [Test]
    public void Lba_status_is_that_of_chunks()
    {
        using var rig = new Rig(thin: true);
        rig.Run(MediumTests.Cdb(0x2a, Chunk, 1), Filled(512));
        Assert.That(Status(rig, 0), Is.EqualTo(new[] { (0ul, (uint)Chunk, 1), ((ulong)Chunk, (uint)Chunk, 0), (2ul * Chunk, 2u * Chunk, 1) }));
        Assert.That(Status(rig, Chunk + 5), Is.EqualTo(new[] { (Chunk + 5ul, Chunk - 5u, 0), (2ul * Chunk, 2u * Chunk, 1) }));
        Assert.That(Status(rig, 8191), Is.EqualTo(new[] { (8191ul, 1u, 1) }));
    }

    [Test]
    public void Lba_status_is_cut_to_whole_descriptors_and_the_allocation_length([Values(0, 8, 24, 39, 40)] int allocation)
    {
        using var rig = new Rig(thin: true);
        rig.Run(MediumTests.Cdb(0x2a, Chunk, 1), Filled(512));
        byte[] cdb = Convert.FromHexString(GetStatus.Replace(" ", "", StringComparison.Ordinal));
        cdb[13] = (byte)allocation;
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.DataIn, Has.Length.EqualTo(allocation == 39 ? 24 : allocation));
    }

    [Test]
    public void Lba_status_beyond_the_end([Values(8192ul, 8193ul, 1ul << 63, ulong.MaxValue)] ulong lba)
    {
        using var rig = new Rig(thin: true);
        byte[] cdb = Convert.FromHexString(GetStatus.Replace(" ", "", StringComparison.Ordinal));
        BinaryPrimitives.WriteUInt64BigEndian(cdb.AsSpan(2), lba);
        rig.Run(cdb);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.LbaOutOfRange));
    }

    [Test]
    public void A_thin_unit_says_so_everywhere()
    {
        using var rig = new Rig(new MemoryStore(64 << 20), blockSize: 512, thin: true);
        rig.Run("9E 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00");
        Assert.That(rig.DataIn[14], Is.EqualTo(0xc0));
        rig.Run("12 01 B2 00 FF 00");
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("00B2000400E40200"));
        rig.Run("12 01 B0 00 FF 00");
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(
            "00B0003C" + "01FF0008" + "00008000" + "00000800" + "00000000" // COMPARE AND WRITE, granularity, maximum, optimal
            + "00100000" + "00000100" + "00000800" + "00000000" // UNMAP: blocks, descriptors, granularity, alignment
            + "0000000000008000" + "00000800" + new string('0', 32))); // WRITE SAME, WRITE ATOMIC
    }

    [Test]
    public void A_physical_block_is_as_large_as_it_was_given()
    {
        using var store = new MemoryStore(1 << 20);
        using var rig = new Rig { Unit = new LogicalUnit(store, Rig.TargetName, 0) { PhysicalBlockSize = 4096 } };
        rig.Nexus = rig.Open();
        rig.Nexus.Attentions(rig.Unit).Take();
        rig.Run("9E 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00");
        Assert.That(rig.DataIn[13], Is.EqualTo(3));
    }

    private static ScsiStatus Unmap(Rig rig, params (ulong Lba, uint Blocks)[] ranges)
    {
        byte[] list = new byte[8 + ranges.Length * 16];
        BinaryPrimitives.WriteUInt16BigEndian(list, (ushort)(list.Length - 2));
        BinaryPrimitives.WriteUInt16BigEndian(list.AsSpan(2), (ushort)(list.Length - 8));
        for (int i = 0; i < ranges.Length; i++)
        {
            BinaryPrimitives.WriteUInt64BigEndian(list.AsSpan(8 + i * 16), ranges[i].Lba);
            BinaryPrimitives.WriteUInt32BigEndian(list.AsSpan(16 + i * 16), ranges[i].Blocks);
        }
        return rig.Run([0x42, 0, 0, 0, 0, 0, 0, (byte)(list.Length >> 8), (byte)list.Length, 0], list);
    }

    private static (ulong, uint, int)[] Status(Rig rig, ulong lba)
    {
        byte[] cdb = Convert.FromHexString(GetStatus.Replace(" ", "", StringComparison.Ordinal));
        BinaryPrimitives.WriteUInt64BigEndian(cdb.AsSpan(2), lba);
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
        byte[] data = rig.DataIn;
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(data), Is.EqualTo(data.Length - 4));
        return [.. Enumerable.Range(0, (data.Length - 8) / 16).Select(i => 8 + i * 16)
            .Select(at => (BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(at)), BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(at + 8)), (int)data[at + 12]))];
    }

    private static byte[] Filled(int length)
    {
        byte[] data = new byte[length];
        data.AsSpan().Fill(0xa5);
        return data;
    }
}
