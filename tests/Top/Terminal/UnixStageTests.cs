using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Terminal;

namespace Iscsitop.Tests.Top.Terminal;

/// <summary>The loop on a terminal whose other end is the test.</summary>
[TestFixture, NonParallelizable, Platform(Include = "Linux"), System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class UnixStageTests
{
    private Pty _pty = null!;
    private Tty _tty = null!;
    private Seen _seen = null!;
    private UnixStage _stage = null!;
    private Thread _thread = null!;
    private Exception? _failure;
    private int _used;

    [SetUp]
    public void SetUp()
    {
        _used = 0;
        _pty = new Pty();
        _tty = new Tty(_pty.Slave, _pty.Slave);
        _seen = new Seen(80, 24).With(new SyntheticLoad().Take());
        _stage = new UnixStage(_seen.State, _seen.Screen, _seen.Controls, new Looks(ColorDepth.Sixteen, ColorDepth.Sixteen), ascii: false, _tty) { Used = OnUsed };
        _seen.Screen.Canvas.Invalidate();
        _failure = null;
        _thread = new Thread(() =>
        {
            try
            {
                _stage.Run();
            }
            catch (InvalidOperationException e)
            {
                _failure = e;
            }
        });
        _thread.Start();
        _pty.ReadUntil("\e[?2026l");
        Settle();
    }

    [TearDown]
    public void TearDown()
    {
        _stage.Post(_stage.Stop);
        Assert.That(_thread.Join(60_000));
        _stage.Dispose();
        _tty.Dispose();
        _pty.Dispose();
    }

    private void OnUsed()
    {
        _used++;
        if (_seen.State.Quit) _stage.Stop();
    }

    // Does something on the loop's thread and waits for it.
    private void There(Action action)
    {
        using var done = new ManualResetEventSlim();
        _stage.Post(() =>
        {
            action();
            done.Set();
        });
        Assert.That(done.Wait(60_000));
    }

    private void Settle() => There(() => { });

    [Test]
    public void A_frame_is_one_write_of_what_changed()
    {
        long before = _tty.Writes;
        _pty.Type("j");
        string frame = _pty.ReadUntil("\e[?2026l");
        Settle();
        Assert.Multiple(() =>
        {
            Assert.That(_tty.Writes - before, Is.EqualTo(1));
            Assert.That(frame, Does.StartWith("\e[?2026h"));
            Assert.That(frame, Does.Contain("storage.fast").And.Not.Contain("IOPS"), "the header did not change");
        });
    }

    [Test]
    public void Keys_that_come_together_are_one_frame()
    {
        long before = _tty.Writes;
        _pty.Type("jjjk\e[B");
        _pty.ReadUntil("\e[?2026l");
        Settle();
        Assert.That((_tty.Writes - before, _used, _seen.Frame.SelectedIndex), Is.EqualTo((1, 5, 3)));
    }

    [Test]
    public void When_nothing_changes_nothing_is_written()
    {
        long before = _tty.Writes;
        for (int i = 0; i < 20; i++) There(_stage.Redraw);
        Settle();
        Assert.That(_tty.Writes, Is.EqualTo(before));
        Assert.That(_pty.Silent);
    }

    [Test]
    public void A_terminal_that_was_small_for_a_moment_is_drawn_anew()
    {
        const int WindowChanged = 28;                                    // SIGWINCH on Linux
        Assert.That(LibC.Kill(Environment.ProcessId, WindowChanged), Is.Zero);
        Assert.That(_pty.ReadUntil("\e[?2026l"), Does.Contain("IOPS").And.Contain("LUNs"), "all of it, though its size is what it was");
    }

    [Test]
    public void Esc_alone_is_a_key()
    {
        _pty.Type("?");
        _pty.ReadUntil("help");
        _pty.Type("\e");
        _pty.ReadUntil("LUNs");
        Settle();
        Assert.That(_seen.State.Mode, Is.EqualTo(Mode.Table));
    }

    [Test]
    public void Colours_go_and_come_back()
    {
        _pty.Type("X");
        string mono = _pty.ReadUntil("\e[?2026l");
        Assert.That(mono, Does.Not.Match("\e\\[[0-9;]*;3[0-9]").And.Contain("IOPS"));
        _pty.Type("X");
        Assert.That(_pty.ReadUntil("\e[?2026l"), Does.Match("\e\\[[0-9;]*;3[0-9]"));
    }

    [Test]
    public void The_mouse_sorts_selects_and_drills()
    {
        string header = _seen.Screen.Canvas.Line(3);
        int x = header.IndexOf("W/s", StringComparison.Ordinal) + 1;
        _pty.Type($"\e[<0;{x};4M\e[<0;{x};4m");
        _pty.ReadUntil("\e[?2026l");
        Settle();
        Assert.That(_seen.State.SortBy.Field, Is.EqualTo("writes_per_s"));
        _pty.Type("\e[<0;5;6M\e[<0;5;6m");
        _pty.ReadUntil("\e[?2026l");
        Settle();
        Assert.That(_seen.Frame.SelectedIndex, Is.EqualTo(1));
        _pty.Type("\e[<65;5;6M");
        _pty.ReadUntil("\e[?2026l");
        Settle();
        Assert.That(_seen.Frame.SelectedIndex, Is.EqualTo(2));
        _pty.Type("\e[<0;5;7M\e[<0;5;7m\e[<0;5;7M\e[<0;5;7m");
        _pty.ReadUntil("›");
        Settle();
        Assert.That((_seen.State.Steps.Count, _seen.State.View.Key), Is.EqualTo((1, "initiator")));
    }

    [Test]
    public void It_ends_when_the_terminal_goes()
    {
        _pty.HangUp();
        Assert.That(_thread.Join(60_000));
        Assert.That(_stage.Gone);
    }

    [Test]
    public void An_exception_ends_it_and_the_terminal_is_given_back()
    {
        byte[] within = _pty.Settings;
        _stage.Post(() => throw new InvalidOperationException("a bug"));
        Assert.That(_thread.Join(60_000));
        Assert.That(_failure?.Message, Is.EqualTo("a bug"));
        Assert.That(_pty.ReadUntil("\e>"), Does.Contain("\e[?1049l"));
        Assert.That(_pty.Settings, Is.Not.EqualTo(within));
    }

    [Test]
    public void It_ends_by_a_key_and_gives_the_terminal_back()
    {
        _pty.Type("q");
        Assert.That(_thread.Join(60_000));
        Assert.That(_pty.ReadUntil("\e>"), Does.Contain("\e[?1049l"));
    }
}
