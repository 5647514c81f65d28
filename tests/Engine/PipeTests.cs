using System.Diagnostics;
using System.Net.Sockets;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class PipeTests
{
    private string _directory = "";

    [SetUp]
    public void SetUp() => _directory = Directory.CreateTempSubdirectory("its").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_directory, true);

    [Test]
    public void A_subscriber_that_never_reads_disturbs_nobody_and_its_losses_are_counted()
    {
        using var rig = new Rig(11, _directory);
        uint connection = rig.Connect();
        using Feed feed = rig.Open();
        using Socket stuck = rig.Raw();
        var writer = new FrameWriter();
        writer.Write(new Wants(ProbeSet.All, TimeSpan.FromMilliseconds(10), true));
        stuck.Send(writer.Frame);
        Rig.Until(() => rig.Provider.Enabled == ProbeSet.Pdus, "it is served");
        var tally = new Tally();
        for (int i = 1; i <= 40; i++)
        {
            for (int j = 0; j < 500; j++) rig.Read(connection);
            int expected = 500 * i;
            tally.AddUntil(feed, () => tally.Completed >= expected, "the other one keeps up");
        }
        Assert.That(tally.Completed, Is.EqualTo(20_000));
        Assert.That(tally.Add(feed).Engines[0].OutboxDrops, Is.Zero);

        // Now it reads: whole frames only, and the last status says what it lost.
        long events = 0, commands = 0, drops = -1;
        var buffer = new FrameBuffer();
        stuck.ReceiveTimeout = (int)Rig.Patience.TotalMilliseconds;
        while (drops < 0 || events + commands + drops < 20_000 * 5)
        {
            buffer.Received(stuck.Receive(buffer.Free));
            while (buffer.TryTake(out FrameType type, out ReadOnlySpan<byte> payload))
            {
                if (type == FrameType.Events) events += new FrameReader(payload).Events().Length;
                if (type == FrameType.Commands) commands += new FrameReader(payload).Commands().Length;
                if (type == FrameType.Status) drops = new FrameReader(payload).Status().OutboxDrops;
            }
        }
        Assert.That(events + commands + drops, Is.EqualTo(20_000 * 5), "two PDUs, two xfers and a command each");
        Assert.That(drops, Is.GreaterThan(0));
    }

    [Test]
    public void However_many_come_at_once_no_more_than_the_bound_are_served()
    {
        const int TooMany = 20;
        using var logger = new Slow();
        using var engine = new ProbeEngine(new Provider("test"), _directory, 12, logger);
        engine.Start();
        var wants = new FrameWriter();
        wants.Write(new Wants(0, TimeSpan.FromHours(1)));
        List<Socket> sockets = [];
        for (int i = 0; i < ProbeEngine.MaxSubscribers + TooMany; i++)
        {
            sockets.Add(Pipe.Connect(_directory, 12));
            sockets[^1].Send(wants.Frame); // who says nothing for long is sent away
        }
        Rig.Until(() => engine.Waiting == sockets.Count - 1, "all others arrive while the engine is busy with the first");
        logger.GoOn.Set();
        Rig.Until(() => logger.Refused == TooMany, "those beyond the bound are refused");
        Rig.Until(() => engine.Waiting == 0, "all have been looked at");
        Assert.That(engine.Subscribers, Is.EqualTo(ProbeEngine.MaxSubscribers));
        sockets.ForEach(s => s.Dispose());
    }

    // Stops the engine's thread when somebody attaches.
    private sealed class Slow : ILogger, IDisposable
    {
        private int _refused;

        public ManualResetEventSlim GoOn { get; } = new();

        public int Refused => Volatile.Read(ref _refused);

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 104) Interlocked.Increment(ref _refused);
            if (eventId.Id == 102) GoOn.Wait(Rig.Patience);
        }

        public void Dispose() => GoOn.Dispose();
    }

    [Test]
    public void A_subscriber_that_sends_garbage_is_told_so_and_the_others_stay()
    {
        using var rig = new Rig(11, _directory);
        using Feed feed = rig.Open();
        using Socket bad = rig.Raw();
        bad.Send("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"u8);
        var buffer = new FrameBuffer();
        var end = EndReason.EngineStops;
        int count;
        while ((count = Receive(bad, buffer)) > 0)
        {
            buffer.Received(count);
            while (buffer.TryTake(out FrameType type, out ReadOnlySpan<byte> payload))
                if (type == FrameType.End) end = new FrameReader(payload).End().Reason;
        }
        Assert.That(end, Is.EqualTo(EndReason.NotUnderstood));
        Rig.Until(() => rig.Engine.Subscribers == 1, "it is gone");
        feed.Take();
        Assert.That(feed.WaitForSnapshot(Rig.Patience, default), Is.True);
    }

    [Test]
    public void A_subscriber_that_dies_within_a_frame_disturbs_nobody()
    {
        using var rig = new Rig(11, _directory);
        uint connection = rig.Connect();
        using Feed feed = rig.Open();
        var writer = new FrameWriter();
        writer.Write(new Wants(ProbeSet.All, TimeSpan.FromMilliseconds(10)));
        for (int i = 0; i < 10; i++)
        {
            using Socket dying = rig.Raw();
            dying.Send(i % 2 == 0 ? writer.Frame : writer.Frame[..13]);
            dying.Receive(new byte[5]);
            rig.Read(connection);
        }
        Rig.Until(() => rig.Engine.Subscribers == 1, "they are gone");
        var tally = new Tally();
        tally.AddUntil(feed, () => tally.Completed == 10, "ten commands");
    }

    [Test]
    public void A_socket_left_behind_is_replaced_or_removed()
    {
        string stale = Pipe.PathOf(_directory, 11);
        LeaveBehind(stale);
        using (var rig = new Rig(11, _directory))
            Assert.That(Feed.Discover([_directory]).Single().Pid, Is.EqualTo(11));
        Assert.That(File.Exists(stale), Is.False, "an engine that ends removes its pipe");
        LeaveBehind(stale);
        Assert.That(Feed.Discover([_directory]), Is.Empty);
        Assert.That(File.Exists(stale), Is.True, "it may just not listen yet");
        File.SetLastWriteTimeUtc(stale, DateTime.UtcNow.AddMinutes(-1));
        Assert.That(Feed.Discover([_directory]), Is.Empty);
        Assert.That(File.Exists(stale), Is.False);
    }

    [Test]
    public void Two_engines_cannot_have_one_name()
    {
        using var rig = new Rig(11, _directory);
        Assert.That(() => Pipe.Listen(_directory, 11), Throws.TypeOf<PipeException>().With.Message.Contains("in use"));
        Assert.That(Feed.Discover([_directory]), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_path_too_long_for_a_socket_is_named()
    {
        string deep = Path.Combine(_directory, new string('d', 120));
        Assert.That(() => Pipe.Listen(deep, 11), Throws.TypeOf<PipeException>().With.Message.Contains("too long").And.Message.Contains(deep));
    }

    [Test]
    public void The_directory_is_made_for_the_user_alone()
    {
        if (OperatingSystem.IsWindows()) return;
        string made = Path.Combine(_directory, "made");
        using Socket listener = Pipe.Listen(made, 11);
        Assert.That(File.GetUnixFileMode(made), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
        Assert.That(File.GetUnixFileMode(Pipe.PathOf(made, 11)), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public void A_directory_others_may_write_is_not_used_by_either_side()
    {
        if (OperatingSystem.IsWindows()) return;
        using var rig = new Rig(11, _directory);
        File.SetUnixFileMode(_directory, File.GetUnixFileMode(_directory) | UnixFileMode.OtherWrite);
        string message = $"the directory {_directory} for pipes may be written by others";
        Assert.That(() => Pipe.Listen(_directory, 12), Throws.TypeOf<PipeException>().With.Message.EqualTo(message));
        Assert.That(() => Feed.Open(default, [_directory]), Throws.TypeOf<PipeException>().With.Message.EqualTo(message));
        Assert.That(() => Feed.Open(default, [_directory], [11]), Throws.TypeOf<PipeException>().With.Message.EqualTo(message));
        Assert.That(Feed.Discover([_directory]).Single().Problem, Is.EqualTo(message));
    }

    [Test]
    public void A_symbolic_link_is_not_used()
    {
        if (OperatingSystem.IsWindows()) return;
        string link = Path.Combine(_directory, "link");
        Directory.CreateSymbolicLink(link, Directory.CreateDirectory(Path.Combine(_directory, "real")).FullName);
        Assert.That(() => Pipe.Listen(link, 11), Throws.TypeOf<PipeException>().With.Message.Contains("symbolic link"));
    }

    [Test]
    public void A_directory_of_somebody_else_is_not_used()
    {
        if (!OperatingSystem.IsLinux()) return;
        Assert.That(PipeDirectory.Distrust("/usr"), Is.Null, "root may own it");
        if (!Environment.IsPrivilegedProcess) return;
        using (Process chown = Process.Start("chown", ["65534", _directory])!) chown.WaitForExit();
        Assert.That(() => Pipe.Listen(_directory, 11), Throws.TypeOf<PipeException>().With.Message.EqualTo($"the directory {_directory} for pipes belongs to someone else"));
    }

    private static int Receive(Socket socket, FrameBuffer buffer)
    {
        int count = socket.Receive(buffer.Free, SocketFlags.None, out SocketError error);
        return error == SocketError.Success ? count : 0;
    }

    // .NET removes the path it bound when a socket is disposed, so that one is moved away from it first.
    private static void LeaveBehind(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path + "x"));
        File.Move(path + "x", path);
    }
}
