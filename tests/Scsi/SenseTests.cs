using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class SenseTests
{
    [Test]
    public void Fixed_format_has_18_bytes()
    {
        var sense = new Sense();
        sense.Set(SenseCode.InvalidFieldInCdb);
        sense.PointTo(inCdb: true, 0x102, 5);
        Assert.That(Bytes(sense, false), Is.EqualTo("70 00 05 00 00 00 00 0A 00 00 00 00 24 00 00 CD 01 02"));
    }

    [Test]
    public void Field_pointer_may_leave_the_bit_out_and_mean_parameters()
    {
        var sense = new Sense();
        sense.Set(SenseCode.InvalidFieldInParameterList);
        sense.PointTo(inCdb: false, 4, -1);
        Assert.That(Bytes(sense, false), Does.EndWith("26 00 00 80 00 04"));
    }

    [Test]
    public void Descriptor_format_carries_information_and_field_pointer()
    {
        var sense = new Sense();
        sense.Set(SenseCode.UnrecoveredReadError, 0x1_0000_0001);
        sense.PointTo(inCdb: true, 2, 7);
        Assert.That(Bytes(sense, true), Is.EqualTo("72 03 11 00 00 00 00 14 00 0A 80 00 00 00 00 01 00 00 00 01 02 06 00 00 CF 00 02 00"));
    }

    [TestCase(7ul, "F0 00 0E 00 00 00 07")]
    [TestCase(0xfffffffful, "F0 00 0E FF FF FF FF")]
    [TestCase(0x100000000ul, "70 00 0E 00 00 00 00")]
    public void Information_is_valid_in_fixed_format_when_it_fits(ulong information, string start)
    {
        var sense = new Sense();
        sense.Set(SenseCode.MiscompareDuringVerify, information);
        Assert.That(Bytes(sense, false), Does.StartWith(start));
    }

    [Test]
    public void A_new_code_forgets_pointer_and_information()
    {
        var sense = new Sense();
        sense.Set(SenseCode.InvalidFieldInCdb, 5);
        sense.PointTo(inCdb: true, 2, 7);
        sense.Clear();
        Assert.Multiple(() =>
        {
            Assert.That(Bytes(sense, false), Is.EqualTo("70 00 00 00 00 00 00 0A 00 00 00 00 00 00 00 00 00 00"));
            Assert.That(Bytes(sense, true), Is.EqualTo("72 00 00 00 00 00 00 00"));
        });
    }

    private static string Bytes(Sense sense, bool descriptorFormat)
    {
        byte[] into = new byte[64];
        Array.Fill(into, (byte)0xee);
        int length = sense.Write(into, descriptorFormat);
        return string.Join(' ', into.Take(length).Select(b => $"{b:X2}"));
    }
}
