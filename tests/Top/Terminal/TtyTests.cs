using Iscsitop.Cli.Top.Terminal;

namespace Iscsitop.Tests.Top.Terminal;

[TestFixture, NonParallelizable, Platform(Include = "Linux")]
public sealed class TtyTests
{
    private Pty _pty = null!;
    private Tty _tty = null!;

    [SetUp]
    public void SetUp()
    {
        _pty = new Pty();
        _tty = new Tty(_pty.Slave, _pty.Slave);
    }

    [TearDown]
    public void TearDown()
    {
        _tty.Dispose();
        _pty.Dispose();
    }

    [Test]
    public void What_it_takes_it_gives_back()
    {
        byte[] before = _pty.Settings;
        _tty.Enter();
        Assert.That(_pty.Settings, Is.Not.EqualTo(before));
        string taken = _pty.ReadUntil("\e[?1006h");
        _tty.Leave();
        Assert.That(_pty.Settings, Is.EqualTo(before));
        string given = _pty.ReadUntil("\e[?1049l");
        Assert.Multiple(() =>
        {
            foreach (string mode in (string[])["1049", "1000", "1006"])
            {
                Assert.That(taken, Does.Contain($"\e[?{mode}h"));
                Assert.That(given, Does.Contain($"\e[?{mode}l"));
            }
            foreach (string mode in (string[])["25", "7"])
            {
                Assert.That(taken, Does.Contain($"\e[?{mode}l"));
                Assert.That(given, Does.Contain($"\e[?{mode}h"));
            }
        });
    }

    [Test]
    public void It_gives_back_once_and_is_silent_afterwards()
    {
        _tty.Enter();
        _tty.Leave();
        _pty.ReadUntil("\e>");
        _tty.Leave();
        _tty.Write("late"u8);
        Assert.That(_pty.Silent);
    }

    [Test]
    public void A_wait_ends_with_what_happened()
    {
        _tty.Enter();
        Assert.That(_tty.Wait(0), Is.EqualTo(Ready.Nothing));
        _tty.Wake();
        _tty.Wake();
        Assert.That(_tty.Wait(-1), Is.EqualTo(Ready.Woken));
        Assert.That(_tty.Wait(0), Is.EqualTo(Ready.Nothing));
        _pty.Type("ab");
        Assert.That(_tty.Wait(-1), Is.EqualTo(Ready.Input));
        byte[] read = new byte[10];
        Assert.That((_tty.Read(read), read[0], read[1]), Is.EqualTo((2, (byte)'a', (byte)'b')));
        _tty.Wake();
        Assert.That(_tty.Wait(-1), Is.EqualTo(Ready.Woken), "it can be woken again");
    }

    [Test]
    public void A_terminal_that_goes_is_noticed()
    {
        _tty.Enter();
        _pty.HangUp();
        Ready ready = _tty.Wait(-1);
        Assert.That(ready == Ready.Gone || _tty.Read(new byte[10]) == 0);
        Assert.That(() => _tty.Write("x"u8), Throws.InstanceOf<IOException>());
        _tty.Leave();
    }

    [Test]
    public void What_is_no_terminal_is_refused()
    {
        using var file = new FileStream("/dev/null", FileMode.Open);
        int fd = (int)file.SafeFileHandle.DangerousGetHandle();
        Assert.That(() => new Tty(fd, fd), Throws.InstanceOf<IOException>());
    }
}
