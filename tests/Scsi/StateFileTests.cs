using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class StateFileTests
{
    [Test]
    public void What_was_saved_is_loaded()
    {
        using var scratch = new Scratch();
        var file = new StateFile(scratch.File("state"), "name");
        Assert.That(file.Load(), Is.Null);
        file.Save([1, 2]);
        file.Save([3]);
        Assert.That(new StateFile(scratch.File("state"), "name").Load(), Is.EqualTo(new byte[] { 3 }));
        file.Save(null);
        Assert.That(file.Load(), Is.Null);
    }

    [Test]
    public void What_could_not_be_saved_is_not_there([Values] bool before, [Values] bool removed)
    {
        using var scratch = new Scratch();
        byte[]? old = before ? [1] : null;
        new StateFile(scratch.Path, "name").Save(old);
        int calls = 0;
        var failing = new StateFile(scratch.Path, "name") { Sync = () => ++calls > 1 };
        Assert.That(() => failing.Save(removed ? null : [2]), Throws.InstanceOf<IOException>().And.Not.InstanceOf<StateInDoubtException>().And.Message.Contains(scratch.Path));
        Assert.That((failing.Load(), calls), Is.EqualTo((old, 2)));
    }

    [Test]
    public void It_is_said_when_nobody_knows_which_is_there()
    {
        using var scratch = new Scratch();
        var failing = new StateFile(scratch.Path, "name") { Sync = () => false };
        Assert.That(() => failing.Save([2]), Throws.InstanceOf<StateInDoubtException>());
    }

    [Test]
    public void A_directory_that_is_gone_changes_nothing()
    {
        using var scratch = new Scratch();
        var file = new StateFile(scratch.File("state"), "name");
        Assert.That(() => file.Save([2]), Throws.InstanceOf<IOException>().And.Not.InstanceOf<StateInDoubtException>());
    }
}
