using System.Net;
using System.Net.Sockets;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Server;
using Peer = Iscsitop.Target.Initiator.Initiator;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>What passes between an initiator and our target, decoded, against what the target's own probes said.</summary>
[TestFixture]
public sealed class AgreementTests
{
    [Test]
    public void The_wire_tells_what_the_target_tells([Values("None", "CRC32C")] string header, [Values("None", "CRC32C")] string data, [Values("Yes", "No")] string initialR2t)
    {
        using var target = new TestTarget("0=ram:16MiB", "3=ram:4MiB,bs=4096");
        target.Server.Provider.Enabled = ProbeSet.All;
        using var tap = new Tap(target.Portal);
        using (var peer = new Peer(tap.Portal, "iqn.2026-01.test.example:agree"))
        {
            peer.Login(TestTarget.Name, [("HeaderDigest", header), ("DataDigest", data), ("InitialR2T", initialR2t), ("MaxRecvDataSegmentLength", "8192")]);
            for (int i = 0; i < 4; i++) peer.Execute(Cdb.TestUnitReady(i < 2 ? 0 : 3));
            foreach (int length in new[] { 512, 65536, 300 * 1024 })
            {
                Assert.That(peer.Execute(Cdb.Write10(0, 8, length / 512, Cdb.Buffer(length, seed: length))).Status, Is.EqualTo(ScsiStatus.Good));
                peer.Execute(Cdb.Read10(0, 8, length / 512, Cdb.Buffer(length)));
            }
            peer.Execute(Cdb.Read10(0, uint.MaxValue, 1, Cdb.Buffer(512)));
            peer.Execute(Cdb.TestUnitReady(9));
            peer.In("12 01 80 00 FF 00", 255, 3);
            peer.In("12 01 83 00 FF 00", 255, 3);
            peer.In("9E 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00", 32, 3);
            peer.Logout();
        }
        tap.WaitEnded();
        ConnectionInfo own = Ended(target.Server.Provider);
        var rig = new WireRig();
        tap.Replay(rig.Connection);
        rig.Connection.Close(ConnectionEnd.InitiatorFin, 1);
        List<string> told = WireRig.Drain(target.Server.Provider, []), seen = rig.Events();
        Assert.That(seen, Is.EquivalentTo(told));
        Assert.That(seen.Where(IsRequest), Is.EqualTo(told.Where(IsRequest)));
        Assert.That(seen.Where(e => !IsRequest(e)), Is.EqualTo(told.Where(e => !IsRequest(e))));
        ConnectionInfo info = rig.LastChange();
        Assert.That(info with { Id = own.Id, Local = own.Local, Remote = own.Remote, Opened = own.Opened, Closed = own.Closed }, Is.EqualTo(own));
        Assert.That(rig.Connection.Facts is { HeaderDigestErrors: 0, DataDigestErrors: 0, Resyncs: 0 });
        Assert.That(rig.Provider.UnitChanges.Last(), Is.EqualTo(target.Server.Provider.UnitChanges.Single(u => u.Lun == 3)));
    }

    private static bool IsRequest(string e) => e.Split(' ')[0] is "scsi-command" or "data-receive" or "login-command" or "logout-command" or "nop-receive";

    private static ConnectionInfo Ended(Provider provider)
    {
        ConnectionInfo? info = null;
        SpinWait.SpinUntil(() => provider.ConnectionChanges.TryDequeue(out info) && info.Closed != 0, TimeSpan.FromSeconds(20));
        Assert.That(info?.Closed, Is.Not.Zero.And.Not.Null);
        return info!;
    }

    /// <summary>Passes one connection on to a target and keeps what passed, in order.</summary>
    private sealed class Tap : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<(Direction Direction, byte[] Bytes)> _passed = [];
        private readonly Thread _thread;

        public Tap(IPEndPoint target)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            Portal = (IPEndPoint)_listener.LocalEndPoint!;
            _thread = new Thread(() =>
            {
                using Socket near = _listener.Accept();
                using var far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                near.NoDelay = true;
                far.Connect(target);
                var back = new Thread(() => Pass(far, near, Direction.ToInitiator));
                back.Start();
                Pass(near, far, Direction.ToTarget);
                back.Join();
            });
            _thread.Start();
        }

        public IPEndPoint Portal { get; }

        public void WaitEnded() => Assert.That(_thread.Join(TimeSpan.FromSeconds(20)));

        public void Replay(WireConnection connection)
        {
            long time = 2000;
            foreach ((Direction direction, byte[] bytes) in _passed) connection.Bytes(direction, bytes, time++);
        }

        public void Dispose() => _listener.Dispose();

        private void Pass(Socket from, Socket to, Direction direction)
        {
            byte[] buffer = new byte[16384];
            try
            {
                while (from.Receive(buffer) is var count and > 0)
                {
                    lock (_passed) _passed.Add((direction, buffer[..count]));
                    to.Send(buffer.AsSpan(0, count));
                }
                to.Shutdown(SocketShutdown.Send);
            }
            catch (SocketException)
            {
                // One side is gone; what passed has passed.
            }
        }
    }
}
