using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Frame = Iscsitop.Cli.Top.Frame;

namespace Iscsitop.Tests.Top;

/// <summary>A screen of a given size, a load, and what is then seen.</summary>
internal sealed class Seen
{
    private readonly int _width;
    private readonly int _height;

    public Seen(int width, int height, TopOptions? options = null, IReadOnlyList<Finding>? findings = null, Glyphs? glyphs = null, bool examines = false)
    {
        (_width, _height) = (width, height);
        State = new State(options ?? new TopOptions());
        Frame = new Frame(State, examines ? null : _ => findings ?? []);
        Screen = new Screen(State, Frame, glyphs ?? Glyphs.Unicode, TimeZoneInfo.Utc);
        Controls = new Controls(State, Frame, Screen);
        State.Ask = new SyntheticEvents(glyphs ?? Glyphs.Unicode).Ask;
        Screen.Draw(width, height);
    }

    public State State { get; }

    public Frame Frame { get; }

    public Screen Screen { get; }

    public Controls Controls { get; }

    public Seen With(Snapshot snapshot)
    {
        Frame.Update(snapshot);
        Screen.Draw(_width, _height);
        return this;
    }

    public Seen Press(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            Controls.Press(Keys.Parse(key));
            Screen.Draw(_width, _height);
        }
        return this;
    }

    public Seen Type(string text)
    {
        foreach (char c in text) Controls.Press(c);
        Screen.Draw(_width, _height);
        return this;
    }

    public string[] Lines => [.. Enumerable.Range(0, _height).Select(Screen.Canvas.Line)];

    public string Text => string.Join('\n', Lines);

    public Style StyleOf(string text)
    {
        for (int y = 0; y < _height; y++)
            if (Lines[y].IndexOf(text, StringComparison.Ordinal) is >= 0 and int x)
                return Screen.Canvas[x, y].Style;
        throw new AssertionException($"not on the screen: {text}");
    }
}

[TestFixture]
public sealed class ScreenTests
{
    private static void AssertScreen(Seen seen, string expected)
    {
        string text = seen.Text.TrimEnd('\n');
        if (text != expected) Assert.Fail($"{expected}\nbut was:\n{text}");
    }

    [Test]
    public void The_luns_on_120_by_40() => AssertScreen(new Seen(120, 40).With(new SyntheticLoad().Take()), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                                                    1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                                          █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                                          █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                                            █      0
        1 LUNs  2 Initiators  3 Sessions  4 Targets  5 Opcodes  6 Heat  7 Errors  8 Pattern  9 TMF  0 Findings
        TARGET              LUN NAME       R/s   W/s RMB/s WMB/s   RSZ   WSZ  RP50  RP99  WP50  WP99    QD QDmx BSY% ERR/s ▼%IO▸
        …:storage.archive     0 …e-cache  96.0     0   101     0  1049     - 9.762     -     -     -  1.97    9   88  3.00   40
        …ple:storage.fast     1 vmfs-b     150   640  39.3  41.9   262  65.5 2.549 13.22 0.901 15.72  1.65   12   61     0   32
        …ple:storage.fast     0 vmfs-a    8000  2100  54.9  17.2  6.86  8.19 0.189 1.451 0.413 5.323  3.68   38   97     0   28
        …:storage.archive     1 -         12.0     0  0.01     0  0.51     -     -     -     -     -  0.49    2   31  1.00 <0.1
        …:storage.archive     7 spare        0     0     0     0     -     -     -     -     -     -     0    0    0     0    0












        ── latency iqn.2026-01.com.example:storage.archive LUN 0 ────────── commands ───────────────────────────────────────────
          from  read  n 96                   write  n 0                  OPCODE           CNT/s    %  MB/s   P50   P99 ERR%
         200us  ▌                 1                                      READ(16)          96.0  100   101 9.762     -  3.1
         500us  █                 2
           1ms  ██▋               5
           2ms  █████████▍       18
           5ms  ████████████     23 p50
          10ms  ███████████▌     22
          20ms  ████████▉        17
          50ms  ██▋               5
         100ms  █                 2
         200ms  ▌                 1




        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat  x more  w save
        """);

    [Test]
    public void The_luns_on_80_by_24() => AssertScreen(new Seen(80, 24).With(new SyntheticLoad().Take()), """
        iscsitop 0.1.0  target 4711 · 3 sessions                            1 s 03:04:06
         11.0k IOPS    254 MB/s  QD 7.79  err 4.00 /s  p99 r 6.903 w 8.209 ms          █
        1 LUNs  2 3 4 5 6 7 8 9 0                                                 5 rows
        TARGET           LUN   R/s   W/s RMB/s WMB/s  RP50  RP99  WP99    QD ERR/s ▼%IO▸
        …orage.archive     0  96.0     0   101     0 9.762     -     -  1.97  3.00   40
        …:storage.fast     1   150   640  39.3  41.9 2.549 13.22 15.72  1.65     0   32
        …:storage.fast     0  8000  2100  54.9  17.2 0.189 1.451 5.323  3.68     0   28
        …orage.archive     1  12.0     0  0.01     0     -     -     -  0.49  1.00 <0.1
        …orage.archive     7     0     0     0     0     -     -     -     0     0    0
        ── latency iqn.2026-01.com.example:storage.archive LUN 0 ───────────────────────
          from  read  n 96                           write  n 0
         200us  ▉                         1
         500us  █▊                        2
           1ms  ████▍                     5
           2ms  ███████████████▋         18
           5ms  ████████████████████     23 p50
          10ms  ███████████████████▏     22
          20ms  ██████████████▊          17
          50ms  ████▍                     5
         100ms  █▊                        2
         200ms  ▉                         1


        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel
        """);

    [Test]
    public void The_luns_on_60_by_16() => AssertScreen(new Seen(60, 16).With(new SyntheticLoad().Take()), """
        iscsitop 0.1.0  target 4711 · 3 sessions        1 s 03:04:06
         11.0k IOPS    254 MB/s  QD 7.79  err 4.00 /s              █
        1 LUNs  2 3 4 5 6 7 8 9 0                             5 rows
        TARGET               LUN   R/s   W/s RMB/s  RP99  WP99 ▼%IO▸
        …e:storage.archive     0  96.0     0   101     -     -   40
        …mple:storage.fast     1   150   640  39.3 13.22 15.72   32
        …mple:storage.fast     0  8000  2100  54.9 1.451 5.323   28
        …e:storage.archive     1  12.0     0  0.01     -     - <0.1
        …e:storage.archive     7     0     0     0     -     -    0
        ── latency ….2026-01.com.example:storage.archive LUN 0 ─────
          from  read  n 96                 write  n 0
          less  ██████████     88 p50
          50ms  ▋               5
         100ms  ▎               2
         200ms  ▏               1
        q quit  ? help  Tab view  s sort  / filter  Enter drill
        """);

    [Test]
    public void Initiators_on_100_by_30() => AssertScreen(new Seen(100, 30).With(new SyntheticLoad().Take()).Press("2"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                                1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                      █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                      █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                        █      0
        1 LUNs 2 Initiators  3 Sessions 4 Targets 5 Opcodes 6 Heat 7 Errors 8 Pattern 9 TMF 0 Findings
        INITIATOR            R/s   W/s RMB/s WMB/s  RP50  RP99  WP50  WP99    QD ALN% SEQ% NOPms ERR/s ▼%IO▸
        …mware:esx-02-77c1  1950   640  68.8  41.9 0.246 5.097 0.901 15.72  2.20    -    - 1.965     0   44
        …ackup.example.com   108     0   101     0 11.12 156.2     -     -  2.46    -    - 1.965  4.00   40
        …mware:esx-01-5f2a  6200  2100  25.4  17.2 0.181 1.451 0.413 5.323  3.13    -    -     -     0   17




        ── latency …1998-01.com.vmware:esx-02-77c1 ────────────── commands ─────────────────────────────────
          from  read  n 1950            write  n 640           OPCODE          CNT/s    %  MB/s   P50   P99▸
           5us  ▏            1          ▏            1         READ(10)         1800   69  29.5 0.225 1.451
          10us  ▏            4          ▏            1         WRITE(10)         640   25  41.9 0.901 15.72
          20us  ▍           37          ▏            4         READ(16)          150  5.8  39.3 2.549 13.22
          50us  █▌         168          ▌           13
         100us  ████▊      548          █▌          35
         200us  ███████    814 p50      █████▍     127
         500us  █▋         191          ███████    167 p50
           1ms  ▋           76          ██████▍    153
           2ms  ▊           90          ████▎      100
           5ms  ▏           18 p99      █▏          26
          10ms  ▏            3          ▍            8 p99
          20ms               0          ▏            4
          50ms               0          ▏            1

        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat
        """);

    [Test]
    public void Operations_with_the_units_that_see_them() => AssertScreen(new Seen(120, 30).With(new SyntheticLoad().Take()).Press("5"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                                                    1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                                          █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                                          █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                                            █      0
        1 LUNs  2 Initiators  3 Sessions  4 Targets  5 Opcodes  6 Heat  7 Errors  8 Pattern  9 TMF  0 Findings
        OPCODE           HEX       CNT/s    %  MB/s   P50   P95   P99   MAX ▼TIME ERR% TOP-ERR
        READ all         -          8258   75   195 0.198 1.026 6.903 326.2 5.089 <0.1 -
          READ(10)       0x28       8012   73  54.9 0.189 0.726 1.515 125.8 2.637    0 -
          READ(16)       0x88        246  2.2   140 3.451 34.29 110.4 326.2 2.451  1.2 -
        WRITE(10)        0x2a       2740   25  59.1 0.491 3.031 8.209 78.10 2.705    0 -
        INQUIRY          0x12       4.00 <0.1  <.01     -     -     - 0.128 <.001   25 -
        TEST UNIT READY  0x00       2.00 <0.1     0     -     -     - 0.073 <.001    0 -

        ── latency READ all ─────────────────────────────────────────────── units ──────────────────────────────────────────────
          from  read  n 8258                 write  n 0                  TARGET           LUN CNT/s    %  MB/s   P50   P99 ERR%
          less  ▎                54                                      …:storage.fast     0  8000   97  54.9 0.189 1.451    0
          20us  █▍              340                                      …:storage.fast     1   150  1.8  39.3 2.549 13.22    0
          50us  ████▊          1168                                      …orage.archive     0  96.0  1.2   101 9.762     -  3.1
         100us  ███████████    2692 p50                                  …orage.archive     1  12.0  0.1  0.01     -     -    0
         200us  ████████████   2939
         500us  ██▋             638
           1ms  ▊               186
           2ms  ▌               134
           5ms  ▏                45 p99
          10ms  ▏                28
          20ms  ▏                23
          50ms  ▏                 7
         100ms  ▏                 3
         200ms  ▏                 1
        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat  x more  w save
        """);

    [Test]
    public void Sessions_on_120_by_30() => AssertScreen(new Seen(120, 30).With(new SyntheticLoad().Take()).Press("3"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                                                    1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                                          █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                                          █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                                            █      0
        1 LUNs  2 Initiators  3 Sessions  4 Targets  5 Opcodes  6 Heat  7 Errors  8 Pattern  9 TMF  0 Findings
        INITIATOR           TARGET         STATE▼       AGE HD     DD       WIN WSTALL%  RTX% NOPms NOPlost ITTs END           ▸
        …backup.example.com …orage.archive open       1h02m -      -          0       -     - 1.965       2    3 -
        …vmware:esx-01-5f2a …:storage.fast open       1h02m crc32c none      32       0   0.5     -       0    1 -
        …vmware:esx-02-77c1 …:storage.fast open       1h02m crc32c none      64       0   1.0 1.965       1    2 -
        ?192.0.2.41         …orage.archive ended      1m35s -      -          -       0     - 1.965       3    - nop-unanswered



        ── latency …1991-05.com.microsoft:backup.example.com ────────────── commands ───────────────────────────────────────────
          from  read  n 108                  write  n 0                  OPCODE           CNT/s    %  MB/s   P50   P99 ERR%
         200us  ▌                 1                                      READ(16)          96.0   86   101 9.762     -  3.1
         500us  █                 2                                      READ(10)          12.0   11  0.01     -     -    0
           1ms  ██▌               5                                      INQUIRY           4.00  3.6  <.01     -     -   25
           2ms  █████████        18
           5ms  ████████████     24
          10ms  ████████████     24 p50
          20ms  ███████████▌     23
          50ms  ███▌              7
         100ms  █▌                3 p99
         200ms  ▌                 1




        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat  x more  w save
        """);

    [Test]
    public void Sessions_on_100_by_24_have_the_essentials() => AssertScreen(new Seen(100, 24).With(new SyntheticLoad().Take()).Press("3"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                                1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                      █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                      █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                        █      0
        1 LUNs 2 Initiators 3 Sessions  4 Targets 5 Opcodes 6 Heat 7 Errors 8 Pattern 9 TMF 0 Findings
        INITIATOR            TARGET         STATE▼       AGE HD     DD       WIN  RTX% NOPms END           ▸
        …:backup.example.com …orage.archive open       1h02m -      -          0     - 1.965 -
        ….vmware:esx-01-5f2a …:storage.fast open       1h02m crc32c none      32   0.5     - -
        ….vmware:esx-02-77c1 …:storage.fast open       1h02m crc32c none      64   1.0 1.965 -
        ?192.0.2.41          …orage.archive ended      1m35s -      -          -     - 1.965 nop-unanswered
        ── latency …m.microsoft:backup.example.com ────────────── commands ─────────────────────────────────
          from  read  n 108             write  n 0             OPCODE          CNT/s    %  MB/s   P50   P99▸
         200us  ▎            1                                 READ(16)         96.0   86   101 9.762     -
         500us  ▋            2                                 READ(10)         12.0   11  0.01     -     -
           1ms  █▌           5                                 INQUIRY          4.00  3.6  <.01     -     -
           2ms  █████▎      18
           5ms  ███████     24
          10ms  ███████     24 p50
          20ms  ██████▊     23
          50ms  ██           7
         100ms  ▉            3 p99
         200ms  ▎            1

        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat
        """);

    [Test]
    public void Sessions_on_60_by_16() => AssertScreen(new Seen(60, 16).With(new SyntheticLoad().Take()).Press("3"), """
        iscsitop 0.1.0  target 4711 · 3 sessions        1 s 03:04:06
         11.0k IOPS    254 MB/s  QD 7.79  err 4.00 /s              █
        1 2  3 Sessions  4 5 6 7 8 9 0                        4 rows
        INITIATOR           TARGET         STATE▼    END           ▸
        …backup.example.com …orage.archive open      -
        …vmware:esx-01-5f2a …:storage.fast open      -
        …vmware:esx-02-77c1 …:storage.fast open      -
        ?192.0.2.41         …orage.archive ended     nop-unanswered
        ── latency …-05.com.microsoft:backup.example.com ───────────
          from  read  n 108                write  n 0
          less  ██████████     74 p50
          20ms  ███▏           23
          50ms  █               7
         100ms  ▍               3 p99
         200ms  ▏               1
        q quit  ? help  Tab view  s sort  / filter  Enter drill
        """);

    [Test]
    public void Drilled_from_a_session_to_its_luns()
    {
        Seen seen = new Seen(120, 30).With(new SyntheticLoad().Take()).Press("3", "Down");
        Assert.That(seen.Frame.Detail.Ops, Is.EqualTo(8302), "the panel has the connection's own commands");
        seen.Press("Enter");
        Assert.That((seen.State.View.Key, string.Join(' ', seen.Frame.Rows.Select(r => r.Lun).Order())), Is.EqualTo(("lun", "0 1")));
        seen.Press("Esc");
        Assert.That((seen.State.View.Key, seen.Frame.SelectedIndex, seen.Frame.Rows.Count), Is.EqualTo(("session", 1, 4)));
    }

    [TestCase("esx-01", "1")]
    [TestCase("!esx-0", "3 4")]
    [TestCase("nop-un", "4")]
    [TestCase("fast:1", "1 2")]
    public void A_filter_keeps_the_sessions_that_it_names(string filter, string ids)
    {
        Seen seen = new Seen(120, 30).With(new SyntheticLoad().Take()).Press("3", "/").Type(filter).Press("Enter");
        Assert.That(string.Join(' ', seen.Frame.Rows.Select(r => r.Connection!.Connection.Id).Order()), Is.EqualTo(ids));
    }

    [Test]
    public void Help_is_the_key_table_and_the_columns() => AssertScreen(new Seen(80, 24).With(new SyntheticLoad().Take()).Press("?"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                            1 s 03:04:06
         11.0k IOPS    254 MB/s  QD 7.79  err 4.00 /s  p99 r 6.903 w 8.209 ms          █
        ╭──help────────────────────────────────────────────────────────────────────────╮
        │ Keys                                                                         │
        │ q Ctrl-C     quit                                                            │
        │ ? h F1       this help: keys and columns                                     │
        │ Tab          next view                                                       │
        │ Shift-Tab    previous view                                                   │
        │ 1 2 3 4 5 6  view of LUNs, initiators, sessions, targets, opcodes, heat map, │
        │ 7 8 9 0      errors, pattern, TMF and reservations, findings                 │
        │ s F6         choose the column to sort by                                    │
        │ <            sort by the column to the left                                  │
        │ >            sort by the column to the right                                 │
        │ I            invert the sort order                                           │
        │ /            filter by target, LUN, initiator (regex; a leading ! inverts),  │
        │              or by an expression; Tab completes, Esc clears                  │
        │ :            command line: view, filter, sort, D ...; Tab completes, Up      │
        │              recalls                                                         │
        │ Enter        drill into the selected row; how it ended, of a session that    │
        │              was lost                                                        │
        │ Esc          back out of a drill, then clear the filter; close a D view      │
        │ Space z      pause and go on; nothing is lost meanwhile                      │
        ╰────────────────────────────────────────────────────────────────────────────▼─╯
        Up Down scroll  Esc close
        """);

    [Test]
    public void Help_says_all_of_it_on_the_smallest_screen()
    {
        Seen seen = new Seen(60, 16).With(new SyntheticLoad().Take()).Press("?");
        var words = new StringBuilder();
        for (string before = ""; before != seen.Text;)
        {
            before = seen.Text;
            foreach (string line in seen.Lines[3..^2]) words.Append(line.Trim('│', '▲', '▼', ' ')).Append(' ');
            seen.Press("PgDn");
        }
        string text = string.Join(' ', words.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.That(text, Does.Not.Contain("…"));
        Assert.That(text, Does.Contain("7 8 9 0").And.Contain("reservations, findings"));
        Assert.That(text, Does.Contain("RP99 99th percentile latency of reads; stands out above 20 ms, hot above 100 ms"));
        Assert.That(text, Does.Contain("stands out above 90 %").And.Contain("hot above 0"));
        Assert.That(text, Does.Contain("(p50 and p95 need 20 commands, p99 needs 100), 0 is a measured zero"));
    }

    [Test]
    public void More_columns_show_what_each_row_did_before()
    {
        var load = new SyntheticLoad(steady: false);
        Seen seen = new Seen(140, 40).Press("x");
        for (int i = 0; i < 12; i++) seen.With(load.Take());
        Assert.That(seen.Lines[5], Does.Match("^TARGET +LUN     IOPS "));
        Assert.That(seen.Lines[6], Does.Match("^[^ ]+ +0 [▁▂▃▄▅▆▇█]{8} "));
        Assert.That(seen.Press("2").With(load.Take()).Lines[6], Does.Match("^[^ ]+ +[▁▂▃▄▅▆▇█] +[0-9]"), "another view begins anew");
        Assert.That(new Seen(60, 16).Press("x").With(load.Take()).Lines[3], Does.Match("^TARGET +LUN     IOPS +.*%IO▸$"));
    }

    [Test]
    public void What_was_before_the_screen_does_not_outshine_it_in_the_map()
    {
        var load = new SyntheticLoad();
        Seen seen = new Seen(100, 30).Press("6").With(load.Take(600));
        Assert.That(seen.Frame.Heat.Count, Is.EqualTo(1));
        long all = Durations(seen);
        seen.With(load.Take()).With(load.Take());
        Assert.That(seen.Frame.Heat.Count, Is.EqualTo(2));
        Assert.That(Durations(seen) * 250, Is.LessThan(all));

        static long Durations(Seen seen)
        {
            long sum = 0;
            for (int i = 0; i < seen.Frame.Heat.Count; i++)
                foreach (int count in seen.Frame.Heat[i].Of(HeatMode.Latency))
                    sum += count;
            return sum;
        }
    }

    [Test]
    public void What_is_to_be_typed_is_said_in_whole_words() =>
        Assert.That(new Seen(60, 16).With(new SyntheticLoad().Take()).Press("/", "a").Lines[^1], Is.EqualTo("filter /a▏  Enter keep, Tab complete, Esc clear"));

    [Test]
    public void A_hint_that_does_not_fit_lacks_its_last_parts() =>
        Assert.That(new Seen(60, 16).With(new SyntheticLoad().Take()).Press("w").Lines[^1], Does.Match("^save to iscsitop-lun-[0-9-]+\\.txt▏  Enter save$"));

    [Test]
    public void The_sort_menu() => AssertScreen(new Seen(80, 24).With(new SyntheticLoad().Take()).Press("s"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                            1 s 03:04:06
         11.0k IOPS    254 MB/s  QD 7.79  err 4.00 /s  p99 r 6.903 w 8.209 ms          █
        1 LUNs ╭──sort by─────────────────────────────────────────────────────▲─╮ 5 rows
        TARGET │ R/s       reads completed a second                             │s ▼%IO▸
        …orage.│ W/s       writes completed a second                            │0   40
        …:stora│ OTH/s     other commands completed a second                    │0   32
        …:stora│ RMB/s     data sent to initiators                              │0   28
        …orage.│ WMB/s     data received from initiators                        │0 <0.1
        …orage.│ RSZ       mean bytes of a read                                 │0    0
        ── late│ WSZ       mean bytes of a write                                │───────
          from │ RP50      median latency of reads, command to status           │
         200us │ RP99      99th percentile latency of reads                     │
         500us │ WP50      median latency of writes, command to status          │
           1ms │ WP99      99th percentile latency of writes                    │
           2ms │ QD        mean number of commands outstanding                  │
           5ms │ QDmx      most commands outstanding at once                    │
          10ms │ BSY%      share of the interval with a command outstanding     │
          20ms │ ERR/s     commands that ended neither GOOD nor CONDITION MET   │
          50ms │ INIs      initiators that used it                              │
         100ms │ PTHs      sessions (I_T nexuses) that used it                  │
         200ms │ %IO       share of all bytes of the report                     │
               │ PK        busiest 100 ms of the interval, in commands a second │
               ╰────────────────────────────────────────────────────────────────╯
        Up Down choose  Enter sort  Esc close
        """);

    [Test]
    public void Engines_without_room_for_their_names_are_counted()
    {
        Snapshot snapshot = new SyntheticLoad().Take();
        for (int pid = 1; pid < 4; pid++) snapshot.Engines.Add(new EngineStatus { Pid = pid, Source = "target", Sessions = pid, Seconds = 1 });
        Assert.That(new Seen(140, 40).With(snapshot).Lines[0], Does.Contain("target 4711 · 3 sessions  target 1 · 1 session  target 2 · 2 sessions  target 3 · 3 sessions  "));
        Assert.That(new Seen(80, 24).With(snapshot).Lines[0], Does.Match("target 4711 · 3 sessions  target  target  \\+1  +1 s"));
        Assert.That(new Seen(60, 16).With(snapshot).Lines[0], Does.Match("target  target  target  \\+1  +1 s"));
    }

    [Test]
    public void Without_an_engine() => AssertScreen(new Seen(80, 16).With(new Snapshot()), """
        iscsitop 0.1.0  no engine                                           1 s
             - IOPS      - MB/s  QD    -  err - /s  p99 r - w - ms
        1 LUNs  2 3 4 5 6 7 8 9 0                                                 0 rows
        TARGET           LUN   R/s   W/s RMB/s WMB/s  RP50  RP99  WP99    QD ERR/s ▼%IO▸

          no engine is running here: start "iscsitop target" or "iscsitop demo"









        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel
        """);

    [Test]
    public void Drops_a_filter_and_a_pause_are_seen() =>
        AssertScreen(new Seen(120, 24).With(new SyntheticLoad { RingDrops = 1234 }.Take()).Press("/").Type("esx-02").Press("Enter", "Space"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                           drops 1234   paused      1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                                          █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                                          █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                                            █      0
        1 LUNs  2 3 4 5 6 7 8 9 0  /esx-02                                                                           2 of 5 rows
        TARGET              LUN NAME       R/s   W/s RMB/s WMB/s   RSZ   WSZ  RP50  RP99  WP50  WP99    QD QDmx BSY% ERR/s ▼%IO▸
        …ple:storage.fast     1 vmfs-b     150   640  39.3  41.9   262  65.5 2.549 13.22 0.901 15.72  1.65   12   61     0   73
        …ple:storage.fast     0 vmfs-a    1800     0  29.5     0  16.4     - 0.225 1.451     -     -  0.55   38   97     0   27
        ── latency iqn.2026-01.com.example:storage.fast LUN 1 ───────────── commands ───────────────────────────────────────────
          from  read  n 150                  write  n 640                OPCODE           CNT/s    %  MB/s   P50   P99 ERR%
           5us                    0          ▏                 1         WRITE(10)          640   81  41.9 0.901 15.72    0
          10us                    0          ▏                 1         READ(16)           150   19  39.3 2.549 13.22    0
          20us                    0          ▎                 4
          50us                    0          ▉                13
         100us                    0          ██▌              35
         200us  ▏                 1          █████████▏      127
         500us  █▏                8          ████████████    167 p50
           1ms  █████▊           39          ███████████     153
           2ms  ████████████     82 p50      ███████▏        100
           5ms  ██▌              17          █▉               26
          10ms  ▌                 3 p99      ▋                 8 p99
          20ms                    0          ▎                 4
          50ms                    0          ▏                 1
        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat  x more  w save
        """);

    [Test]
    public void Drilled_from_a_lun_to_its_initiators() =>
        AssertScreen(new Seen(100, 24).With(new SyntheticLoad().Take()).Press("Down", "Enter"), """
        iscsitop 0.1.0  target 4711 · 3 sessions                                                1 s 03:04:06
        read    8258 /s    195 MB/s   p50 0.198  p99 6.903 ms                                      █  11.0k
        write   2740 /s   59.1 MB/s   p50 0.491  p99 8.209 ms                                      █   IOPS
        total  11.0k /s    254 MB/s   QD  7.79  err 4.00 /s                                        █      0
        2 Initiators  › iqn.2026-01.com.example:storage.fast:1                                        2 rows
        INITIATOR            R/s   W/s RMB/s WMB/s  RP50  RP99  WP50  WP99    QD ALN% SEQ% NOPms ERR/s ▼%IO▸
        …mware:esx-02-77c1   150   640  39.3  41.9 2.549 13.22 0.901 15.72  1.65    -    -     -     0  100
        …mware:esx-01-5f2a     0     0     0     0     -     -     -     -  <.01    -    -     -     0    0
        ── latency …1998-01.com.vmware:esx-02-77c1 ────────────── commands ─────────────────────────────────
          from  read  n 150             write  n 640           OPCODE          CNT/s    %  MB/s   P50   P99▸
           5us               0          ▏            1         WRITE(10)         640   81  41.9 0.901 15.72
          10us               0          ▏            1         READ(16)          150   19  39.3 2.549 13.22
          20us               0          ▏            4
          50us               0          ▌           13
         100us               0          █▌          35
         200us  ▏            1          █████▍     127
         500us  ▋            8          ███████    167 p50
           1ms  ███▍        39          ██████▍    153
           2ms  ███████     82 p50      ████▎      100
           5ms  █▌          17          █▏          26
          10ms  ▎            3 p99      ▍            8 p99
          20ms               0          ▏            4
          50ms               0          ▏            1
        q quit  ? help  Tab view  s sort  / filter  Enter drill  Space pause  e panel  d split  H heat
        """);

    [Test]
    public void The_filter_prompt_complains_of_what_is_no_expression() =>
        Assert.That(new Seen(80, 24).With(new SyntheticLoad().Take()).Press("/").Type("esx(").Lines[^1], Is.EqualTo("filter /esx(▏  no regular expression yet"));

    [TestCase(59, 16)]
    [TestCase(60, 15)]
    [TestCase(20, 3)]
    [TestCase(1, 1)]
    public void A_window_too_small_says_so_as_far_as_it_can(int width, int height) =>
        Assert.That(new Seen(width, height).With(new SyntheticLoad().Take()).Text.Trim('\n', ' '), Does.StartWith("window is too small"[..Math.Min(width, 19)]));

    [Test]
    public void Every_size_can_be_drawn()
    {
        Seen seen = new Seen(200, 70).With(new SyntheticLoad().Take());
        for (int width = 1; width < 200; width += 7)
            for (int height = 1; height < 70; height += 3)
                Assert.That(() => seen.Screen.Draw(width, height), Throws.Nothing);
    }

    [Test]
    public void Seven_bit_screens_have_no_other_characters()
    {
        var state = new State(new TopOptions());
        var frame = new Frame(state);
        var screen = new Screen(state, frame, Glyphs.Ascii, TimeZoneInfo.Utc);
        frame.Update(new SyntheticLoad().Take());
        foreach (Mode mode in Enum.GetValues<Mode>())
        {
            state.Mode = mode;
            screen.Draw(120, 40);
            for (int y = 0; y < 40; y++) Assert.That(screen.Canvas.Line(y), Does.Match("^[ -~]*$"));
        }
    }

    [Test]
    public void Errors_and_drops_stand_out_and_zeros_do_not()
    {
        Seen seen = new Seen(120, 40).With(new SyntheticLoad { RingDrops = 5 }.Take());
        Assert.Multiple(() =>
        {
            Assert.That(seen.StyleOf(" drops 5"), Is.EqualTo(Style.WarnBadge));
            Assert.That(seen.StyleOf("4.00"), Is.EqualTo(Style.Hot));
            Assert.That(seen.StyleOf("%IO"), Is.EqualTo(Style.SortHeader));
        });
    }

    [Test]
    public void What_the_numbers_lack_is_seen_and_what_does_not_spoil_them_is_in_the_help()
    {
        var snapshot = new Snapshot { Seconds = 1 };
        snapshot.Engines.Add(new EngineStatus
        {
            Pid = 1,
            Source = "eth0",
            Lost = 2,
            Folded = 3,
            Unmatched = 4,
            OutboxDrops = 7,
            Coverage = new() { Dropped = 5, Resyncs = 6, MidStream = 8, Evicted = 9, MissingBytes = 10 },
        });
        Seen seen = new Seen(160, 60).With(snapshot);
        Assert.That(seen.Lines[0], Does.Contain(" folded 3   given up 9   no login 8   resync 6   lost 2   drops 12 ").And.Not.Contain("unmatched"));
        seen = new Seen(60, 16).With(snapshot);
        Assert.That(seen.Lines[0], Does.StartWith("iscsitop 0.1.0  eth0 ").And.Contain(" drops 12 ").And.Not.Contain("lost"));
        seen = new Seen(160, 100).With(snapshot).Press("?", "End");
        Assert.That(seen.Text, Does.Match(@"unmatched +4 ").And.Match("missing +10 ").And.Match("sampling +none"));
    }

    [Test]
    public void An_engine_that_died_says_since_when_until_it_is_back()
    {
        var load = new SyntheticLoad();
        Seen seen = new Seen(120, 24).With(load.Take());
        var end = new Snapshot { Seconds = 1, Time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).ToUnixTimeMilliseconds() * 1_000_000 };
        end.Engines.Add(new EngineStatus { Pid = 4711, Source = "target", Alive = false, Problem = "out of memory", RingDrops = 3 });
        seen.With(end).With(new Snapshot { Seconds = 1 });
        Assert.That(seen.Lines[0], Does.StartWith("iscsitop 0.1.0  no engine  target 4711 gone since 03:04:05: out of memory ").And.Contain(" drops 3 "));
        seen.With(load.Take());
        Assert.That(seen.Lines[0], Does.StartWith("iscsitop 0.1.0  target 4711 · 3 sessions  ").And.Not.Contain("gone").And.Not.Contain("drops"));
    }

    [Test]
    public void The_help_tells_what_the_program_itself_takes() =>
        Assert.That(new Seen(120, 100).With(new SyntheticLoad().Take()).Press("?", "End").Text, Does.Match(@"processor +(-|\d+\.\d % of a core)").And.Match(@"memory +\d+\.\d MB resident"));

    [Test]
    public void While_a_file_is_read_it_is_seen_how_far()
    {
        var seen = new Seen(80, 24);
        seen.Frame.Progress = 0.456;
        Assert.That(seen.Press("Up").Text, Does.Match("reading the file  45 % █+"));
        Assert.That(seen.With(new SyntheticLoad().Take()).Text, Does.Not.Contain("reading"));
    }

    [TestCase(60)]
    [TestCase(100)]
    public void Operations_have_their_whole_names_while_other_columns_can_go(int width)
    {
        var snapshot = new Snapshot { Seconds = 1 };
        var engine = new EngineStatus { Pid = 1, Source = "target", Seconds = 1 };
        var connection = new ConnectionInfo(1, "192.0.2.1:3260", "192.0.2.7:50001", "iqn.2026-01.x:t", "iqn.2026-01.x:i", "400000000001", 1);
        snapshot.Engines.Add(engine);
        foreach (ushort operation in new ushort[] { 0x3500, 0x9100, 0x5f05 })
            snapshot.Cells.Add(new CellDelta { Cell = new Iscsitop.Engine.Cell { Key = new CellKey(1, 0, operation), Started = 1, Completed = 1 }, Connection = connection, Engine = engine });
        Assert.That(new Seen(width, 30).With(snapshot).Press("5").Text, Does.Contain("SYNCHRONIZE CACHE(10) ").And.Contain("SYNCHRONIZE CACHE(16) ").And.Match(@"\nPERSISTENT RESERVE OUT[^…]* "));
    }

    [Test]
    public void Peer_names_cannot_break_the_columns()
    {
        var snapshot = new Snapshot { Seconds = 1 };
        var engine = new EngineStatus { Pid = 1, Source = "target", Seconds = 1 };
        snapshot.Engines.Add(engine);
        snapshot.Units.Add(new UnitDelta { Target = "iqn.2026-01.x:\e[31m\u0301界\ud83d\ude00", Lun = 0, Name = "a\tb", Engine = engine });
        string line = new Seen(120, 40).With(snapshot).Lines[6];
        Assert.That(line, Does.StartWith("…6-01.x:?[31m????  "));
        Assert.That(line, Does.Contain(" a?b "));
    }
}
