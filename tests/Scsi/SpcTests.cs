using System.Buffers.Binary;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class SpcTests
{
    [Test]
    public void Request_sense_returns_a_unit_attention_as_data_once()
    {
        using var rig = new Rig();
        rig.Nexus = rig.Open();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run("03 00 00 00 FF 00"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("70000600000000" + "0A00000000" + "2900" + "00000000"));
            Assert.That(rig.Code, Is.EqualTo(SenseCode.NoSense));
            Assert.That(rig.Run("03 01 00 00 FF 00"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("7200000000000000"));
        });
    }

    [Test]
    public void Request_sense_says_that_a_lun_has_no_unit()
    {
        using var rig = new Rig();
        rig.Run([0x03, 1, 0, 0, 0xff, 0], lun: 9);
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("7205250000000000"));
    }

    [TestCase("A0 00 00 00 00 00 00 00 FF 00", "0000001800000000" + "0000000000000000" + "0001000000000000" + "4100000000000000", TestName = "not well-known")]
    [TestCase("A0 00 01 00 00 00 00 00 FF 00", "0000000000000000", TestName = "well-known only")]
    [TestCase("A0 00 02 00 00 00 00 00 FF 00", "0000001800000000" + "0000000000000000" + "0001000000000000" + "4100000000000000", TestName = "all")]
    [TestCase("A0 00 00 00 00 00 00 00 00 10", "00000018000000000000000000000000", TestName = "list length is not truncated")]
    public void Report_luns_lists_what_the_nexus_sees(string cdb, string expected)
    {
        using var rig = new Rig();
        rig.Nexus = With(rig.Unit, 256, 0, 1);
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(expected));
        });
    }

    [Test]
    public void Report_luns_refuses_other_selections()
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run("A0 00 03 00 00 00 00 00 FF 00"), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Pointer, Is.EqualTo("2.7"));
        });
    }

    [Test]
    public void Report_luns_lists_all_16384()
    {
        using var rig = new Rig();
        rig.Nexus = With(rig.Unit, [.. Enumerable.Range(0, 16384)]);
        Assert.That(rig.Run("A0 00 00 00 00 00 00 04 00 00 00"), Is.EqualTo(ScsiStatus.Good));
        byte[] data = rig.DataIn;
        Assert.Multiple(() =>
        {
            Assert.That(data, Has.Length.EqualTo(8 + 16384 * 8));
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(data), Is.EqualTo(16384 * 8));
            Assert.That(Convert.ToHexString(data[^8..]), Is.EqualTo("7FFF000000000000"));
        });
    }

    [Test]
    public void Report_luns_clears_the_attention_about_luns()
    {
        using var rig = new Rig();
        rig.Nexus.Attentions(rig.Unit).Add(SenseCode.ReportedLunsDataChanged);
        rig.Run("A0 00 00 00 00 00 00 00 00 10");
        Assert.That(rig.Run("00"), Is.EqualTo(ScsiStatus.Good));
    }

    [TestCase("A3 0D 00 00 00 00 00 00 00 FF 00", "DA000000")]
    [TestCase("A3 0D 80 00 00 00 00 00 00 FF 00", "DA00000C000000000000000000000000")]
    public void Task_management_functions_are_reported(string cdb, string expected)
    {
        using var rig = new Rig();
        rig.Run(cdb);
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(expected));
    }

    [TestCase("A3 0A 00 00 00 00 00 00 00 FF 00", "0000000C" + "000100010000000100000001")]
    [TestCase("A3 2A 00 00 00 00 00 00 00 FF 00", "00000010" + "10000000" + "000100010000000100000001")]
    public void One_port_group_is_active(string cdb, string expected)
    {
        using var rig = new Rig();
        rig.Run(cdb);
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(expected));
    }

    [Test]
    public void Other_formats_of_port_groups_are_refused()
    {
        using var rig = new Rig();
        rig.Run("A3 4A 00 00 00 00 00 00 00 FF 00");
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "1.7")));
    }

    [TestCase("1D 04", "")]
    [TestCase("1D 07", "")]
    [TestCase("1D 24", "1.5")]
    [TestCase("1D 10 00 00 08", "3.7")]
    public void The_default_self_test_passes_and_there_is_no_other(string cdb, string pointer)
    {
        using var rig = new Rig();
        rig.Run(cdb, new byte[8]);
        Assert.That(rig.Pointer, Is.EqualTo(pointer));
    }

    [Test]
    public void Allocation_length_cuts_and_zero_is_no_error([Values("12 00 00", "12 01 83", "1A 00 3F", "A0", "A3 0A", "A3 2A", "84 03", "12 01 8F", "5E 02", "A3 0C 80", "A3 0D 80", "9E 10", "03", "5A 00 3F 00")] string start)
    {
        using var rig = new Rig();
        byte[] whole = Run(rig, start, 255);
        Assert.That(whole, Is.Not.Empty);
        Assert.Multiple(() =>
        {
            for (int length = 0; length <= 255; length++)
                Assert.That(Run(rig, start, length), Is.EqualTo(whole.Take(length)), $"{start}, allocation length {length}");
        });
    }

    private static byte[] Run(Rig rig, string start, int length)
    {
        byte[] cdb = new byte[16];
        Convert.FromHexString(start.Replace(" ", "", StringComparison.Ordinal)).CopyTo(cdb, 0);
        CdbLayout layout = Command.Find(cdb)!.Layout;
        cdb[layout.Length + layout.LengthBytes - 1] = (byte)length;
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
        return rig.DataIn;
    }

    private static Nexus With(LogicalUnit unit, params int[] luns) =>
        new("i", new byte[6], "t", 1, luns.ToDictionary(l => l, _ => unit));
}
