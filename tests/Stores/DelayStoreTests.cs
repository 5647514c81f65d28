using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;
using Iscsitop.Tests.Scsi;

namespace Iscsitop.Tests.Stores;

[TestFixture]
public sealed class DelayStoreTests
{
    [Test]
    public void Never_answers_at_once_and_passes_everything_on()
    {
        var inner = new MemoryStore(1 << 20);
        using var rig = new Rig(new DelayStore(inner, TimeSpan.FromMilliseconds(1)));
        byte[] data = [.. Enumerable.Repeat((byte)9, 512)];
        var task = new ScsiTask();
        Assert.Multiple(() =>
        {
            Assert.That((rig.Unit.Store.MayBlock, rig.Unit.Store.TryReadNow(0, 512, task), task.DataInCount), Is.EqualTo((true, false, 0)));
            Assert.That(rig.Run(MediumTests.Cdb(0x2e, 3, 1), data), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.Run(MediumTests.Cdb(0x28, 3, 1)), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.DataIn, Is.EqualTo(data));
            Assert.That((rig.Unit.Store.Length, rig.Unit.Store.ReadOnly, rig.Unit.Store.WriteCache, rig.Unit.Store.RotationRate),
                Is.EqualTo((inner.Length, inner.ReadOnly, inner.WriteCache, inner.RotationRate)));
        });
    }
}
