using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class LunTests
{
    [TestCase(0, 0x0000_0000_0000_0000ul)]
    [TestCase(1, 0x0001_0000_0000_0000ul)]
    [TestCase(255, 0x00ff_0000_0000_0000ul)]
    [TestCase(256, 0x4100_0000_0000_0000ul)]
    [TestCase(16383, 0x7fff_0000_0000_0000ul)]
    public void Peripheral_and_flat_addressing_go_both_ways(int number, ulong field)
    {
        Assert.That(Lun.Encode(number), Is.EqualTo(field));
        Assert.That(Lun.TryDecode(field, out ulong decoded));
        Assert.That(decoded, Is.EqualTo((ulong)number));
    }

    [TestCase(0x4001_0000_0000_0000ul, 1u)]
    public void A_small_number_may_come_in_the_flat_space(ulong field, ulong number)
    {
        Assert.That(Lun.TryDecode(field, out ulong decoded));
        Assert.That(decoded, Is.EqualTo(number));
    }

    [TestCase(0x0001_0001_0000_0000ul, Description = "a second level")]
    [TestCase(0x0100_0000_0000_0000ul, Description = "a bus other than 0")]
    [TestCase(0xc101_0000_0000_0000ul, Description = "a well-known logical unit")]
    [TestCase(0x8000_0000_0000_0000ul, Description = "logical unit addressing")]
    public void Other_addressing_is_no_number_of_ours(ulong field)
    {
        Assert.That(Lun.TryDecode(field, out ulong raw), Is.False);
        Assert.That(raw, Is.EqualTo(field));
    }

    [TestCase(-1)]
    [TestCase(16384)]
    public void Numbers_out_of_range_are_refused(int number) => Assert.That(() => Lun.Encode(number), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
