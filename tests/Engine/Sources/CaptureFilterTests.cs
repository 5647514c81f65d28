using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Engine.Sources;

[TestFixture]
public sealed class CaptureFilterTests
{
    [Test]
    public void Ports_are_looked_for_behind_up_to_two_tags()
    {
        string filter = CaptureFilter.Build([3260, 860], "", tags: true);
        Assert.That(filter.Split("tcp port 3260 or tcp port 860 or "), Has.Length.EqualTo(4));
        Assert.That(filter.Split("vlan and "), Has.Length.EqualTo(3));
        Assert.That(filter, Does.Not.Contain("inbound"));
    }

    [Test]
    public void Without_ports_it_is_all_of_TCP() =>
        Assert.That(CaptureFilter.Build([], "", tags: false), Does.StartWith("(tcp or (ip proto 6 and ").And.Not.Contains("vlan"));

    [Test]
    public void The_users_filter_limits_and_comes_before_our_tags() =>
        Assert.That(CaptureFilter.Build([3260], "host a or host b", tags: true), Does.StartWith("(host a or host b) and (tcp port 3260 or "));

    [TestCase(" ")]
    [TestCase("")]
    public void No_filter_is_none(string user) =>
        Assert.That(CaptureFilter.Build([3260], user, tags: false), Does.StartWith("(tcp port 3260 or "));
}
