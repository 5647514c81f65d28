using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Stores;

[TestFixture]
public sealed class BufferPoolTests
{
    [TestCase(0, 4096)]
    [TestCase(1, 4096)]
    [TestCase(4096, 4096)]
    [TestCase(4097, 8192)]
    [TestCase(BufferPool.MaxLength, BufferPool.MaxLength)]
    public void Buffers_are_powers_of_two(int length, int expected)
    {
        byte[] buffer = BufferPool.Rent(length);
        Assert.That(buffer, Has.Length.EqualTo(expected));
        BufferPool.Return(buffer);
    }

    [Test]
    public void A_buffer_comes_back()
    {
        byte[] buffer = BufferPool.Rent(1 << 20);
        BufferPool.Return(buffer);
        byte[] again = BufferPool.Rent((1 << 20) - 7);
        Assert.That(again, Is.SameAs(buffer));
        BufferPool.Return(again);
    }

    [Test]
    public void Longer_ones_are_refused() =>
        Assert.That(() => BufferPool.Rent(BufferPool.MaxLength + 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
