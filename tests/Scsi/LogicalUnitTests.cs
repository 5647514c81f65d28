using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class LogicalUnitTests
{
    [Test]
    public void Identity_is_the_same_in_every_run()
    {
        using var store = new MemoryStore(4096);
        // Hosts find their disks by it: a change would lose them.
        Assert.That(new LogicalUnit(store, "iqn.2026-01.test:disk", 3).NaaId, Is.EqualTo(0x320f631c04432920ul));
    }

    [Test]
    public void Identity_differs_by_target_and_lun()
    {
        using var store = new MemoryStore(4096);
        ulong[] ids = [.. Enumerable.Range(0, 128).Select(i => new LogicalUnit(store, i < 64 ? "a" : "b", i % 64).NaaId)];
        Assert.Multiple(() =>
        {
            Assert.That(ids, Is.Unique);
            Assert.That(ids.Select(i => i >> 60), Is.All.EqualTo(3ul));
        });
    }

    [Test]
    public void Opens_what_the_specification_says()
    {
        Assert.That(LunSpec.TryParse("7=ram:1MiB,ro,block=4096,delay=2ms,serial=X 1", out LunSpec? spec, out string error), Is.True, error);
        LogicalUnit unit = LogicalUnit.Open(spec!, Rig.TargetName);
        using Store store = unit.Store;
        Assert.Multiple(() =>
        {
            Assert.That((unit.BlockCount, unit.BlockSize, unit.WriteProtected, unit.Serial), Is.EqualTo((256ul, 4096, true, "X 1")));
            Assert.That(store, Is.InstanceOf<DelayStore>());
        });
    }

    [Test]
    public void A_store_that_cannot_be_opened_names_the_lun()
    {
        var spec = new LunSpec(12, LunSpec.File, Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString()), 0);
        Assert.That(() => LogicalUnit.Open(spec, Rig.TargetName), Throws.InstanceOf<IOException>().With.Message.StartsWith("LUN 12: there is no file '"));
    }
}
