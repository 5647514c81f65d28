using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class RemovableMediumTests
{
    private const string Eject = "1B 00 00 00 02 00";
    private const string Load = "1B 00 00 00 03 00";
    private const string Prevent = "1E 00 00 00 01 00";
    private const string Allow = "1E 00 00 00 00 00";
    private const string Ready = "00 00 00 00 00 00";

    [Test]
    public void An_ejected_medium_is_not_there([Values(Ready, "25", "28 00 00 00 00 00 00 00 01 00", "2A 00 00 00 00 00 00 00 01 00", "35", "42 00 00 00 00 00 00 00 00 00", "9E 10")] string cdb)
    {
        using var rig = new Rig(thin: true, removable: true);
        Assert.That(rig.Run(Eject), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run(Eject), Is.EqualTo(ScsiStatus.Good), "again");
        rig.Run(cdb, new byte[512]);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.MediumNotPresent));
        Assert.That(rig.Run(Load), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run(cdb, new byte[512]), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void Request_sense_and_inquiry_answer_without_a_medium()
    {
        using var rig = new Rig(removable: true);
        rig.Run("12 00 00 00 60 00");
        Assert.That(rig.DataIn[1], Is.EqualTo(0x80), "RMB");
        rig.Run(Eject);
        Assert.That(rig.Run("12 00 00 00 60 00"), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run("03 00 00 00 12 00"), Is.EqualTo(ScsiStatus.Good));
        Assert.That((rig.DataIn[2], rig.DataIn[12]), Is.EqualTo(((byte)2, (byte)0x3a)));
    }

    [Test]
    public void A_nexus_that_prevents_it_keeps_the_medium_where_it_is()
    {
        using var rig = new Rig(removable: true);
        Nexus first = rig.Nexus, second = rig.Open();
        second.Attentions(rig.Unit).Take();
        rig.Run(Prevent);
        rig.Nexus = second;
        rig.Run(Eject);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.MediumRemovalPrevented));
        Assert.That(rig.Run(Ready), Is.EqualTo(ScsiStatus.Good));
        rig.Run(Allow);
        Assert.That(rig.Run(Eject), Is.EqualTo(ScsiStatus.CheckCondition), "the other still prevents it");
        rig.Nexus = first;
        rig.Run(Allow);
        Assert.That(rig.Run(Eject), Is.EqualTo(ScsiStatus.Good));
        rig.Run(Prevent);
        rig.Run(Load);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.MediumRemovalPrevented));
    }

    [Test]
    public void Nexus_loss_and_resets_allow_it([Values] bool reset)
    {
        using var rig = new Rig(removable: true);
        rig.Run(Prevent);
        if (reset) rig.Unit.Reset();
        else rig.Nexus.Detach();
        Assert.That(rig.Run(Eject), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void The_others_are_told_of_a_loaded_medium()
    {
        using var rig = new Rig(removable: true);
        Nexus other = rig.Open();
        other.Attach();
        rig.Nexus.Attach();
        other.Attentions(rig.Unit).Take();
        rig.Run(Load);
        Assert.That(other.Attentions(rig.Unit).Take(), Is.EqualTo(SenseCode.NoSense), "it was loaded");
        rig.Run(Eject);
        rig.Run(Load);
        Assert.That(other.Attentions(rig.Unit).Take(), Is.EqualTo(SenseCode.MediumMayHaveChanged));
    }

    [TestCase("1B 00 00 00 00 00", TestName = "STOP")]
    [TestCase("1B 00 00 00 01 00", TestName = "START")]
    [TestCase("1B 00 00 00 22 00", TestName = "a power condition with LOEJ")]
    [TestCase("1B 00 00 0F B0 00", TestName = "a power condition with a modifier")]
    public void What_is_no_eject_leaves_the_medium(string cdb)
    {
        using var rig = new Rig(removable: true);
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run(Ready), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void A_fixed_medium_can_be_prevented_from_nothing()
    {
        using var rig = new Rig();
        Assert.That(rig.Run(Prevent), Is.EqualTo(ScsiStatus.Good));
        rig.Run(Eject);
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "4.1")));
    }
}
