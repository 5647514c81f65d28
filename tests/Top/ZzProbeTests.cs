using Iscsitop.Cli.Top;
using Iscsitop.Engine;
namespace Iscsitop.Tests.Top;
[TestFixture]
public sealed class ZzProbeTests
{
    [Test]
    public void Probe()
    {
        Seen seen = new Seen(120, 40).With(new SyntheticLoad().Take()).Press("2");
        Snapshot snapshot = new SyntheticLoad().Take();
        var sb = new System.Text.StringBuilder();
        void M(string n, Action a) { for (int i = 0; i < 60; i++) a(); long l = long.MaxValue; for (int i = 0; i < 20; i++) { long b = GC.GetAllocatedBytesForCurrentThread(); a(); l = Math.Min(l, GC.GetAllocatedBytesForCurrentThread() - b); } sb.Append(n).Append(' ').Append(l).Append('\n'); }
        M("refresh", () => seen.Frame.Refresh());
        M("update", () => seen.Frame.Update(snapshot));
        M("draw", () => seen.Screen.Draw(120, 40));
        var c = new Canvas(); c.Resize(200, 50);
        var h = new Header(Glyphs.Unicode, seen.State, TimeZoneInfo.Utc);
        M("header", () => h.Draw(c, new Area(0, 0, 120, 4), seen.Frame));
        var lp = new LatencyPanel(Glyphs.Unicode);
        M("lat", () => lp.Draw(c, new Area(0, 0, 60, 14), seen.Frame.Detail));
        var t = new Table(Glyphs.Unicode);
        M("table", () => t.Draw(c, new Area(0, 0, 120, 14), seen.State.Columns, seen.Frame.Rows, new TableLook(seen.State.SortBy, false, 0, 0, false)));
        var row = seen.Frame.BreakdownRows[0];
        M("op", () => Iscsitop.Cli.Columns.Op.Text!(row));
        Iscsitop.Cli.Column[] cc = [Iscsitop.Cli.Columns.Op];
        M("commands", () => t.Draw(c, new Area(0, 0, 55, 14), cc, seen.Frame.BreakdownRows, new TableLook(null, false, -1, 0, false)));
        foreach (var p in typeof(Screen).GetMethods(System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance).Where(m => m.GetParameters() is [{ ParameterType: var ty }] && ty == typeof(Area)))
        { var d = p.CreateDelegate<Action<Area>>(seen.Screen); M(p.Name, () => d(new Area(0, 5, 120, 18))); }
        Assert.Fail(sb.ToString());
    }
}
