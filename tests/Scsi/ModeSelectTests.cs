using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class ModeSelectTests
{
    private const string Header = "00000000";
    private const string Caching = "0812" + "000000000000000000000000000000000000";
    private const string Protect = "0A0A" + "00100800000000000000";
    private const string Descriptors = "0A0A" + "04100000000000000000";
    private const string Control = "0A0A" + "00100000000000000000";

    [Test]
    public void Software_write_protection_is_set_and_cleared()
    {
        using var rig = new Rig();
        Assert.That(Select(rig, Header + Protect), Is.EqualTo(ScsiStatus.Good));
        rig.Run(MediumTests.Cdb(0x2a, 0, 1), new byte[512]);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.LogicalUnitSoftwareWriteProtected));
        Assert.That(rig.Run(MediumTests.Cdb(0x28, 0, 1)), Is.EqualTo(ScsiStatus.Good));
        rig.Run("1A 08 0A 00 FF 00");
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("0F009000" + Protect));
        rig.Run("1A 08 8A 00 FF 00");
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("0F009000" + Control), "the defaults stay");
        Assert.That(Select(rig, Header + Control), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run(MediumTests.Cdb(0x2a, 0, 1), new byte[512]), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void The_others_are_told_when_something_changed()
    {
        using var rig = new Rig();
        Nexus other = rig.Open();
        rig.Nexus.Attach();
        other.Attach();
        other.Attentions(rig.Unit).Take();
        Select(rig, Header + Control);
        Assert.That(other.Attentions(rig.Unit).Take(), Is.EqualTo(SenseCode.NoSense));
        Select(rig, Header + Descriptors);
        Assert.That((other.Attentions(rig.Unit).Take(), rig.Nexus.Attentions(rig.Unit).Take()), Is.EqualTo((SenseCode.ModeParametersChanged, SenseCode.NoSense)));
    }

    [Test]
    public void A_reset_brings_the_defaults_back()
    {
        using var rig = new Rig();
        Select(rig, Header + Protect);
        rig.Unit.Reset();
        Assert.That(rig.Unit.WriteProtected, Is.False);
    }

    [TestCase("", "")]
    [TestCase(Header, "")]
    [TestCase(Header + Caching + Control, "")]
    [TestCase("00000008" + "0000200000000200" + Control, "")]
    [TestCase("00000008" + "0000000000000200" + Control, "", TestName = "as many blocks as there are")]
    [TestCase("00000008" + "0000100000000200" + Control, "4", TestName = "another number of blocks")]
    [TestCase("00000008" + "0000000000001000" + Control, "9", TestName = "another block size")]
    [TestCase("00000004" + "00000000" + Control, "3", TestName = "half a descriptor")]
    [TestCase(Header + "0A0A" + "00200000000000000000", "7", TestName = "a bit that cannot be changed")]
    [TestCase(Header + "0A0A" + "02100000000000000000", "6", TestName = "another")]
    [TestCase(Header + "0812" + "040000000000000000000000000000000000", "6", TestName = "a cache that is not there")]
    [TestCase(Header + "0A09" + "001000000000000000", "5", TestName = "another page length")]
    [TestCase(Header + "010A" + "00000000000000000000", "4", TestName = "a page that is not there")]
    [TestCase(Header + "8A0A" + "00100000000000000000", "4", TestName = "PS")]
    [TestCase(Header + "4A01001C" + "00000000000000000000000000000000000000000000000000000000", "")]
    [TestCase(Header + "4A01001B" + "000000000000000000000000000000000000000000000000000000", "6")]
    [TestCase("000000", "length")]
    [TestCase(Header + "0A", "length")]
    [TestCase(Header + "0A0A" + "0010", "length")]
    [TestCase("00000008" + "00002000", "length")]
    public void Lists_are_checked(string list, string error)
    {
        using var rig = new Rig();
        Assert.That(Select(rig, list), Is.EqualTo(error.Length == 0 ? ScsiStatus.Good : ScsiStatus.CheckCondition));
        (SenseCode, string) expected = error switch
        {
            "" => (SenseCode.NoSense, ""),
            "length" => (SenseCode.ParameterListLengthError, ""),
            _ => (SenseCode.InvalidFieldInParameterList, error + ".7"),
        };
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo(expected));
    }

    [Test]
    public void One_wrong_page_changes_nothing()
    {
        using var rig = new Rig();
        Select(rig, Header + Protect + "0A0A" + "00300000000000000000");
        Assert.That((rig.Code, rig.Unit.WriteProtected), Is.EqualTo((SenseCode.InvalidFieldInParameterList, false)));
    }

    [TestCase("15 11 00 00 00 00", "1.0", TestName = "SP: nothing can be saved")]
    [TestCase("15 00 00 00 00 00", "1.4", TestName = "PF")]
    public void Cdb_fields(string cdb, string pointer)
    {
        using var rig = new Rig();
        rig.Run(cdb);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, pointer)));
    }

    [TestCase("0000000000000000" + Protect, 0)]
    [TestCase("0000000000000008" + "0000200000000200" + Protect, 0)]
    [TestCase("0000000001000010" + "00000000000020000000000000000200" + Protect, 0)]
    [TestCase("0000000001000008" + "0000200000000200" + Protect, 6)]
    public void Mode_select_10(string list, int pointer)
    {
        using var rig = new Rig();
        byte[] data = Convert.FromHexString(list);
        rig.Run([0x55, 0x10, 0, 0, 0, 0, 0, 0, (byte)data.Length, 0], data);
        Assert.That((rig.Unit.WriteProtected, rig.Pointer), Is.EqualTo((pointer == 0, pointer == 0 ? "" : $"{pointer}.7")));
    }

    [Test]
    public void Without_write_cache_every_write_is_flushed()
    {
        var store = new CachedStore();
        using var rig = new Rig(store);
        Assert.That(Select(rig, Header + Caching), Is.EqualTo(ScsiStatus.Good));
        Assert.That(store.Flushes, Is.EqualTo(1), "what was in the cache");
        rig.Run(MediumTests.Cdb(0x2a, 0, 1), new byte[512]);
        Assert.That(store.Flushes, Is.EqualTo(2));
        rig.Run(MediumTests.Cdb(0x28, 0, 1));
        rig.Run(MediumTests.Cdb(0x93, 0, 1), new byte[512]);
        Assert.That(store.Flushes, Is.EqualTo(3));
        rig.Run("1A 08 08 00 FF 00");
        Assert.That(rig.DataIn[6], Is.Zero);
    }

    private static ScsiStatus Select(Rig rig, string list)
    {
        byte[] data = Convert.FromHexString(list);
        return rig.Run([0x15, 0x10, 0, 0, (byte)data.Length, 0], data);
    }
}
