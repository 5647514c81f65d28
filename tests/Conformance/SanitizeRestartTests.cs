using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Conformance;

/// <summary>A target that is killed in the middle of a SANITIZE does not show what is left of the data when it is back (SBC-4 §4.11).</summary>
[TestFixture]
public sealed class SanitizeRestartTests
{
    private const int Length = 8 << 20;
    private const byte Old = 0x55;
    private const byte New = 0xa5;

    private static readonly byte[] s_overwrite = [0x48, 0x81, 0, 0, 0, 0, 0, 0, 5, 0]; // IMMED
    private static readonly byte[] s_ready = new byte[6];

    [Test]
    public void A_killed_target_resumes_it()
    {
        using var scratch = new Scratch();
        File.WriteAllBytes(scratch.File("disk"), [.. Enumerable.Repeat(Old, Length)]);
        string lun = $"0=file:{scratch.File("disk")}";
        string[] options = ["--state-dir", scratch.File("state")];
        // Each of the eight pieces waits for long, so that the kill comes before the last of them.
        using (TargetProcess target = TargetProcess.StartWith([lun + ",delay=30s"], options))
        {
            using Initiator initiator = Login(target);
            Settle(initiator);
            Assert.That(initiator.Execute(new ScsiRequest(0, s_overwrite, new byte[] { 1, 0, 0, 1, New }, true)).Status, Is.EqualTo(ScsiStatus.Good));
            target.Kill();
        }
        Assert.That(File.ReadAllBytes(scratch.File("disk")).AsSpan().Contains(Old), "the kill came too late to show anything");

        using (TargetProcess next = TargetProcess.StartWith([lun], options))
        {
            using Initiator reader = Login(next);
            Settle(reader);
        }
        Assert.That(File.ReadAllBytes(scratch.File("disk")).AsSpan().Contains(Old), Is.False, "ready, so nothing is left");
    }

    private static Initiator Login(TargetProcess target)
    {
        var initiator = new Initiator(new IPEndPoint(IPAddress.Loopback, target.Port), "iqn.2026-11.example.iscsitop:sanitize");
        initiator.Login(TargetProcess.Iqn);
        return initiator;
    }

    // Takes the unit attentions, and waits while the unit is not ready.
    private static void Settle(Initiator initiator) => Assert.That(
        SpinWait.SpinUntil(() => initiator.Execute(new ScsiRequest(0, s_ready, default, false)).Status == ScsiStatus.Good, TimeSpan.FromSeconds(120)), "ready");
}
