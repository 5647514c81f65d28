using Iscsitop.Cli;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class FailureWordsTests
{
    [TestCase(FailureKind.Status, 0x02052400u, "CHECK CONDITION", "05/24/00", "illegal request: invalid field in the CDB", "I")]
    [TestCase(FailureKind.Status, 0x02031100u, "CHECK CONDITION", "03/11/00", "medium error: read error that could not be recovered", "T")]
    [TestCase(FailureKind.Status, 0x02020401u, "CHECK CONDITION", "02/04/01", "not ready: unit is becoming ready", "D")]
    [TestCase(FailureKind.Status, 0x02020412u, "CHECK CONDITION", "02/04/12", "not ready: unit is offline", "T")]
    [TestCase(FailureKind.Status, 0x020b4705u, "CHECK CONDITION", "0b/47/05", "aborted command: CRC error of the protocol service", "C")]
    [TestCase(FailureKind.Status, 0x020480f1u, "CHECK CONDITION", "04/80/f1", "hardware error", "T")]
    [TestCase(FailureKind.Status, 0x020629ffu, "CHECK CONDITION", "06/29/ff", "unit attention: power on or reset happened", "I")]
    [TestCase(FailureKind.Status, 0x02000000u, "CHECK CONDITION", "", "", "T")]
    [TestCase(FailureKind.Status, 0x18000000u, "RESERVATION CONFLICT", "", "", "D")]
    [TestCase(FailureKind.Status, 0x08000000u, "BUSY", "", "", "D")]
    [TestCase(FailureKind.Status, 0x55000000u, "0x55", "", "", "T")]
    [TestCase(FailureKind.Response, 1u, "target failure", "0x01", "the target could not execute the command", "T")]
    [TestCase(FailureKind.Residual, 0u, "residual", "", "less data than was asked for", "I")]
    [TestCase(FailureKind.NoStatus, 0u, "no status", "", "aborted by task management", "D")]
    [TestCase(FailureKind.NoStatus, 1u, "no status", "", "its session ended", "C")]
    [TestCase(FailureKind.Reject, 0x04u, "Reject", "0x04", "protocol error", "C")]
    [TestCase(FailureKind.Reject, 0x77u, "Reject", "0x77", "unknown", "C")]
    [TestCase(FailureKind.Digest, 1u, "digest error", "", "data digest did not match", "C")]
    [TestCase(FailureKind.Login, 0x0201u, "login rejected", "02/01", "authentication failed", "C")]
    [TestCase(FailureKind.Login, 0x0101u, "login redirected", "01/01", "target moved for now", "I")]
    [TestCase(FailureKind.Login, 0x0302u, "login rejected", "03/02", "target is out of resources", "T")]
    [TestCase(FailureKind.Async, 0x00010000u, "async message", "0x01", "target asks for logout", "I")]
    [TestCase(FailureKind.Async, 0x01u, "async message", "0x01", "target asks for logout", "I")]
    [TestCase(FailureKind.Async, 0x2a09u, "async message", "0x00", "SCSI event: capacity changed", "I")]
    [TestCase(FailureKind.Login, 0xffffffffu, "login rejected", "", "others: there were too many to tell apart", "I")]
    [TestCase(FailureKind.Async, 0x00030000u, "async message", "0x03", "target drops the session", "C")]
    public void A_failure_in_words(FailureKind kind, uint code, string status, string number, string detail, string letter)
    {
        var key = new FailureKey(1, 0, 0, kind, code);
        Assert.That((FailureWords.Status(key), FailureWords.Number(key), FailureWords.Detail(key), FailureWords.Class(key)), Is.EqualTo((status, number, detail, letter)));
    }

    [Test]
    public void In_short_it_is_status_and_code() => Assert.Multiple(() =>
    {
        Assert.That(FailureWords.Brief(new FailureKey(1, 0, 0, FailureKind.Status, 0x02052400)), Is.EqualTo("CHECK 05/24/00"));
        Assert.That(FailureWords.Brief(new FailureKey(1, 0, 0, FailureKind.Status, 0x08000000)), Is.EqualTo("BUSY"));
    });

    [Test]
    public void What_our_target_says_has_words()
    {
        foreach (SenseCode code in Enum.GetValues<SenseCode>())
            Assert.That(SenseTexts.Of((byte)((int)code >> 8), (byte)code), Is.Not.Empty, code.ToString());
    }
}
