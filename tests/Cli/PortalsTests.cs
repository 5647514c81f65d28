using System.Net;
using Iscsitop.Cli;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class PortalsTests
{
    [TestCase("127.0.0.1", "127.0.0.1", 3260)]
    [TestCase("127.0.0.1:3261", "127.0.0.1", 3261)]
    [TestCase("127.0.0.1:0", "127.0.0.1", 0)]
    [TestCase("::1", "::1", 3260)]
    [TestCase("[::1]", "::1", 3260)]
    [TestCase("[::1]:860", "::1", 860)]
    [TestCase("2001:DB8::5", "2001:db8::5", 3260)]
    public void Right(string text, string address, int port) =>
        Assert.That(Portals.Parse(text), Is.EqualTo(new IPEndPoint(IPAddress.Parse(address), port)));

    [TestCase(":3260", "the address is missing")]
    [TestCase("", "the address is missing")]
    [TestCase("localhost", "an address and no name")]
    [TestCase("1", "an address and no name")]
    [TestCase("127.1", "an address and no name")]
    [TestCase("127.0.0.1:", "a port from 0 to 65535")]
    [TestCase("127.0.0.1:65536", "a port from 0 to 65535")]
    [TestCase("127.0.0.1:+1", "a port from 0 to 65535")]
    [TestCase("[::1]x", "a port from 0 to 65535")]
    [TestCase("[::1", "an address and no name")]
    public void Wrong(string text, string because) =>
        Assert.That(() => Portals.Parse(text), Throws.TypeOf<UsageException>().With.Message.Contains(because).And.Message.Contains(text));

    [TestCase("127.0.0.1", true)]
    [TestCase("127.9.9.9", true)]
    [TestCase("::1", true)]
    [TestCase("0.0.0.0", false)]
    [TestCase("::", false)]
    [TestCase("192.0.2.1", false)]
    public void Only_this_machine_unless_said_otherwise(string address, bool allowed) =>
        Assert.That(() => Portals.RequireGuard(new TargetOptions { Portals = [Portals.Parse(address)] }), allowed ? Throws.Nothing : Throws.TypeOf<UsageException>());

    [TestCase(true, true, 1, true)]
    [TestCase(true, false, 1, false)]
    [TestCase(false, true, 1, false)]
    [TestCase(true, false, 2, true)]
    public void Other_machines_need_targets_that_ask_who_comes(bool account, bool list, int groupOfSecond, bool allowed)
    {
        var options = new TargetOptions
        {
            PortalGroups = [new PortalGroup(1, [Portals.Parse("192.0.2.1")]), new PortalGroup(2, [Portals.Parse("::1")])],
            Targets =
            [
                new TargetSpec("a") { Authentication = account ? new Authentication([new ChapAccount("u", new byte[12])]) : Authentication.None },
                new TargetSpec("b") { AllowsUnlisted = !list, PortalGroups = [(ushort)groupOfSecond] },
            ],
        };
        Assert.That(() => Portals.RequireGuard(options), allowed ? Throws.Nothing : Throws.TypeOf<UsageException>().With.Message.Contains(account ? " to b:" : " to a:"));
    }
}
