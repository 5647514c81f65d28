using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class NexusTests
{
    [Test]
    public void A_new_nexus_is_owed_a_power_on_by_every_unit_once()
    {
        using var rig = new Rig();
        Nexus nexus = rig.Open();
        Assert.Multiple(() =>
        {
            Assert.That(nexus.Attentions(rig.Unit).Take(), Is.EqualTo(SenseCode.PowerOnOrReset));
            Assert.That(nexus.Attentions(rig.Unit).Take(), Is.EqualTo(SenseCode.NoSense));
        });
    }

    [Test]
    public void Luns_are_ascending_and_found()
    {
        using var rig = new Rig();
        var nexus = new Nexus("i", new byte[6], "t", 1, new Dictionary<int, LogicalUnit> { [16383] = rig.Unit, [2] = rig.Unit });
        Assert.Multiple(() =>
        {
            Assert.That(nexus.Luns.ToArray(), Is.EqualTo([2, 16383]));
            Assert.That(nexus.Find(16383), Is.SameAs(rig.Unit));
            Assert.That(nexus.Find(0), Is.Null);
            Assert.That(nexus.Find(ulong.MaxValue), Is.Null);
        });
    }

    [Test]
    public void Attentions_go_to_attached_nexuses_but_one()
    {
        using var rig = new Rig();
        Nexus[] nexuses = [rig.Open(), rig.Open(), rig.Open()];
        foreach (Nexus n in nexuses) n.Attentions(rig.Unit).Take();
        nexuses[0].Attach();
        nexuses[1].Attach();
        nexuses[1].Attach();
        nexuses[2].Attach();
        nexuses[2].Detach();
        rig.Unit.Raise(SenseCode.ModeParametersChanged, except: nexuses[0]);
        Assert.That(nexuses.Select(n => n.Attentions(rig.Unit).Take()), Is.EqualTo(new[]
        {
            SenseCode.NoSense, SenseCode.ModeParametersChanged, SenseCode.NoSense,
        }));
    }

    [Test]
    public void A_reset_starts_a_generation_and_tells_everybody()
    {
        using var rig = new Rig();
        rig.Nexus.Attach();
        int before = rig.Unit.Generation;
        rig.Unit.Reset();
        rig.Unit.Reset();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Unit.Generation, Is.EqualTo(before + 2));
            Assert.That(rig.Run("00"), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Code, Is.EqualTo(SenseCode.BusDeviceReset));
            Assert.That(rig.Run("00"), Is.EqualTo(ScsiStatus.Good), "a condition that came twice is reported once");
        });
    }

    [Test]
    public void Resets_are_reported_before_changes()
    {
        var attentions = new UnitAttentions();
        foreach (SenseCode code in new[] { SenseCode.ModeParametersChanged, SenseCode.BusDeviceReset, SenseCode.CapacityDataChanged, SenseCode.PowerOnOrReset })
            attentions.Add(code);
        attentions.Remove(SenseCode.CapacityDataChanged);
        Assert.That(new[] { attentions.Take(), attentions.Take(), attentions.Take(), attentions.Take() }, Is.EqualTo(new[]
        {
            SenseCode.PowerOnOrReset, SenseCode.BusDeviceReset, SenseCode.ModeParametersChanged, SenseCode.NoSense,
        }));
    }

    [Test]
    public void Every_unit_attention_code_but_no_other_can_be_raised()
    {
        var attentions = new UnitAttentions();
        Assert.Multiple(() =>
        {
            foreach (SenseCode code in Enum.GetValues<SenseCode>())
                if ((int)code >> 16 != 6)
                    Assert.That(() => attentions.Add(code), Throws.ArgumentException, code.ToString());
                else
                {
                    attentions.Add(code);
                    Assert.That(attentions.Take(), Is.EqualTo(code));
                }
        });
    }
}
