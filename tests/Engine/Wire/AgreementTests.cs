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

    [Test]
    public void The_wire_tells_the_blocks_that_the_target_unmaps([Values("None", "CRC32C")] string digest, [Values("Yes", "No")] string immediate)
    {
        using var target = new TestTarget("0=ram:16MiB");
        target.Server.Provider.Enabled = ProbeSet.All;
        using var tap = new Tap(target.Portal);
        using (var peer = new Peer(tap.Portal, "iqn.2026-01.test.example:unmap"))
        {
            peer.Login(TestTarget.Name, [("HeaderDigest", digest), ("DataDigest", digest), ("ImmediateData", immediate)]);
            for (int i = 0; i < 4; i++) peer.Execute(Cdb.TestUnitReady(0));
            Assert.That(Unmap(peer, (0, 8)), Is.EqualTo("GOOD"));
            Assert.That(Unmap(peer, (16, 100), (5, 0), (32767, 1)), Is.EqualTo("GOOD"));
            Assert.That(Unmap(peer, [.. Enumerable.Range(0, 256).Select(i => ((ulong)i * 16, 3u))]), Is.EqualTo("GOOD"));
            Assert.That(Unmap(peer, (32768, 1)), Does.StartWith("CHECK CONDITION"), "beyond the end");
            Assert.That(peer.Out("42 00 00 00 00 00 00 00 00 00"), Is.EqualTo("GOOD"), "no list");
            Assert.That(peer.Out("42 00 00 00 00 00 00 00 08 00", "0006000000000000"), Is.EqualTo("GOOD"), "a list without descriptors");
            Assert.That(peer.Out("42 00 00 00 00 00 00 00 28 00", "0026001000000000" + Descriptor(3, 9) + Descriptor(50, 70)), Is.EqualTo("GOOD"), "one of two is spoken of");
            Assert.That(peer.Out("42 00 00 00 00 00 00 00 20 00", "001E001800000000" + Descriptor(3, 9) + "0000000000000000"), Is.EqualTo("GOOD"), "half a descriptor");
            peer.Logout();
        }
        tap.WaitEnded();
        Ended(target.Server.Provider);
        var rig = new WireRig();
        tap.Replay(rig.Connection);
        List<string> told = WireRig.Drain(target.Server.Provider, []), seen = rig.Events();
        Assert.That(seen, Is.EquivalentTo(told));
        Assert.That(told.Where(e => e.Contains("unmaps", StringComparison.Ordinal)).Select(e => e[e.IndexOf("unmaps", StringComparison.Ordinal)..]),
            Is.EqualTo((string[])["unmaps 8 in 1", "unmaps 101 in 3", "unmaps 768 in 256", "unmaps 0 in 0", "unmaps 0 in 0", "unmaps 9 in 1", "unmaps 9 in 1"]));
    }

    private static string Descriptor(ulong lba, uint blocks) => $"{lba:X16}{blocks:X8}00000000";

    private static string Unmap(Peer peer, params (ulong Lba, uint Blocks)[] ranges)
    {
        int length = 8 + 16 * ranges.Length;
        return peer.Out($"42 00 00 00 00 00 00 {length >> 8:X2} {length & 0xff:X2} 00", $"{length - 2:X4}{length - 8:X4}00000000" + string.Concat(ranges.Select(r => Descriptor(r.Lba, r.Blocks))));
    }

    [Test]
    public void The_wire_tells_the_reservations_the_target_has()
    {
        const string aName = "iqn.2026-01.test.example:a", bName = "iqn.2026-01.test.example:b";
        using var target = new TestTarget("0=ram:16MiB");
        using Tap aTap = new(target.Portal), bTap = new(target.Portal);
        using Peer a = new(aTap.Portal, aName, [0x80, 0, 0, 1, 0, 0]), b = new(bTap.Portal, bName, [0x80, 0, 0, 2, 0, 0]);
        var aRig = new WireRig();
        var bRig = new WireRig(context: aRig.Context);
        ReservationInfo? own = null, seen = null;
        a.Login(TestTarget.Name);
        b.Login(TestTarget.Name);

        // Past unit attentions, and what both sides tell after it.
        void Do(Func<string> act, string what)
        {
            string status = "";
            for (int i = 0; i < 4 && status != "GOOD"; i++) status = act();
            Assert.That(status, Is.EqualTo("GOOD"), what);
            Compare(what);
        }

        void Compare(string what)
        {
            aTap.ReplayNew(aRig.Connection);
            bTap.ReplayNew(bRig.Connection);
            own = Last(target.Server.Provider, own);
            seen = Last(aRig.Provider, seen);
            Assert.That(Text(seen), Is.EqualTo(Text(own)), what);
        }

        string Read(Peer peer, string cdb)
        {
            ArraySegment<byte> data = Cdb.Buffer(4096);
            return peer.Execute(new ScsiRequest(0, Tests.Server.Script.Bytes(cdb), data, false)).Status.Name();
        }

        Do(() => Read(a, "5E 03 00 00 00 00 00 10 00 00"), "nobody has registered");
        Do(() => a.Prout(0, action: 0xa), "a registers");
        Do(() => b.Prout(0, action: 0xb), "b registers");
        Do(() => a.Prout(1, type: 1, key: 0xa), "a reserves");
        Do(() => b.Prout(4, type: 3, key: 0xb, action: 0xa), "b preempts");
        Do(() => a.Prout(6, action: 0xa), "a registers anyway");
        Do(() => b.Prout(2, type: 3, key: 0xb), "b releases");
        Do(() => a.Prout(1, type: 7, key: 0xa), "all registrants reserve");
        Do(() => b.Prout(0, key: 0xb), "b leaves");
        Do(() => b.Prout(0, action: 0xd), "b comes back");
        Do(() => a.Prout(5, type: 6, key: 0xa), "a preempts all");
        Do(() => a.Prout(0, key: 0xa, action: 0xc), "a takes another key");
        byte[] id = new byte[Target.Scsi.TransportId.Length($"{bName},i,0x800000020000")];
        Target.Scsi.TransportId.Write(id, $"{bName},i,0x800000020000");
        Do(() => a.Out($"5F 07 00 00 00 00 00 00 {24 + id.Length:X2} 00", $"{0xc:X16}{0xe:X16}00020001{id.Length:X8}{Convert.ToHexString(id)}"), "a moves it to b and leaves");
        Do(() => Read(b, "5E 00 00 00 00 00 00 10 00 00"), "its keys are read");
        Do(() => Read(b, "5E 01 00 00 00 00 00 10 00 00"), "and the reservation");
        Do(() => Read(a, "5E 03 00 00 00 00 00 10 00 00"), "and all");
        Assert.That(seen is { Complete: true, Type: 6, Holder: { Initiator: bName, Isid: "800000020000", Key: 0xe }, Registrants.Count: 1 }, Text(seen));
        Do(() => b.Prout(0, key: 0xe), "the holder leaves");
        Do(() => a.Out("16 00 00 00 00 00"), "RESERVE(6)");
        Do(() => a.Out("17 00 00 00 00 00"), "RELEASE(6)");
        Do(() => b.Out("56 00 00 00 00 00 00 00 00 00"), "RESERVE(10)");
        Assert.That(own is { Legacy: true, Holder.Initiator: bName });
        b.Logout();
        b.Dispose();
        bTap.WaitEnded();
        bTap.ReplayNew(bRig.Connection);
        bRig.Connection.Close(ConnectionEnd.InitiatorFin, 1);
        SpinWait.SpinUntil(() => (own = Last(target.Server.Provider, own)) is { Legacy: false }, TimeSpan.FromSeconds(60));
        Compare("its session ends");
        Assert.That(own is { Legacy: false, Holder: null });
        a.Dispose();
        aTap.WaitEnded();
    }

    private static ReservationInfo? Last(Provider provider, ReservationInfo? before)
    {
        var told = new List<ReservationInfo>();
        provider.TakeReservations(told);
        return told.Count > 0 ? told[^1] : before;
    }

    private static string Text(ReservationInfo? info) => info is null
        ? "nothing"
        : $"{info.Target}:{info.Lun} {info.Legacy} {info.Type} {info.Holder} gen {info.Generation} all {info.Complete}: {string.Join(", ", info.Registrants)}";

    private static bool IsRequest(string e) => e.Split(' ')[0] is "scsi-command" or "data-receive" or "login-command" or "logout-command" or "nop-receive";

    private static ConnectionInfo Ended(Provider provider)
    {
        ConnectionInfo? info = null;
        SpinWait.SpinUntil(() => provider.ConnectionChanges.TryDequeue(out info) && info.Closed != 0, TimeSpan.FromSeconds(60));
        Assert.That(info?.Closed, Is.Not.Zero.And.Not.Null);
        return info!;
    }

    /// <summary>Passes one connection on to a target and keeps what passed, in order.</summary>
    private sealed class Tap : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<(Direction Direction, byte[] Bytes)> _passed = [];
        private readonly Thread _thread;
        private int _replayed;

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

        public void WaitEnded() => Assert.That(_thread.Join(TimeSpan.FromSeconds(60)));

        public void Replay(WireConnection connection)
        {
            long time = 2000;
            foreach ((Direction direction, byte[] bytes) in _passed) connection.Bytes(direction, bytes, time++);
        }

        /// <summary>What has come since the last time.</summary>
        public void ReplayNew(WireConnection connection)
        {
            lock (_passed)
                for (; _replayed < _passed.Count; _replayed++) connection.Bytes(_passed[_replayed].Direction, _passed[_replayed].Bytes, 2000 + _replayed);
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
