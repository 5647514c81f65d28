using System.Text.RegularExpressions;

namespace Iscsitop.Tests.Conformance;

/// <summary>iscsi-perf and qemu-img bench at depth: nothing fails and nothing hangs.</summary>
[TestFixture]
public sealed partial class LoadTests
{
    private TargetProcess _target = null!;

    [OneTimeSetUp]
    public void StartTarget() => _target = TargetProcess.Start("0=ram:64MiB");

    [OneTimeTearDown]
    public void StopTarget() => _target?.Dispose();

    [TestCase("1", "8")]
    [TestCase("32", "8")]
    [TestCase("128", "8")]
    [TestCase("8", "2048")]
    public void Reads_at_depth(string depth, string blocks)
    {
        Client.Need("iscsi-perf");

        Output output = Client.RunWell("iscsi-perf", "-m", depth, "-b", blocks, "-t", "1", "-r", _target.Url(0));

        Match iops = Average().Matches(output.Out).LastOrDefault() ?? Match.Empty;
        Assert.That(iops.Groups[1].Value, Does.Match("^[1-9]"), output.All);
    }

    [TestCase("32", "4096", "5000")]
    [TestCase("8", "1048576", "200")]
    public void Writes_at_depth(string depth, string size, string count)
    {
        Client.NeedQemu("qemu-img");

        Output output = Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-w", "-d", depth, "-s", size, "-c", count, _target.Url(0));

        Assert.That(output.Out, Does.Contain("Run completed"));
    }

    [Test]
    public void Several_sessions_at_once()
    {
        Client.Need("iscsi-perf");

        Output[] outputs = [.. Enumerable.Range(0, 4).AsParallel().WithDegreeOfParallelism(4).Select(i =>
            Client.Run("iscsi-perf", "-i", $"iqn.2026-11.example.iscsitop:host{i}", "-m", "16", "-b", "8", "-t", "1", "-r", _target.Url(0)))];

        Assert.That(outputs.Where(o => o.ExitCode != 0).Select(o => o.All), Is.Empty);
    }

    [GeneratedRegex(@"iops average ([0-9]+)")]
    private static partial Regex Average();
}
