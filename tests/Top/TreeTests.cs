using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Top;

[TestFixture]
public sealed class TreeTests
{
    private static Seen Sessions()
    {
        var engine = new EngineStatus { Pid = 1, Source = "target", Seconds = 1 };
        var snapshot = new Snapshot { Seconds = 1, Time = 1, Engines = { engine } };
        foreach (ConnectionInfo c in (ConnectionInfo[])
                 [
                     new(1, "p:1", "r1", "t", "a", "isid1", 1, 0, 1), new(2, "p:1", "r2", "t", "a", "isid1", 1, 1, 1),
                     new(3, "p:1", "r3", "t", "a", "isid2", 2, 0, 1), new(4, "p:1", "r4", "t", "b", "isid3", 3, 0, 1),
                 ])
            snapshot.Connections.Add(new ConnectionDelta { Connection = c, Engine = engine });
        return new Seen(120, 40).With(snapshot).Press("3");
    }

    private static string[] Names(Seen seen) => [.. seen.Frame.Rows.Select(seen.State.View.Columns[0].Text!)];

    [Test]
    public void Connections_stand_below_sessions_below_initiators_where_there_are_several() =>
        Assert.That(Names(Sessions()), Is.EqualTo(new[] { "a", "  isid1 1", "    CID 0 r1", "    CID 1 r2", "  isid2 2", "b" }));

    [Test]
    public void Closed_heads_stand_alone() => Assert.That(Names(Sessions().Press("E")), Is.EqualTo(new[] { "a", "b" }));

    [Test]
    public void A_head_is_drilled_into_as_a_whole()
    {
        Seen seen = Sessions().Press("Enter", "3");
        Assert.That((seen.State.Steps.Single().Label, string.Join(' ', Names(seen).Where(n => n.Contains("CID", StringComparison.Ordinal) || n == "b"))), Is.EqualTo(("a", "    CID 0 r1     CID 1 r2")));
        seen.Press("Esc", "Home", "Down", "Enter", "3");
        Assert.That(seen.Frame.Rows.Count(r => r.Connection is not null), Is.EqualTo(2), "a session");
    }

    [Test]
    public void Operations_that_differ_in_their_length_are_added_up()
    {
        Seen seen = new Seen(120, 40).With(new SyntheticLoad().Take()).Press("5");
        Row head = seen.Frame.Rows.Single(r => r.Extras.Headed > 0);
        Assert.That((head.Extras.Heads, head.Read.Ops, head.Extras.Headed), Is.EqualTo(("READ all", 8258L, 2)));
        seen.Press("g");
        while (seen.Frame.Selected != head) seen.Press("Down");
        Assert.That(seen.Frame.Detail.Ops, Is.EqualTo(8258));
        seen.Press("Enter");
        Assert.That(seen.Frame.Rows.Sum(r => r.Ops), Is.EqualTo(8258), "of all units");
    }
}
