using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class ReservationFileTests
{
    private const string RegisterA = "5F 00 00 00 00 00 00 00 18", ReserveEa = "5F 01 03 00 00 00 00 00 18";

    private string _directory = null!;

    [SetUp]
    public void Make() => _directory = Directory.CreateTempSubdirectory("iscsitop-test-").FullName;

    [TearDown]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    [Test]
    public void Reservations_outlive_the_process()
    {
        using (Rig first = Start())
        {
            Assert.That(first.Run(RegisterA, List(0, 0xa, persist: true)), Is.EqualTo(ScsiStatus.Good));
            Assert.That(first.Run(ReserveEa, List(0xa, 0)), Is.EqualTo(ScsiStatus.Good));
        }
        using Rig second = Start();
        Assert.Multiple(() =>
        {
            Assert.That(In(second, 0), Is.EqualTo("0000000000000008000000000000000A"), "PRGENERATION is new");
            Assert.That(In(second, 1), Is.EqualTo("0000000000000010000000000000000A0000000000030000"));
            Assert.That(In(second, 2), Is.EqualTo("00080D81EA010000"));
            Assert.That(second.Run("28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(ScsiStatus.Good), "the holder's new session");
            second.Nexus = new Nexus("iqn.2026-01.test:other", new byte[6], Rig.TargetName, 1, new Dictionary<int, LogicalUnit> { [0] = second.Unit });
            second.Nexus.Attentions(second.Unit).Take();
            Assert.That(second.Run("28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(ScsiStatus.ReservationConflict));
        });
    }

    [Test]
    public void A_registration_without_aptpl_ends_that()
    {
        using (Rig first = Start())
        {
            first.Run(RegisterA, List(0, 0xa, persist: true));
            Assert.That(Directory.GetFiles(_directory), Has.Length.EqualTo(1));
            first.Run(RegisterA, List(0xa, 0xb));
            Assert.That(Directory.GetFiles(_directory), Is.Empty);
        }
        using Rig second = Start();
        Assert.That(In(second, 0), Is.EqualTo("0000000000000000"));
    }

    [TestCase("", TestName = "empty")]
    [TestCase("{", TestName = "cut")]
    [TestCase("null", TestName = "null")]
    [TestCase("{}", TestName = "without fields")]
    [TestCase("""{"unit":"naa.3000000000000000","registrations":[],"type":null}""", TestName = "of another unit")]
    [TestCase("""{"unit":"UNIT","registrations":[{"initiator":"i","port":1,"key":"1","holder":false}],"type":null}""", TestName = "key without 0x")]
    [TestCase("""{"unit":"UNIT","registrations":[{"initiator":"i","port":1,"key":"0x0","holder":false}],"type":null}""", TestName = "key 0")]
    [TestCase("""{"unit":"UNIT","registrations":[{"initiator":"i","port":1,"key":"0x11112222333344445","holder":false}],"type":null}""", TestName = "key too long")]
    [TestCase("""{"unit":"UNIT","registrations":[{"initiator":"i","port":1,"key":"0x1","holder":false}],"type":2}""", TestName = "no such type")]
    [TestCase("""{"unit":"UNIT","registrations":[{"initiator":"i","port":1,"key":"0x1","holder":false}],"type":3}""", TestName = "nobody holds it")]
    public void A_file_that_makes_no_sense_is_named(string content)
    {
        string unit;
        using (Rig rig = Start()) unit = $"naa.{rig.Unit.NaaId:x16}";
        File.WriteAllText(Path.Combine(_directory, unit + ".json"), content.Replace("UNIT", unit, StringComparison.Ordinal));
        Assert.That(Start, Throws.InstanceOf<IOException>().With.Message.Contains(unit + ".json").And.Message.Contains("remove it"));
    }

    [Test]
    public void What_cannot_be_stored_does_not_happen()
    {
        using Rig rig = Start();
        rig.Run(RegisterA, List(0, 0xa, persist: true));
        Directory.Delete(_directory, recursive: true);
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(RegisterA, List(0xa, 0xb, persist: true)), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Code, Is.EqualTo(SenseCode.InternalTargetFailure));
            Assert.That(In(rig, 0), Is.EqualTo("0000000100000008000000000000000A"));
        });
        Directory.CreateDirectory(_directory);
    }

    private static byte[] List(byte key, byte action, bool persist = false)
    {
        byte[] list = new byte[24];
        (list[7], list[15], list[20]) = (key, action, (byte)(persist ? 1 : 0));
        return list;
    }

    private static string In(Rig rig, int serviceAction)
    {
        Assert.That(rig.Run([0x5e, (byte)serviceAction, 0, 0, 0, 0, 0, 0xff, 0xff, 0]), Is.EqualTo(ScsiStatus.Good));
        return Convert.ToHexString(rig.DataIn);
    }

    private Rig Start() => new(stateDirectory: _directory);
}
