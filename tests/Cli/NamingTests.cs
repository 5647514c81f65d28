using Iscsitop.Cli;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class NamingTests
{
    private static readonly Dictionary<string, string> s_aliases = new() { ["IQN.1994-05.com.example:host"] = "db1", ["192.0.2.9"] = "backup", ["2001:db8::7"] = "six" };

    [TestCase(NameStyle.Alias, "iqn.1994-05.com.example:host", "192.0.2.7:1", "db1")]
    [TestCase(NameStyle.Alias, "iqn.other", "192.0.2.9:1", "backup")]
    [TestCase(NameStyle.Alias, "iqn.other", "[2001:db8::7]:1", "six")]
    [TestCase(NameStyle.Alias, "iqn.other", "192.0.2.8:1", "iqn.other")]
    [TestCase(NameStyle.Alias, "iqn.other", null, "iqn.other")]
    [TestCase(NameStyle.Iqn, "iqn.1994-05.com.example:host", "192.0.2.7:1", "iqn.1994-05.com.example:host")]
    [TestCase(NameStyle.Ip, "iqn.other", "192.0.2.8:1", "192.0.2.8")]
    [TestCase(NameStyle.Ip, "", "192.0.2.8:1", "192.0.2.8")]
    [TestCase(NameStyle.Ip, "iqn.other", null, "iqn.other")]
    public void Names(NameStyle style, string name, string? address, string expected) => Assert.That(new Naming(style, s_aliases).Of(name, address), Is.EqualTo(expected));

    [Test]
    public void Addresses_of_names_are_learnt_from_connections()
    {
        Snapshot snapshot = Samples.Two();
        var naming = new Naming(NameStyle.Ip, s_aliases);
        naming.Learn(snapshot);
        Assert.That(naming.Of(Samples.Connection.Initiator, null), Is.EqualTo("192.0.2.7"));
        snapshot.Connections.Add(new ConnectionDelta { Connection = Samples.Connection with { Id = 2, Remote = "192.0.2.8:1" }, Engine = Samples.Engine });
        naming.Learn(snapshot);
        naming.Learn(snapshot);
        Assert.That(naming.Of(Samples.Connection.Initiator, null), Is.EqualTo("192.0.2.7+"));
    }

    [Test]
    public void An_alias_of_an_address_names_rows_that_have_none()
    {
        var naming = new Naming(NameStyle.Alias, new Dictionary<string, string> { ["192.0.2.7"] = "seven" });
        naming.Learn(Samples.Two());
        Assert.That(naming.Of(Samples.Connection.Initiator, null), Is.EqualTo("seven"));
    }

    [Test]
    public void Without_aliases_the_cycle_leaves_them_out()
    {
        var with = new Naming(NameStyle.Alias, s_aliases);
        var without = new Naming(NameStyle.Alias, new Dictionary<string, string>());
        Assert.That((Cycle(with), Cycle(without)), Is.EqualTo(("iqn beginning ip alias iqn", "iqn beginning ip iqn beginning")));

        static string Cycle(Naming naming) => string.Join(' ', Enumerable.Range(0, 5).Select(_ =>
        {
            naming.Next();
            return naming.Word;
        }));
    }

    [Test]
    public void Tables_call_them_so_and_files_do_not()
    {
        TopOptions options = Samples.Fields(OutputFormat.Table, "initiator", "initiator", "reads") with { Names = NameStyle.Ip };
        Assert.That(Samples.Written(options, Samples.Two()).Split('\n')[1], Does.StartWith("192.0.2.7 "));
        foreach (OutputFormat format in new[] { OutputFormat.Csv, OutputFormat.Json, OutputFormat.Ndjson })
            Assert.That(Samples.Written(options with { Output = format }, Samples.Two()), Does.Contain(Samples.Connection.Initiator).And.Not.Contain("192.0.2.7"));
    }
}
