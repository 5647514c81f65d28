using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine.Sources;

[TestFixture]
public sealed class PrivilegesTests
{
    [Test]
    public void Permitted_and_effective_capabilities_count_as_held()
    {
        Assert.That(Privileges.Held("Name:\tx\nCapInh:\t0000000000000004\nCapPrm:\t0000000000002000\nCapEff:\t0000000000000001\nCapBnd:\t00000000ffffffff\n"), Is.EqualTo(0x2001));
        Assert.That(Privileges.Held("Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t00000000ffffffff\n"), Is.Zero);
    }

    // Capabilities belong to threads: one that ends soon can lose its own, and the test host keeps its.
    [Test]
    public void A_thread_drops_its_own_and_the_others_are_told_of()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("privileges are dropped on Linux only");
        if (!Environment.IsPrivilegedProcess) Assert.Ignore("only root has capabilities to drop");
        string? failure = "not run";
        string status = "";
        string[] left = [];
        var thread = new Thread(() =>
        {
            if (!OperatingSystem.IsLinux()) return;
            failure = Privileges.DropHere();
            status = File.ReadAllText("/proc/thread-self/status");
            left = [.. Privileges.Left()];
        });
        thread.Start();
        thread.Join();
        Assert.That(failure, Is.Null);
        Assert.That(Privileges.Held(status), Is.Zero);
        Assert.That(status, Does.Contain("NoNewPrivs:\t1\n"));
        string id = status.Split('\n').Single(l => l.StartsWith("Pid:", StringComparison.Ordinal))[4..].Trim();
        Assert.That(left, Is.Not.Empty.And.All.Contains(" still has the capabilities 0x").And.None.StartsWith($"the thread {id} "));
    }
}
