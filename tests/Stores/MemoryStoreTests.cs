using CsCheck;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Stores;

[TestFixture]
public sealed class MemoryStoreTests
{
    [Test]
    public void Agrees_with_an_array() => StoreOracle.Check(() => new MemoryStore(StoreOracle.Length));

    [Test]
    public void Memory_is_taken_by_the_first_write_of_a_chunk()
    {
        using var store = new MemoryStore(1L << 40);
        byte[] block = new byte[512];
        store.Read((1L << 40) - 512, block);
        Assert.That(store.Allocated, Is.Zero);
        store.Write((1L << 39) - 256, block);
        Assert.That(store.Allocated, Is.EqualTo(2 * MemoryStore.ChunkLength));
    }

    [Test]
    public void Reads_stand_in_place_and_cross_chunks()
    {
        using var store = new MemoryStore(4 * MemoryStore.ChunkLength);
        store.Write(MemoryStore.ChunkLength - 3, [1, 2, 3, 4, 5]);
        var task = new ScsiTask();
        Assert.That(store.TryReadNow(MemoryStore.ChunkLength - 4, 7, task), Is.True);
        Assert.Multiple(() =>
        {
            Assert.That(task.DataInCount, Is.EqualTo(2));
            Assert.That(task.DataIn.ToArray().SelectMany(s => s), Is.EqualTo(new byte[] { 0, 1, 2, 3, 4, 5, 0 }));
            Assert.That(task.Buffer, Is.Null);
        });
    }

    [Test]
    public void Writers_of_one_fresh_chunk_share_it()
    {
        using var store = new MemoryStore(MemoryStore.ChunkLength);
        Parallel.For(0, 64, i => store.Write(i * 4096, [.. Enumerable.Repeat((byte)(i + 1), 4096)]));
        byte[] all = new byte[64 * 4096];
        store.Read(0, all);
        Assert.That(all, Is.EqualTo(Enumerable.Range(0, 64).SelectMany(i => Enumerable.Repeat((byte)(i + 1), 4096))));
    }

    [Test]
    public void Nothing_is_allocated_once_chunks_exist()
    {
        using var store = new MemoryStore(4 * MemoryStore.ChunkLength);
        var task = new ScsiTask();
        byte[] data = new byte[2 * MemoryStore.ChunkLength], cdb = new byte[16];
        void All()
        {
            task.Reset(cdb, []);
            store.Write(MemoryStore.ChunkLength / 2, data);
            store.Read(MemoryStore.ChunkLength / 2, data);
            store.TryReadNow(0, data.Length, task);
        }

        Assert.That(Allocated.By(All), Is.Zero);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(MemoryStore.MaxLength + 1)]
    public void Length_is_checked(long length) => Assert.That(() => new MemoryStore(length), Throws.InstanceOf<ArgumentOutOfRangeException>());
}

/// <summary>Any sequence of reads and writes must leave a store and an array alike.</summary>
internal static class StoreOracle
{
    public const int Length = 3 * MemoryStore.ChunkLength;

    // Small and large pieces, many of them around the borders of chunks and pages.
    private static readonly Gen<(int Offset, int Length, bool Write, byte Value)[]> s_operations = Gen.Select(
        Gen.OneOf(Gen.Int[0, Length - 1], Gen.Int[1, 2].SelectMany(c => Gen.Int[c * MemoryStore.ChunkLength - 5000, c * MemoryStore.ChunkLength + 5000])),
        Gen.OneOf(Gen.Int[1, 9000], Gen.Int[1, Length]),
        Gen.Bool,
        Gen.Byte,
        (offset, length, write, value) => (offset, Math.Min(length, Length - offset), write, value)).Array[1, 20];

    public static void Check(Func<Store> open) => s_operations.Sample(
        operations =>
        {
            using Store store = open();
            var task = new ScsiTask();
            byte[] model = new byte[Length], buffer = new byte[Length];
            bool same = true;
            foreach ((int offset, int length, bool write, byte value) in operations)
            {
                if (write)
                {
                    model.AsSpan(offset, length).Fill(value);
                    store.Write(offset, model.AsSpan(offset, length));
                    continue;
                }
                store.Read(offset, buffer.AsSpan(0, length));
                same &= buffer.AsSpan(0, length).SequenceEqual(model.AsSpan(offset, length)) && SameDataIn(store, task, offset, model.AsSpan(offset, length));
            }
            task.ReturnBuffer();
            return same;
        },
        iter: 60,
        threads: 1);

    private static bool SameDataIn(Store store, ScsiTask task, int offset, ReadOnlySpan<byte> expected)
    {
        task.Reset(new byte[16], []);
        if (!store.TryReadNow(offset, expected.Length, task))
        {
            if (task.DataInCount != 0) return false;
            store.Read(offset, expected.Length, task);
        }
        if (task.InLength != expected.Length) return false;
        foreach (ArraySegment<byte> segment in task.DataIn)
        {
            if (!segment.AsSpan().SequenceEqual(expected[..segment.Count])) return false;
            expected = expected[segment.Count..];
        }
        return true;
    }
}
