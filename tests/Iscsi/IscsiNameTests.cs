using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class IscsiNameTests
{
    [TestCase("iqn.2026-01.io.github.iscsitop:target")]
    [TestCase("iqn.1998-01.com.example")]
    [TestCase("iqn.1998-01.com.ex-ample:a.b:c-d")]
    [TestCase("eui.0123456789abcdef")]
    [TestCase("naa.0123456789ABCDEF")]
    [TestCase("naa.0123456789abcdef0123456789abcdef")]
    public void Good_names_pass(string name) => Assert.That(IscsiName.Check(name), Is.Null);

    [TestCase("")]
    [TestCase("disk")]
    [TestCase("iqn.2026-13.com.example")]
    [TestCase("iqn.26-01.com.example")]
    [TestCase("iqn.2026-01.com.example:a b")]
    [TestCase("iqn.2026-01.com.example:../etc")]
    [TestCase("iqn.2026-01.com.example:a/b")]
    [TestCase("iqn.2026-01.com.example:\n")]
    [TestCase("iqn.2026-01.com.Example:x")]
    [TestCase("eui.0123")]
    [TestCase("naa.xyz")]
    public void Bad_names_are_told_why(string name) => Assert.That(IscsiName.Check(name), Is.Not.Null.And.Not.Empty);

    [Test]
    public void A_name_has_223_bytes_at_most()
    {
        string name = "iqn.2026-01.com.example:" + new string('x', IscsiName.MaxLength - 24);
        Assert.That(IscsiName.Check(name), Is.Null);
        Assert.That(IscsiName.Check(name + "x"), Does.Contain("223"));
        Assert.That(IscsiName.IsAcceptable(name));
        Assert.That(IscsiName.IsAcceptable(name + "x"), Is.False);
    }

    [TestCase("iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test", true)]
    [TestCase("IQN.2007-10.COM.EXAMPLE:X", true)]
    [TestCase("%s%n", true)]
    [TestCase("a b", false)]
    [TestCase("a\nb", false)]
    [TestCase("../x", false)]
    [TestCase("a/b", false)]
    [TestCase("", false)]
    public void A_peers_name_is_taken_when_it_can_do_no_harm(string name, bool taken) => Assert.That(IscsiName.IsAcceptable(name), Is.EqualTo(taken));
}
