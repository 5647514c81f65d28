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

    [TestCase("0=ram:1MiB,naa=6000c500a1b2c3d45000c500a1b2c3d4,vendor=ACME,product=Disk 1", "6000c500a1b2c3d45000c500a1b2c3d4", "ACME    Disk 1          ")]
    [TestCase("0=ram:1MiB", null, "ISCSITOPVIRTUAL DISK    ")]
    public void Identity_is_what_was_given(string text, string? naa, string name)
    {
        Assert.That(LunSpec.TryParse(text, out LunSpec? spec, out string error), Is.True, error);
        using var rig = new Rig { Unit = LogicalUnit.Open(spec!, Rig.TargetName) };
        rig.Nexus = rig.Open();
        rig.Run("12 00 00 00 60 00");
        Assert.That(System.Text.Encoding.ASCII.GetString(rig.DataIn, 8, 24), Is.EqualTo(name));
        naa ??= rig.Unit.NaaId.ToString("x16", null);
        Assert.That(rig.Unit.Serial, Is.EqualTo(naa));
        rig.Run("12 01 83 00 FF 00");
        Assert.That(Convert.ToHexStringLower(rig.DataIn.AsSpan(4, 4 + naa.Length / 2)), Is.EqualTo($"010300{naa.Length / 2:x2}{naa}"));
        rig.Run("12 01 B2 00 FF 00");
        Assert.That(rig.DataIn[6], Is.EqualTo(2), "memory is thin");
    }

    [Test]
    public void A_store_that_cannot_be_opened_names_the_lun()
    {
        var spec = new LunSpec(12, LunSpec.File, Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString()), 0);
        Assert.That(() => LogicalUnit.Open(spec, Rig.TargetName), Throws.InstanceOf<IOException>().With.Message.StartsWith("LUN 12: there is no file '"));
    }
}
