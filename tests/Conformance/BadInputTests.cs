using System.Net;
using System.Net.Sockets;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Conformance;

/// <summary>What a person or a peer gets wrong: a clear message or a closed connection, and nobody else is disturbed.</summary>
[TestFixture]
public sealed class BadInputTests
{
    private const int Reads = 4000;

    // Exit codes: 1 run time, 2 usage, 3 input or permission (EXIT STATUS of the man pages).
    [TestCase(2, "--bogus", "--bogus")]
    [TestCase(2, "abc", "abc")]
    [TestCase(2, "0", "-b 0")]
    [TestCase(2, "-1", "-b -- -1")]
    [TestCase(2, "many", "-b 1 many")]
    [TestCase(2, "yaml", "-b -o yaml 1 1")]
    [TestCase(2, "colour", "-b -s colour 1 1")]
    [TestCase(2, "nosuch", "-b --view nosuch 1 1")]
    [TestCase(2, "--bogus", "snoop --bogus")]
    [TestCase(2, "fast", "snoop --slow fast")]
    [TestCase(2, "x=ram:1MiB", "target --portal 127.0.0.1:0 --lun x=ram:1MiB")]
    [TestCase(2, "tape", "target --portal 127.0.0.1:0 --lun 0=tape:1MiB")]
    [TestCase(2, "12furlongs", "target --portal 127.0.0.1:0 --lun 0=ram:12furlongs")]
    [TestCase(2, "0=ram:1000", "target --portal 127.0.0.1:0 --lun 0=ram:1000")]
    [TestCase(2, "0", "target --portal 127.0.0.1:0 --lun 0=ram:1MiB --lun 0=ram:1MiB")]
    [TestCase(2, "not an iqn", "target --portal 127.0.0.1:0 --lun 0=ram:1MiB --name", "not an iqn")]
    [TestCase(2, "127.0.0.1:99999", "target --lun 0=ram:1MiB --portal 127.0.0.1:99999")]
    [TestCase(2, "localhorst:", "target --lun 0=ram:1MiB --portal localhorst:3260:1")]
    [TestCase(2, "--insecure-allow-remote", "target --lun 0=ram:1MiB --portal 0.0.0.0:0")]
    [TestCase(3, "/nonexistent/lun0", "target --portal 127.0.0.1:0 --lun 0=file:/nonexistent/lun0")]
    public void A_wrong_argument_is_named_in_one_line(int exit, string says, string arguments, string? last = null)
    {
        Output output = Client.Run(Binary.Path, [.. arguments.Split(' '), .. last is null ? Array.Empty<string>() : [last]]);

        AssertRefusal(output, exit, says);
    }

    [Test]
    public void A_file_that_is_no_multiple_of_a_block_is_refused()
    {
        using var scratch = new Scratch();
        string file = scratch.File("odd");
        File.WriteAllBytes(file, new byte[1000]);

        AssertRefusal(Client.Run(Binary.Path, "target", "--portal", "127.0.0.1:0", "--lun", $"0=file:{file}"), 3, "1000");
    }

    [Test]
    public void A_state_directory_that_is_a_file_is_named()
    {
        using var scratch = new Scratch();
        string file = scratch.File("state");
        File.WriteAllText(file, "");

        AssertRefusal(Client.Run(Binary.Path, "target", "--portal", "127.0.0.1:0", "--lun", "0=ram:1MiB", "--state-dir", file), 3, file);
    }

    [Test]
    public void A_port_in_use_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;

        AssertRefusal(Client.Run(Binary.Path, "target", "--portal", $"127.0.0.1:{port}", "--lun", "0=ram:1MiB"), 1, $"127.0.0.1:{port}");
    }

    [TestCase("-b -p 4194303 1 1")]
    [TestCase("snoop -p 4194303 -c 1")]
    public void An_engine_that_is_not_there_is_named(string arguments)
    {
        using var scratch = new Scratch();
        var environment = new Dictionary<string, string> { ["ISCSITOP_RUNTIME_DIR"] = scratch.Path };

        AssertRefusal(Client.Run(Binary.Path, arguments.Split(' '), environment), 3, "4194303");
    }

    [Test]
    public void A_socket_that_is_no_engine_is_refused()
    {
        Client.NeedThat(!OperatingSystem.IsWindows(), "Unix sockets have a path here and a name there");
        using var scratch = new Scratch();
        using var stranger = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        stranger.Bind(new UnixDomainSocketEndPoint(scratch.File("iscsi4194303")));
        stranger.Listen();
        Task greeting = Task.Run(() =>
        {
            using Socket peer = stranger.Accept();
            peer.Send("220 mail.example ESMTP ready, and a good deal more than one frame header needs\r\n"u8);
        });
        var environment = new Dictionary<string, string> { ["ISCSITOP_RUNTIME_DIR"] = scratch.Path };

        AssertRefusal(Client.Run(Binary.Path, ["-b", "-p", "4194303", "1", "1"], environment), 3, "4194303");
        Assert.That(greeting.Wait(Client.Patience));
    }

    [Test]
    public void Garbage_closes_its_own_connection_and_no_other()
    {
        Client.Need("iscsi-perf");
        using TargetProcess target = TargetProcess.Start("0=ram:64MiB");
        Task<Output> load = Task.Run(() => Client.RunWell("iscsi-perf", "-x", "1", "-m", "8", "-b", "8", "-t", "2", "-r", target.Url(0)));

        var random = new Random(2);
        for (int i = 0; i < 50; i++)
        {
            byte[] garbage = new byte[random.Next(1, 4096)];
            random.NextBytes(garbage);
            Assert.That(IsClosedAfter(target.Port, garbage), $"garbage number {i} is still connected");
        }
        // A Login Request that announces a data segment of 16 MiB, more than any login may carry.
        byte[] login = new byte[48];
        (login[0], login[1], login[5], login[6], login[7]) = (0x43, 0x87, 0xff, 0xff, 0xff);
        Assert.That(IsClosedAfter(target.Port, login));

        Assert.Multiple(() =>
        {
            Assert.That(load.Result.Out, Does.Contain("iops average"));
            Assert.That(target.Alive);
            Assert.That(target.Stop(), Is.Zero);
        });
    }

    [Test]
    public void A_stalled_subscriber_loses_events_and_nobody_else_does()
    {
        Client.Need("iscsi-inq");
        using TargetProcess target = TargetProcess.Start("0=ram:64MiB");
        using Subscriber stalled = target.Attach("snoop", "--pdu", "-o", "ndjson");
        using Subscriber top = target.Attach("-b", "-o", "ndjson", "0.2");
        Assert.That(top.Out.WaitFor(t => t.Contains('\n', StringComparison.Ordinal), Client.Patience), top.Error.Text);
        while (!stalled.Out.WaitFor(t => t.Length > 0, TimeSpan.FromMilliseconds(100))) Client.RunWell("iscsi-inq", target.Url(0));

        stalled.Freeze();
        // Twice the events that may wait for it, and between them time for the engine to take them.
        using (var initiator = new Target.Initiator.Initiator(new IPEndPoint(IPAddress.Loopback, target.Port), "iqn.2026-11.example.iscsitop:reader"))
        {
            initiator.Login(TargetProcess.Iqn);
            ArraySegment<byte> into = Server.Cdb.Buffer(512);
            for (int events = 0; events < 2 * SocketOutbox.DefaultCapacity / ProbeEvent.Size; events += 2 * Reads)
            {
                int reports = top.Out.Lines.Length;
                for (int i = 0; i < Reads; i++) initiator.Execute(Server.Cdb.Read10(0, 0, 1, into));
                Assert.That(top.Out.WaitFor(t => t.Count(c => c == '\n') > reports + 1, Client.Patience), "the other subscriber stalls too");
            }
        }
        stalled.Thaw();
        AwaitNews(stalled, target);

        Assert.Multiple(() =>
        {
            Assert.That(stalled.Stop().Error, Does.Match("[1-9][0-9]* .*on the way here"));
            Assert.That(top.Stop().Error, Does.Not.Match("[1-9][0-9]* .*on the way here"));
            Assert.That(target.Alive);
        });
    }

    // The backlog is read when a session that began after it is seen; from then on what was lost is told once a second.
    private static void AwaitNews(Subscriber subscriber, TargetProcess target)
    {
        DateTime? told = null;
        for (bool again = true; again;)
        {
            again = told is null || DateTime.UtcNow < told;
            Assert.That(Client.Mark(target.Url(0), (initiator, patience) => subscriber.Out.WaitForText(initiator, patience)), $"the subscriber does not come back: {subscriber.Error.Text}");
            told ??= DateTime.UtcNow + TimeSpan.FromSeconds(3);
        }
    }

    private static void AssertRefusal(Output output, int exit, string says) => Assert.Multiple(() =>
    {
        Assert.That(output.ExitCode, Is.EqualTo(exit), output.All);
        Assert.That(output.Error.TrimEnd('\n').Split('\n'), Has.Length.EqualTo(1), output.Error);
        Assert.That(output.Error, Does.StartWith("iscsitop: ").And.Contain(says));
        Assert.That(output.Out, Is.Empty);
    });

    // Sends, then says no more will come, so that a target that waits for the rest of a PDU sees its end.
    private static bool IsClosedAfter(int port, byte[] bytes)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = (int)Client.Patience.TotalMilliseconds };
        client.Connect(IPAddress.Loopback, port);
        try
        {
            client.Send(bytes);
            client.Shutdown(SocketShutdown.Send);
            byte[] answer = new byte[4096];
            while (client.Receive(answer) > 0) { }
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode is not SocketError.TimedOut;
        }
    }
}
