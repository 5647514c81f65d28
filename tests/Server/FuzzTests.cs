using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Tests.Server;

/// <summary>
/// Requests that are nearly right, in long streams. Whatever they do to their own session and their own target, no bug is
/// logged, no other session notices, and another target's units keep what they hold.
/// </summary>
[TestFixture]
public sealed class FuzzTests
{
    private const string Guarded = "iqn.2026-01.test.example:guarded";
    private const int PdusOfAConnection = 150;

    private static readonly Opcode[] s_requests =
        [Opcode.ScsiCommand, Opcode.ScsiCommand, Opcode.ScsiCommand, Opcode.ScsiCommand, Opcode.NopOut, Opcode.TaskManagementRequest, Opcode.TextRequest, Opcode.DataOut];

    private readonly Bugs _bugs = new();
    private TestTarget _target = null!;
    private Initiator _witness = null!;
    private ArraySegment<byte> _pattern;

    [OneTimeSetUp]
    public void Start()
    {
        _target = new TestTarget(
            new TargetOptions
            {
                Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
                MaxConnectionsPerSession = 2,
                Targets =
                [
                    new TargetSpec(TestTarget.Name) { Luns = TestTarget.Specs("0=ram:1MiB", "1=ram:1MiB,removable,bs=4096") },
                    new TargetSpec(Guarded) { Luns = TestTarget.Specs("0=ram:1MiB") },
                ],
            }, _bugs);
        _witness = new Initiator(_target.Portal, "iqn.2026-01.test.example:witness");
        _witness.Login(Guarded);
        while (_witness.Execute(Cdb.TestUnitReady(0)).Status != ScsiStatus.Good)
        {
        }
        _pattern = Cdb.Buffer(1 << 20, seed: 42);
        Assert.That(_witness.Execute(Cdb.Write10(0, 0, 2048, _pattern)).Status, Is.EqualTo(ScsiStatus.Good));
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _witness.Dispose();
        _target.Dispose();
        _bugs.Dispose();
    }

    [Test]
    public void Nearly_right_requests_disturb_nobody_else([Range(1, 60)] int seed)
    {
        var random = new Random(seed);
        using RawPeer peer = _target.Connect();
        // The last byte of the ISID differs, so that sessions do not take each other over.
        peer.LoginOnly(random.Next(2) == 0 ? "InitialR2T=No\0ImmediateData=Yes\0MaxConnections=2\0" : "InitialR2T=Yes\0", $"fuzz-{seed % 4}", (byte)seed);
        // What the target answers is read and forgotten: a peer that does not read would only stop itself.
        long answered = 0;
        var drain = new Thread(() => answered = Drain(peer.Socket)) { IsBackground = true };
        drain.Start();
        uint cmdSn = 1;
        for (int i = 0; i < PdusOfAConnection; i++) peer.Send(Request(random, ref cmdSn));
        peer.Socket.Shutdown(SocketShutdown.Send);
        drain.Join();
        ArraySegment<byte> now = Cdb.Buffer(1 << 20);
        Assert.That(_witness.Execute(Cdb.Read10(0, 0, 2048, now)).Status, Is.EqualTo(ScsiStatus.Good));
        Assert.That(now.AsSpan().SequenceEqual(_pattern), "another target's unit has changed");
        Assert.That(_bugs.Seen, Is.Empty);
        Assert.That(answered, Is.Positive, "it was answered at all");
    }

    private static byte[] Request(Random random, ref uint cmdSn)
    {
        Opcode opcode = s_requests[random.Next(s_requests.Length)];
        bool immediate = random.Next(8) == 0;
        byte[] bhs = RawPeer.Bhs(opcode, (byte)(0x80 | (random.Next(2) << 6) | (random.Next(2) << 5) | random.Next(8)), (uint)random.Next(1, 64), immediate && opcode != Opcode.DataOut);
        if (opcode == Opcode.TaskManagementRequest) bhs[1] = (byte)(0x80 | random.Next(1, 7));
        BinaryPrimitives.WriteUInt64BigEndian(bhs.AsSpan(8), Lun.Encode(random.Next(3)));
        BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(24), cmdSn);
        if (!immediate && opcode != Opcode.DataOut) cmdSn++;
        byte[] data = [];
        if (opcode == Opcode.ScsiCommand)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bhs.AsSpan(20), (uint)(random.Next(5) * 512 + (random.Next(4) == 0 ? random.Next(512) : 0)));
            byte[] cdb = Command(random);
            cdb.CopyTo(bhs, 32);
        }
        if (random.Next(3) == 0)
        {
            data = new byte[random.Next(4) * 24 + random.Next(64)];
            random.NextBytes(data);
        }
        byte[] pdu = RawPeer.WithData(bhs, data);
        // A few wrong bits; a wrong length now and then, which ends the connection.
        for (int wrong = random.Next(3); wrong > 0; wrong--) pdu[random.Next(200) == 0 ? random.Next(4, 8) : random.Next(8, 48)] ^= (byte)(1 << random.Next(8));
        return pdu;
    }

    private static byte[] Command(Random random)
    {
        CommandRow[] rows = [.. Target.Scsi.Command.Rows.ToArray().Where(r => r.Handler is not null)];
        CommandRow row = rows[random.Next(rows.Length)];
        byte[] cdb = new byte[16];
        for (int i = 0; i < Math.Min(16, row.Usage.Length); i++)
            cdb[i] = i == 0 ? row.Opcode : (byte)(row.Usage[i] & (random.Next(3) == 0 ? random.Next(256) : random.Next(4) == 0 ? 0xff : random.Next(8)));
        if (row.HasServiceAction) cdb[1] = (byte)((cdb[1] & 0xe0) | row.ServiceAction);
        return cdb;
    }

    private static long Drain(Socket socket)
    {
        byte[] buffer = new byte[65536];
        long bytes = 0;
        try
        {
            for (int count; (count = socket.Receive(buffer)) > 0;) bytes += count;
        }
        catch (SocketException)
        {
            // It was cut off: its own fault.
        }
        return bytes;
    }

    private sealed class Bugs : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Error) Seen.Enqueue($"{formatter(state, exception)} {exception}");
        }

        public void Dispose()
        {
        }
    }
}
