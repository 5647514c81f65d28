namespace Iscsitop.Tests.Conformance;

/// <summary>libiscsi's small tools: what the target says of itself.</summary>
[TestFixture]
public sealed class DiscoveryTests
{
    private TargetProcess _target = null!;

    [OneTimeSetUp]
    public void StartTarget() => _target = TargetProcess.Start("0=ram:64MiB", "1=ram:1GiB", "5=ram:8MiB,ro");

    [OneTimeTearDown]
    public void StopTarget() => _target?.Dispose();

    [Test]
    public void Discovery_names_the_target_and_its_portal()
    {
        Client.Need("iscsi-ls");

        Output output = Client.RunWell("iscsi-ls", _target.Portal);

        Assert.That(output.Out.Trim(), Is.EqualTo($"Target:{TargetProcess.Iqn} Portal:127.0.0.1:{_target.Port},1"));
    }

    [Test]
    public void Discovery_shows_every_lun_with_its_size()
    {
        Client.Need("iscsi-ls");

        string[] luns = [.. Client.RunWell("iscsi-ls", "-s", _target.Portal).Out.Split('\n').Where(l => l.StartsWith("Lun:", StringComparison.Ordinal))];

        Assert.Multiple(() =>
        {
            Assert.That(luns.Select(l => l.Split(' ', '\t')[0]), Is.EqualTo("Lun:0 Lun:1 Lun:5".Split(' ')));
            Assert.That(luns, Has.All.Contain("Type:DIRECT_ACCESS"));
        });
    }

    [Test]
    public void Inquiry_tells_a_disk()
    {
        Client.Need("iscsi-inq");

        Output output = Client.RunWell("iscsi-inq", _target.Url(0));

        Assert.Multiple(() =>
        {
            Assert.That(output.Out, Does.Contain("Peripheral Qualifier:CONNECTED"));
            Assert.That(output.Out, Does.Contain("Peripheral Device Type:DIRECT_ACCESS"));
            Assert.That(output.Out, Does.Contain("CmdQue:1"));
            Assert.That(output.Out, Does.Match(@"Vendor:ISCSITOP *\n"));
        });
    }

    [TestCase("0x80", "Unit Serial Number")]
    [TestCase("0x83", "Page Code:")]
    [TestCase("0xb0", "maximum transfer length")]
    [TestCase("0xb1", "Medium Rotation Rate")]
    public void Inquiry_has_the_page(string page, string says)
    {
        Client.Need("iscsi-inq");

        Output supported = Client.RunWell("iscsi-inq", "-e", "1", "-c", "0", _target.Url(0));
        Output output = Client.RunWell("iscsi-inq", "-e", "1", "-c", Convert.ToInt32(page, 16).ToString(System.Globalization.CultureInfo.InvariantCulture), _target.Url(0));

        Assert.Multiple(() =>
        {
            Assert.That(supported.Out, Does.Contain($"Page:{page}"));
            Assert.That(output.Out, Does.Contain(says).IgnoreCase);
        });
    }

    [TestCase(0, 64L << 20)]
    [TestCase(1, 1L << 30)]
    [TestCase(5, 8L << 20)]
    public void Capacity_is_what_the_lun_was_made_with(int lun, long size)
    {
        Client.Need("iscsi-readcapacity16");

        Output output = Client.RunWell("iscsi-readcapacity16", _target.Url(lun));

        Assert.Multiple(() =>
        {
            Assert.That(output.Out, Does.Contain($"RETURNED LOGICAL BLOCK ADDRESS:{size / 512 - 1}\n"));
            Assert.That(output.Out, Does.Contain("LOGICAL BLOCK LENGTH IN BYTES:512\n"));
            Assert.That(output.Out, Does.Contain($"Total size:{size}\n"));
        });
    }

    [Test]
    public void A_lun_that_is_not_there_is_refused()
    {
        Client.Need("iscsi-readcapacity16");

        Assert.That(Client.Run("iscsi-readcapacity16", _target.Url(3)).ExitCode, Is.Not.Zero);
    }

    [Test]
    public void A_target_that_is_not_there_is_refused()
    {
        Client.Need("iscsi-inq");

        Output output = Client.Run("iscsi-inq", $"{_target.Portal}/iqn.2026-11.example.iscsitop:other/0");

        Assert.Multiple(() =>
        {
            Assert.That(output.ExitCode, Is.Not.Zero);
            Assert.That(output.All, Does.Contain("Target not found").IgnoreCase);
        });
    }
}
