using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;
using Iscsitop.Tests.Engine.Recording;
using Frame = Iscsitop.Cli.Top.Frame;

namespace Iscsitop.Tests.Top;

[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TimelineTests
{
    private readonly State _state;
    private readonly Frame _frame;
    private readonly Screen _screen;

    public TimelineTests()
    {
        _state = new State(new TopOptions { Interval = TimeSpan.FromSeconds(1) });
        _frame = new Frame(_state);
        _screen = new Screen(_state, _frame, Glyphs.Unicode, TimeZoneInfo.Utc);
    }

    [Test]
    public void Keys_step_through_the_past_while_what_happens_is_gathered()
    {
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc);
        var controls = new Controls(_state, _frame, _screen, timeline);
        for (int i = 0; i < 120; i++) timeline.Taken(Everything.At(i));
        Assert.That((Shown(), _state.Paused), Is.EqualTo((119, false)));
        controls.Press('T');
        Assert.That((Shown(), _state.Paused), Is.EqualTo((118, true)));
        controls.Press('T');
        timeline.Taken(Everything.At(120));
        Assert.That(Shown(), Is.EqualTo(117));
        Assert.That(Text(), Does.Contain(" HISTORY 08:01:57, 3.0s ago "));
        controls.Press('t');
        Assert.That(Shown(), Is.EqualTo(118));
        foreach ((string text, int second) in new[] { ("-1m", 58), ("+10s", 68), ("08:00:05", 5), ("7:00", 0), ("23:59", 0), ("2026-11-23 08:01", 60) })
        {
            controls.Press('b');
            foreach (char c in text) controls.Press(c);
            controls.Press(Keys.Enter);
            Assert.That((Shown(), _state.Mode), Is.EqualTo((second, Mode.Table)), text);
        }
        controls.Press('Z');
        Assert.That((Shown(), _state.Paused, _state.Past), Is.EqualTo((120, false, 0L)));
        controls.Press('T');
        controls.Press(' ');
        Assert.That((Shown(), _state.Paused), Is.EqualTo((120, false)));
    }

    [Test]
    public void What_is_no_time_is_said_so()
    {
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc);
        var controls = new Controls(_state, _frame, _screen, timeline);
        timeline.Taken(Everything.At(0));
        foreach (char c in "bnoon\r") controls.Press(c);
        Assert.That((_state.Mode, _state.Complaint), Is.EqualTo((Mode.Time, Moments.Right)));
        controls.Press(Keys.Esc);
        Assert.That(_state.Mode, Is.EqualTo(Mode.Table));
    }

    [TestCase("02:30", "2026-10-25T00:45:00Z", "2026-10-25T00:30:00Z")]
    [TestCase("02:30", "2026-10-25T01:45:00Z", "2026-10-25T01:30:00Z")]
    [TestCase("2026-10-25 02:30", "2026-10-25T00:45:00Z", "2026-10-25T00:30:00Z")]
    [TestCase("02:50", "2026-10-25T00:45:00Z", "2026-10-24T00:50:00Z")]
    [TestCase("02:30", "2026-03-29T02:00:00Z", "2026-03-29T01:30:00Z")]
    public void An_hour_that_the_clock_repeats_is_the_one_that_there_is_something_of(string text, string last, string expected)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        long end = Ns(last);
        Assert.That(Moments.TryParse(text, end, end, end, zone, out long time));
        Assert.That(time, Is.EqualTo(Ns(expected)));

        static long Ns(string time) => DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeMilliseconds() * 1_000_000;
    }

    [Test]
    public void The_past_can_be_forgotten()
    {
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc);
        var controls = new Controls(_state, _frame, _screen, timeline);
        for (int i = 0; i < 10; i++) timeline.Taken(Everything.At(i));
        controls.Press('T');
        controls.Press(Keys.Control('R'));
        Assert.That((Shown(), _state.Past), Is.EqualTo((9, 0L)));
        controls.Press('T');
        Assert.That((Shown(), _state.Past), Is.EqualTo((9, 0L)));
    }

    [Test]
    public void A_recording_is_asked_for_other_places_and_speeds()
    {
        List<long> sought = [];
        List<double> speeds = [];
        var file = new Playable(sought.Add, () => Everything.At(5), () => (Everything.At(0).Time, Everything.At(9).Time), speeds.Add);
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc, file);
        var controls = new Controls(_state, _frame, _screen, timeline);
        timeline.Taken(Everything.At(7));
        controls.Press('T');
        Assert.That((timeline.Wanted, Shown(), _state.Paused), Is.EqualTo((true, 7, true)));
        timeline.Jump();
        // What ends after the sample before began: the one before.
        Assert.That(sought.Single(), Is.InRange(Everything.At(5).Time, Everything.At(6).Time));
        Assert.That((timeline.Wanted, Shown()), Is.EqualTo((false, 5)));
        foreach (char c in "+++++-") controls.Press(c);
        Assert.That(speeds, Is.EqualTo(new double[] { 2, 10, 60, 0, 0, 60 }));
        Assert.That(Text(), Does.Contain(" paused ").And.Contain(" 60x "));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void What_is_told_above_the_table_is_of_the_moment_that_is_shown(bool recorded)
    {
        var file = new Playable(_ => { }, () => Everything.At(3), () => (Everything.At(0).Time, Everything.At(9).Time), _ => { });
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc, recorded ? file : null);
        for (int i = 0; i < 8; i++) timeline.Taken(Everything.At(i));
        long now = _frame.Total.Ops;
        Assert.That(timeline.GoTo("-4s"));
        timeline.Jump();
        var expected = new Frame(new State(new TopOptions()));
        expected.Update(Everything.At(3));
        Assert.That((Shown(), _frame.Total.Ops), Is.EqualTo((3, expected.Total.Ops)));
        Assert.That(now, Is.Not.EqualTo(expected.Total.Ops));
    }

    [Test]
    public void The_graphs_of_a_recording_end_at_the_moment_that_is_shown()
    {
        int next = 3;
        var file = new Playable(_ => { }, Next, () => (Everything.At(0).Time, Everything.At(9).Time), _ => { });
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc, file);
        for (int i = 0; i < 8; i++) timeline.Taken(Everything.At(i));
        Assert.That((_frame.Iops.Count, _frame.Heat.Count), Is.EqualTo((8, 8)));
        timeline.GoTo("-4s");
        timeline.Jump();
        Assert.That((_frame.Iops.Count, _frame.Heat.Count, _frame.Heat[0].Time), Is.EqualTo((4, 4, Everything.At(3).Time)), "seconds 0 to 3");
        next = 4;
        timeline.Step(1);
        timeline.Jump();
        Assert.That((_frame.Iops.Count, _frame.Heat.Count), Is.EqualTo((5, 5)), "the one that comes next is added");
        next = 9;
        timeline.Live();
        timeline.Jump();
        Assert.That((_frame.Iops.Count, _frame.Heat.Count), Is.EqualTo((1, 1)), "nothing of what lies between was seen");

        // As a reader does, which has one snapshot for all.
        Snapshot Next()
        {
            _frame.Snapshot!.Time = Everything.At(next).Time;
            return Everything.At(next);
        }
    }

    [Test]
    public void The_footer_has_the_keys_of_time_where_they_lead_somewhere()
    {
        var timeline = new Timeline(_state, _frame, TimeZoneInfo.Utc);
        for (int i = 0; i < 3; i++) timeline.Taken(Everything.At(i));
        Assert.That(Text(39), Does.Contain("Space pause  e panel"));
        timeline.Step(-1);
        Assert.That(Text(39), Does.Contain("Space pause  Z now  T t step  b time  e panel"));
        timeline.Live();
        _ = new Timeline(_state, _frame, TimeZoneInfo.Utc, new Playable(_ => { }, () => null, () => (0, 0), _ => { }));
        Assert.That(Text(39), Does.Contain("Space pause  T t step  - + speed  b time  e panel"));
    }

    // Which second is on the screen.
    private int Shown() => (int)((_frame.Snapshot!.Time - Everything.Start) / Everything.Second);

    private string Text(int y = 0)
    {
        _screen.Draw(160, 40);
        var text = new System.Text.StringBuilder();
        for (int x = 0; x < 160; x++) text.Append(_screen.Canvas[x, y].Glyph);
        return text.ToString();
    }
}
