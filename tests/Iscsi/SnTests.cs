using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class SnTests
{
    [TestCase(0u, 1u)]
    [TestCase(0xffffffffu, 0u)]
    [TestCase(0xfffffff0u, 5u)]
    [TestCase(0u, 0x7fffffffu)]
    public void Order_survives_the_wrap(uint earlier, uint later)
    {
        Assert.That(Sn.Before(earlier, later));
        Assert.That(Sn.After(later, earlier));
        Assert.That(Sn.Before(later, earlier), Is.False);
    }

    [Test]
    public void Equal_numbers_are_neither()
    {
        Assert.That(Sn.Before(7, 7), Is.False);
        Assert.That(Sn.After(7, 7), Is.False);
    }
}
