using Iscsitop.Cli.Top;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class NameFilterTests
{
    private static readonly EngineStatus s_engine = new();
    private static readonly ConnectionInfo s_a = new(1, "192.0.2.10:3260", "192.0.2.1:40000", "iqn.x:fast", "iqn.y:esx-01");
    private static readonly ConnectionInfo s_b = new(2, "192.0.2.10:3260", "192.0.2.2:40000", "iqn.x:fast", "iqn.y:esx-02");

    [TestCase("esx-01", "a7 a8 a99999")]
    [TestCase("!esx-01", "b7 b8 b99999")]
    [TestCase("192.0.2.2:", "b7 b8 b99999")]
    [TestCase("fast:7$", "a7 b7")]
    [TestCase("!fast:7$", "a8 a99999 b8 b99999")]
    [TestCase("fast:99999$", "a99999 b99999")]
    [TestCase("esx-02|fast:8$", "a8 b7 b8 b99999")]
    [TestCase("nothing", "")]
    public void Of_many_cells_each_is_kept_as_alone(string text, string kept)
    {
        Assert.That(NameFilter.TryParse(text, out NameFilter? filter));
        List<string> first = [], again = [];
        foreach (List<string> names in new[] { first, again })
            foreach (ConnectionInfo connection in new[] { s_a, s_b })
                foreach (ulong lun in new ulong[] { 7, 8, 99999 })
                    if (filter!.Keeps(new CellDelta { Cell = new Iscsitop.Engine.Cell { Key = new CellKey(connection.Id, lun, 0x2800) }, Connection = connection, Engine = s_engine }))
                        names.Add((connection == s_a ? "a" : "b") + lun);
        Assert.That((string.Join(' ', first), string.Join(' ', again)), Is.EqualTo((kept, kept)));
    }

    [Test]
    public void A_connection_that_learns_its_name_is_asked_anew()
    {
        Assert.That(NameFilter.TryParse("esx-01", out NameFilter? filter));
        ConnectionInfo nameless = s_a with { Initiator = "" };
        var cell = new CellDelta { Cell = new Iscsitop.Engine.Cell { Key = new CellKey(1, 7, 0x2800) }, Connection = nameless, Engine = s_engine };
        bool before = filter!.Keeps(cell);
        cell.Connection = s_a;
        Assert.That((before, filter.Keeps(cell)), Is.EqualTo((false, true)));
    }
}
