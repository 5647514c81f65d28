using Iscsitop.Engine.Wire;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class HeldSegmentsTests
{
    [TestCase(10, true)]
    [TestCase(1000, false)]
    public void The_room_for_many_is_given_back_when_none_is_left(int count, bool kept)
    {
        var memory = new HeldMemory(1 << 20);
        var held = new HeldSegments(memory, 1 << 20);
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < count; i++) Assert.That(Add(held, 10 + i), Is.True);
            Assert.That((held.Count, held.First.At), Is.EqualTo((count, 10L)));
            Assert.That(held.Room, Is.GreaterThanOrEqualTo(count));
            for (int i = 0; i < count; i++) held.RemoveFirst();
            Assert.That((held.Count, held.Room > 0, memory.Used), Is.EqualTo((0, kept, 0L)));
        }
    }

    private static bool Add(HeldSegments held, long at)
    {
        ReadOnlySpan<byte> bytes = [1];
        int length = 1;
        long again = 0;
        return held.TryAdd(ref at, ref bytes, ref length, 0, ref again);
    }
}
