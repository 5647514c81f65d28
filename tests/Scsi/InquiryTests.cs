using System.Buffers.Binary;
using System.Text;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class InquiryTests
{
    [Test]
    public void Standard_data()
    {
        using var rig = new Rig();
        rig.Run("12 00 00 01 00 00");
        byte[] data = rig.DataIn;
        Assert.Multiple(() =>
        {
            Assert.That(Convert.ToHexString(data[..8]), Is.EqualTo("000006125B180002"));
            Assert.That(Encoding.ASCII.GetString(data[8..32]), Is.EqualTo("ISCSITOPVIRTUAL DISK    "));
            Assert.That(Encoding.ASCII.GetString(data[32..36]), Does.Match(@"^\d+\.\d+ *$"));
            Assert.That(data[36..58], Is.All.Zero);
            Assert.That(Convert.ToHexString(data[58..66]), Is.EqualTo("00A00960046004C0"));
            Assert.That(data[66..], Has.Length.EqualTo(30).And.All.Zero);
        });
    }

    [TestCase("12 00 80 00 FF 00", TestName = "page without EVPD")]
    [TestCase("12 01 88 00 FF 00", TestName = "page that is not there")]
    public void Wrong_pages_are_pointed_to(string cdb)
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "2.7")));
        });
    }

    [Test]
    public void A_lun_without_a_unit_has_one_page()
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run([0x12, 1, 0, 0, 0xff, 0], lun: 3), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("7F00000100"));
            Assert.That(rig.Run([0x12, 1, 0x80, 0, 0xff, 0], lun: 3), Is.EqualTo(ScsiStatus.CheckCondition));
        });
    }

    [Test]
    public void Supported_pages_are_ascending_and_all_answer()
    {
        using var rig = new Rig();
        byte[] pages = Page(rig, 0x00);
        Assert.That(Convert.ToHexString(pages), Is.EqualTo("008083" + "86878FB0B1B2"));
        foreach (byte page in pages) Assert.That(Page(rig, page), Is.Not.Empty, $"{page:x2}");
    }

    [Test]
    public void Mode_pages_are_shared_by_all_nexuses()
    {
        using var rig = new Rig();
        Assert.That(Convert.ToHexString(Page(rig, 0x87)), Is.EqualTo("3FFF0000"));
    }

    [Test]
    public void Serial_number_is_the_units()
    {
        using var rig = new Rig();
        Assert.That(Encoding.ASCII.GetString(Page(rig, 0x80)), Is.EqualTo(rig.Unit.Serial).And.Match("^3[0-9a-f]{15}$"));
    }

    [Test]
    public void Identification_names_unit_port_and_device()
    {
        using var rig = new Rig();
        byte[] page = Page(rig, 0x83);
        var seen = new List<string>();
        for (int at = 0; at < page.Length; at += 4 + page[at + 3])
        {
            byte[] value = page[(at + 4)..(at + 4 + page[at + 3])];
            string text = (page[at] & 0x0f) == 1 ? Convert.ToHexString(value) : Encoding.UTF8.GetString(value).TrimEnd('\0');
            seen.Add($"{page[at]:x2} {page[at + 1]:x2} {text}");
        }
        Assert.That(seen, Is.EqualTo(new[]
        {
            $"01 03 {rig.Unit.NaaId:X16}",
            $"02 01 ISCSITOP{rig.Unit.Serial}",
            "51 94 00000001",
            "51 95 00000001",
            $"53 98 {Rig.TargetName},t,0x0001",
            $"53 a8 {Rig.TargetName}",
        }));
    }

    [Test]
    public void Scsi_names_end_in_nul_and_are_multiples_of_four([Range(1, 8)] int length)
    {
        using var rig = new Rig();
        rig.Nexus = new Nexus("i", new byte[6], new string('t', length), 1, new Dictionary<int, LogicalUnit> { [0] = rig.Unit });
        byte[] page = Page(rig, 0x83);
        Assert.Multiple(() =>
        {
            Assert.That(page.Length % 4, Is.Zero);
            Assert.That(page[^1], Is.Zero);
        });
    }

    [TestCase(512, 8, 0x8000u, 0x800u)]
    [TestCase(4096, 1, 0x1000u, 0x100u)]
    public void Block_limits_say_what_is_accepted(int blockSize, int granularity, uint maximum, uint optimal)
    {
        using var rig = new Rig(new MemoryStore(64 << 20), blockSize);
        byte[] page = Page(rig, 0xb0);
        Assert.Multiple(() =>
        {
            Assert.That(page, Has.Length.EqualTo(0x3c));
            Assert.That(BinaryPrimitives.ReadUInt16BigEndian(page.AsSpan(2)), Is.EqualTo(granularity));
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(4)), Is.EqualTo(maximum));
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(page.AsSpan(8)), Is.EqualTo(optimal));
            Assert.That(page[16..32], Is.All.Zero, "no UNMAP is claimed");
            Assert.That(rig.Run($"28 00 00 00 00 00 00 {maximum >> 8:X2} {maximum & 0xff:X2} 00"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.Run($"28 00 00 00 00 00 00 {(maximum + 1) >> 8:X2} {(maximum + 1) & 0xff:X2} 00"), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Pointer, Is.EqualTo("7.7"));
        });
    }

    [Test]
    public void No_provisioning_is_claimed()
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(Page(rig, 0xb2), Is.EqualTo(new byte[4]));
            Assert.That(Convert.ToHexString(Page(rig, 0xb1)), Does.StartWith("00010010").And.Length.EqualTo(0x78));
            Assert.That(Convert.ToHexString(Page(rig, 0x86)), Does.StartWith("00070001").And.Length.EqualTo(0x78));
        });
    }

    private static byte[] Page(Rig rig, byte code)
    {
        Assert.That(rig.Run([0x12, 1, code, 0xff, 0xff, 0]), Is.EqualTo(ScsiStatus.Good));
        byte[] data = rig.DataIn;
        Assert.That((data[0], data[1], BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(2))), Is.EqualTo(((byte)0, code, (ushort)(data.Length - 4))));
        return data[4..];
    }
}
