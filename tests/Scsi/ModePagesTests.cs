using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class ModePagesTests
{
    private const string Caching = "0812" + "000000000000000000000000000000000000";
    private const string Control = "0A0A" + "00100000000000000000";
    private const string Extension = "4A01001C" + "00000000000000000000000000000000000000000000000000000000";
    private const string Exceptions = "1C0A" + "08000000000000000000";

    [TestCase("1A 08 08 00 FF 00", "17001000" + Caching)]
    [TestCase("1A 00 08 00 FF 00", "1F001008" + "0000200000000200" + Caching)]
    [TestCase("1A 08 0A 00 FF 00", "0F001000" + Control)]
    [TestCase("1A 08 0A 01 FF 00", "23001000" + Extension)]
    [TestCase("1A 08 0A FF FF 00", "2F001000" + Control + Extension)]
    [TestCase("1A 08 3F 00 FF 00", "2F001000" + Caching + Control + Exceptions)]
    [TestCase("1A 08 3F FF FF 00", "4F001000" + Caching + Control + Extension + Exceptions)]
    [TestCase("1A 08 BF 00 FF 00", "2F001000" + Caching + Control + Exceptions, TestName = "default values")]
    [TestCase("1A 08 4A FF FF 00", "2F001000" + "0A0A" + "04000800000000000000" + Extension, TestName = "D_SENSE and SWP are changeable")]
    [TestCase("5A 08 1C 00 00 00 00 00 FF 00", "0012001000000000" + Exceptions)]
    [TestCase("5A 00 1C 00 00 00 00 00 FF 00", "001A001000000008" + "0000200000000200" + Exceptions)]
    [TestCase("5A 10 1C 00 00 00 00 00 FF 00", "0022001001000010" + "00000000000020000000000000000200" + Exceptions)]
    public void Mode_sense(string cdb, string expected)
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(expected));
        });
    }

    [TestCase("1A 00 01 00 FF 00", "2.5")]
    [TestCase("1A 00 0A 02 FF 00", "3.7")]
    [TestCase("1A 00 3F 01 FF 00", "3.7")]
    public void Pages_that_are_not_there_are_pointed_to(string cdb, string pointer)
    {
        using var rig = new Rig();
        rig.Run(cdb);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, pointer)));
    }

    [Test]
    public void Saved_values_are_not_supported()
    {
        using var rig = new Rig();
        rig.Run("1A 00 FF 00 FF 00");
        Assert.That(rig.Code, Is.EqualTo(SenseCode.SavingParametersNotSupported));
    }

    [Test]
    public void Write_protection_shows()
    {
        using var rig = new Rig(readOnly: true);
        rig.Run("1A 08 3F 00 04 00");
        Assert.That(rig.DataIn[2], Is.EqualTo(0x90));
    }

    [Test]
    public void A_store_that_needs_flushing_has_a_write_cache()
    {
        string path = Path.GetTempFileName();
        using (var rig = new Rig(Sized(path)))
        {
            rig.Run("1A 08 08 00 FF 00");
            Assert.That(rig.DataIn[6], Is.EqualTo(0x04));
        }
        File.Delete(path);
    }

    [Test]
    public void Descriptor_sense_follows_the_control_page([Values] bool descriptors)
    {
        using var rig = new Rig();
        int row = Array.FindIndex(ModePages.Rows, r => r is { Code: ModePages.Control, Subpage: 0 });
        rig.Unit.Modes.Current(row)[2] = (byte)(descriptors ? 0x04 : 0);
        rig.Run("C1");
        byte[] sense = new byte[Sense.MaxLength];
        rig.Task.WriteSense(sense);
        Assert.That(sense[0], Is.EqualTo(descriptors ? 0x72 : 0x70));
    }

    private static FileStore Sized(string path)
    {
        File.WriteAllBytes(path, new byte[4096]);
        return FileStore.Open(path, 0, 512, readOnly: false);
    }
}
