using System.Text;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class LoginKeysTests
{
    [Test]
    public void Keys_are_unique() => Assert.That(LoginKeys.Rows.Select(r => r.Name), Is.Unique);

    [Test]
    public void Every_value_has_a_row_and_a_default_in_its_range()
    {
        foreach (Key key in Enum.GetValues<Key>().Where(k => k != Key.Other))
        {
            KeyRow row = LoginKeys.Rows.Single(r => r.Key == key);
            if (row.Rule is Rule.Min or Rule.Max or Rule.Declare) Assert.That(row.Default, Is.InRange(row.Low, row.High), row.Name);
        }
    }

    // What was offered, what we answer.
    [TestCase("MaxBurstLength=262144", "MaxBurstLength=262144")]
    [TestCase("MaxBurstLength=16776192", "MaxBurstLength=1048576")]
    [TestCase("MaxBurstLength=511", "MaxBurstLength=Reject")]
    [TestCase("MaxBurstLength=16777216", "MaxBurstLength=Reject")]
    [TestCase("MaxBurstLength=-1", "MaxBurstLength=Reject")]
    [TestCase("DefaultTime2Wait=5", "DefaultTime2Wait=5")]
    [TestCase("DefaultTime2Retain=5", "DefaultTime2Retain=0")]
    [TestCase("InitialR2T=No", "InitialR2T=No")]
    [TestCase("InitialR2T=Yes", "InitialR2T=Yes")]
    [TestCase("InitialR2T=yes", "InitialR2T=Reject")]
    [TestCase("ImmediateData=No", "ImmediateData=No")]
    [TestCase("ImmediateData=Yes", "ImmediateData=Yes")]
    [TestCase("MaxConnections=4", "MaxConnections=1")]
    [TestCase("ErrorRecoveryLevel=2", "ErrorRecoveryLevel=0")]
    [TestCase("HeaderDigest=None,CRC32C", "HeaderDigest=None")]
    [TestCase("HeaderDigest=CRC32C,None", "HeaderDigest=CRC32C")]
    [TestCase("HeaderDigest=CRC32", "HeaderDigest=Reject")]
    [TestCase("IFMarker=No", "IFMarker=No")]
    [TestCase("OFMarkInt=1~2", "OFMarkInt=Reject")]
    [TestCase("X-com.example.Key=1", "X-com.example.Key=NotUnderstood")]
    [TestCase("MaxRecvDataSegmentLength=65536", "")]
    [TestCase("InitiatorAlias=host", "")]
    [TestCase("MaxBurstLength=4096|FirstBurstLength=65536", "MaxBurstLength=4096|FirstBurstLength=4096")]
    [TestCase("FirstBurstLength=65536|MaxBurstLength=4096", "MaxBurstLength=4096|FirstBurstLength=4096")]
    public void An_offer_is_answered_by_the_table(string offer, string expected) =>
        Assert.That(Negotiate(offer, fullFeature: false, new Parameters()), Is.EqualTo(expected));

    [Test]
    public void What_is_agreed_is_kept()
    {
        var parameters = new Parameters();
        Negotiate("MaxRecvDataSegmentLength=65536|InitialR2T=No|MaxOutstandingR2T=4|MaxBurstLength=0x10000", fullFeature: false, parameters);
        Assert.That(parameters[Key.MaxRecvDataSegmentLength], Is.EqualTo(65536));
        Assert.That(parameters[Key.InitialR2T], Is.Zero);
        Assert.That(parameters[Key.MaxOutstandingR2T], Is.EqualTo(4));
        Assert.That(parameters[Key.MaxBurstLength], Is.EqualTo(65536));
    }

    [Test]
    public void What_is_rejected_leaves_the_default()
    {
        var parameters = new Parameters();
        Negotiate("MaxBurstLength=1|FirstBurstLength=nonsense", fullFeature: false, parameters);
        Assert.That(parameters[Key.MaxBurstLength], Is.EqualTo(262144));
        Assert.That(parameters[Key.FirstBurstLength], Is.EqualTo(65536));
    }

    [Test]
    public void Reserved_values_cannot_be_offered([Values("Reject", "Irrelevant", "NotUnderstood")] string value) =>
        Assert.That(Negotiate($"MaxBurstLength={value}", fullFeature: false, new Parameters()), Does.StartWith("wrong:"));

    [Test]
    public void Keys_of_the_login_have_no_place_in_the_full_feature_phase() =>
        Assert.That(Negotiate("MaxBurstLength=512|MaxRecvDataSegmentLength=512", fullFeature: true, new Parameters()), Is.EqualTo("MaxBurstLength=Reject"));

    private static string Negotiate(string offer, bool fullFeature, Parameters parameters)
    {
        var pairs = offer.Split('|').Select(p => p.Split('=', 2)).Select(p => new KeyValuePair<string, string>(p[0], p[1])).ToList();
        var answer = new TextBuilder();
        string? wrong = LoginKeys.Negotiate(pairs, fullFeature, parameters, answer);
        return wrong is null ? Encoding.UTF8.GetString(answer.Span).TrimEnd('\0').Replace('\0', '|') : "wrong:" + wrong;
    }
}
