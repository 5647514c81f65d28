using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

/// <summary>What an initiator that may only read is refused, whatever the unit allows others.</summary>
[TestFixture]
public sealed class ReadOnlyNexusTests
{
    private const string ModeSelect6 = "15 10 00 00 10 00";
    private const string ModeSelect10 = "55 10 00 00 00 00 00 00 14 00";
    private const string Control = "0A0A00100800000000000000"; // SWP
    private const string Eject = "1B 00 00 00 02 00";

    private static IEnumerable<string> Writes => Command.Rows.ToArray()
        .Where(r => r.Handler is not null && (r.Access & Access.Write) == Access.Write)
        .Select(r => Convert.ToHexString([r.Opcode, r.ServiceAction, .. new byte[14]]));

    [TestCaseSource(nameof(Writes))]
    [TestCase(ModeSelect6, "00000000" + Control)]
    [TestCase(ModeSelect10, "0000000000000000" + Control)]
    [TestCase(Eject, "")]
    [TestCase("1B 00 00 00 03 00", "", TestName = "load")]
    public void What_changes_the_unit_is_refused(string cdb, string data = "")
    {
        using Rig rig = Open();
        Assert.That(rig.Run(cdb, Convert.FromHexString(data)), Is.EqualTo(ScsiStatus.CheckCondition));
        Assert.That(rig.Code, Is.EqualTo(SenseCode.WriteProtected));
        Assert.That((rig.Unit.WriteProtected, rig.Unit.Medium.Ejected), Is.EqualTo((false, false)));
    }

    [TestCase("28 00 00 00 00 00 00 00 01 00")]
    [TestCase("35 00 00 00 00 00 00 00 00 00")]
    [TestCase("1A 00 3F 00 FF 00")]
    [TestCase("1B 00 00 00 01 00", TestName = "start")]
    [TestCase("1B 00 00 00 00 00", TestName = "stop: caches are written, the medium stays")]
    [TestCase("1E 00 00 00 01 00", TestName = "prevent removal: who reads needs the medium too")]
    [TestCase("16 00 00 00 00 00", TestName = "reserve: an agreement among initiators, SPC-4 table 68")]
    public void What_does_not_is_answered(string cdb)
    {
        using Rig rig = Open();
        Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.Good));
    }

    [Test]
    public void Others_may_still()
    {
        using Rig rig = Open();
        rig.Nexus = rig.Open();
        rig.Nexus.Attentions(rig.Unit).Take();
        Assert.That(rig.Run(ModeSelect6, Convert.FromHexString("00000000" + Control)), Is.EqualTo(ScsiStatus.Good));
        Assert.That(rig.Run(Eject), Is.EqualTo(ScsiStatus.Good));
    }

    private static Rig Open()
    {
        var rig = new Rig(thin: true, removable: true);
        rig.Nexus.ReadOnly = true;
        return rig;
    }
}
