using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;
using Iscsitop.Tests.Conformance;
using static Iscsitop.Tests.Server.TargetsTests;

namespace Iscsitop.Tests.Server;

/// <summary>New options for a running server: sessions go on and are told, and what is wrong changes nothing.</summary>
[TestFixture]
public sealed class ReloadTests
{
    private const string A = "iqn.2026-01.test.example:a";
    private const string B = "iqn.2026-01.test.example:b";
    private const string Host = "iqn.2026-01.test.example:host";
    private const int ReportedLunsDataChanged = 0x063f0e;
    private const int CapacityDataChanged = 0x062a09;
    private const int PowerOn = 0x062900;
    private const int LunNotSupported = 0x052500;

    [Test]
    public void A_unit_that_is_added_is_told_and_served()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")));
        using Initiator session = Login(target, A);

        target.Server.Reload(Options(Spec(A, "0=ram:1MiB", "3=ram:2MiB")));

        Assert.Multiple(() =>
        {
            Assert.That(Code(session, 0), Is.EqualTo(ReportedLunsDataChanged));
            Assert.That(Code(session, 0), Is.Zero);
            Assert.That(Code(session, 3), Is.EqualTo(PowerOn));
            Assert.That(Code(session, 3), Is.Zero);
            Assert.That(Reported(session), Is.EqualTo(new[] { 0, 3 }));
        });
    }

    [Test]
    public void A_unit_that_is_removed_is_gone_and_its_file_is_free()
    {
        using var scratch = new Scratch();
        string file = $"1=file:{scratch.File("disk")},size=1MiB";
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB", file)));
        using Initiator session = Login(target, A);

        target.Server.Reload(Options(Spec(A, "0=ram:1MiB")));

        Assert.Multiple(() =>
        {
            Assert.That(Code(session, 1), Is.EqualTo(LunNotSupported));
            Assert.That(Code(session, 0), Is.EqualTo(ReportedLunsDataChanged));
            Assert.That(Reported(session), Is.EqualTo(new[] { 0 }));
            Assert.That(() => File.Open(scratch.File("disk"), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose(), Throws.Nothing);
        });
        target.Server.Reload(Options(Spec(A, "0=ram:1MiB", file)));
        Assert.That(Reported(session), Is.EqualTo(new[] { 0, 1 }), "and may come back");
    }

    [TestCase("", "")]
    [TestCase(",size=1MiB", ",size=2MiB")]
    [TestCase(",size=1MiB", "")]
    public void A_file_that_has_grown_is_told_to_every_nexus(string before, string after)
    {
        Client.Need("truncate");
        using var scratch = new Scratch();
        string path = scratch.File("disk");
        Grow(path, 1 << 20);
        using var target = new TestTarget(Options(Spec(A, $"0=file:{path}{before}")));
        using Initiator one = Login(target, A);
        using Initiator other = Login(target, A, "iqn.2026-01.test.example:other");

        Grow(path, 2 << 20);
        target.Server.Reload(Options(Spec(A, $"0=file:{path}{after}")));

        ArraySegment<byte> block = Cdb.Buffer(512, seed: 3);
        ArraySegment<byte> seen = Cdb.Buffer(512);
        Assert.Multiple(() =>
        {
            Assert.That((Code(one, 0), Code(other, 0)), Is.EqualTo((CapacityDataChanged, CapacityDataChanged)));
            Assert.That(one.Execute(Cdb.Write10(0, 4095, 1, block)).Status, Is.EqualTo(ScsiStatus.Good), "the last new block");
            Assert.That(other.Execute(Cdb.Read10(0, 4095, 1, seen)).Status, Is.EqualTo(ScsiStatus.Good));
            Assert.That(seen.ToArray(), Is.EqualTo(block.ToArray()));
            Assert.That(one.Execute(Cdb.Write10(0, 4096, 1, block)).Status, Is.EqualTo(ScsiStatus.CheckCondition));
        });
    }

    [Test]
    public void A_sanitize_is_not_resumed_by_a_reload_that_is_refused()
    {
        using var scratch = new Scratch();
        string disk = scratch.File("disk");
        File.WriteAllBytes(disk, [.. Enumerable.Repeat((byte)0x55, 1 << 20)]);
        TargetOptions with = Options(Spec(A, "0=ram:1MiB", $"1=file:{disk}")) with { StateDirectory = scratch.File("state") };
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")) with { StateDirectory = with.StateDirectory });
        using (FileStore store = FileStore.Open(disk, 0, 512, readOnly: false))
            new SanitizeFile(with.StateDirectory!, $"naa.{new LogicalUnit(store, A, 1).NaaId:x16}").Save(new SanitizeOrder(store.Identity, store.Length, [0xa5], 1, false, false, false));

        Assert.That(() => target.Server.Reload(with with { Targets = [.. with.Targets, Spec(B, "0=file:" + scratch.File("none"))] }), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllBytes(disk), Is.All.EqualTo(0x55));
        target.Server.Reload(with);
        using Initiator session = Login(target, A);
        Assert.That(SpinWait.SpinUntil(() => Code(session, 1) == 0, TimeSpan.FromSeconds(60)), "resumed by one that is not");
        Assert.That(session.In("28 00 00 00 07 FF 00 00 01 00", 512, lun: 1), Is.All.EqualTo(0xa5));
    }

    [Test]
    public void What_has_not_changed_is_not_told()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")));
        using Initiator session = Login(target, A);
        ArraySegment<byte> block = Cdb.Buffer(512, seed: 3);
        ArraySegment<byte> seen = Cdb.Buffer(512);
        session.Execute(Cdb.Write10(0, 0, 1, block));

        target.Server.Reload(Options(Spec(A, "0=ram:1MiB"), Spec(B, "0=ram:1MiB")));

        Assert.That(session.Execute(Cdb.Read10(0, 0, 1, seen)).Status, Is.EqualTo(ScsiStatus.Good));
        Assert.That(seen.ToArray(), Is.EqualTo(block.ToArray()), "memory keeps what it had");
        using Initiator added = Login(target, B);
        Assert.That(Reported(added), Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public void Sessions_of_a_target_that_is_gone_are_asked_to_log_out_and_others_are_not()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB"), Spec(B, "0=ram:1MiB")));
        using Initiator leaving = Login(target, A);
        using Initiator staying = Login(target, B);

        target.Server.Reload(Options(Spec(B, "0=ram:1MiB")));

        Assert.That(Code(leaving, 0), Is.EqualTo(LunNotSupported));
        while (!leaving.LogoutRequested) Assert.That(Code(leaving, 0), Is.EqualTo(LunNotSupported));
        leaving.Logout();
        Assert.That((Code(staying, 0), staying.LogoutRequested), Is.EqualTo((0, false)));
        using var late = new Initiator(target.Portal, Host);
        Assert.That(() => late.Login(A), Throws.TypeOf<LoginRefusedException>().With.Property("Status").EqualTo(LoginStatus.TargetRemoved));
    }

    [Test]
    public void New_lists_count_for_new_logins_and_old_sessions_go_on()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB", "1=ram:1MiB")));
        using Initiator before = Login(target, A);

        target.Server.Reload(Options(Spec(A, "0=ram:1MiB") with { Initiators = [new InitiatorSpec("iqn.2026-01.test.example:other")], AllowsUnlisted = false }));

        using var late = new Initiator(target.Portal, Host);
        using Initiator other = Login(target, A, "iqn.2026-01.test.example:other");
        Assert.Multiple(() =>
        {
            Assert.That(() => late.Login(A), Throws.TypeOf<LoginRefusedException>().With.Property("Status").EqualTo(LoginStatus.AuthorizationFailure));
            Assert.That(Code(before, 0), Is.EqualTo(ReportedLunsDataChanged));
            Assert.That(Code(before, 0), Is.Zero);
            Assert.That(Code(before, 1), Is.EqualTo(LunNotSupported));
        });
    }

    [Test]
    public void A_new_map_moves_units_of_sessions()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB", "1=ram:2MiB")));
        using Initiator session = Login(target, A);

        target.Server.Reload(Options(Spec(A, "0=ram:1MiB", "1=ram:2MiB") with { Initiators = [new InitiatorSpec(Host) { Luns = new Dictionary<int, int> { [0] = 1 } }] }));

        Assert.That(Code(session, 0), Is.EqualTo(ReportedLunsDataChanged));
        Assert.That(Reported(session), Is.EqualTo(new[] { 0 }));
    }

    [Test]
    public void Who_may_not_write_any_more_does_not()
    {
        const int writeProtected = 0x072700;
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")));
        using Initiator session = Login(target, A);
        target.Server.Reload(Options(Spec(A, "0=ram:1MiB") with { Initiators = [new InitiatorSpec(Host) { ReadOnly = true }] }));
        ScsiResult result = session.Execute(Cdb.Write10(0, 0, 1, Cdb.Buffer(512)));
        Assert.That(result.Sense[2] << 16 | result.Sense[12] << 8 | result.Sense[13], Is.EqualTo(writeProtected));
    }

    [Test]
    public void Secrets_change()
    {
        var first = new Authentication([new ChapAccount("a", new byte[12])]);
        var second = new Authentication([new ChapAccount("b", new byte[13])]);
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB") with { Authentication = first }, Spec(B)) with { DiscoveryAuthentication = second });

        Assert.That((target.Server.AuthenticationFor(A), target.Server.AuthenticationFor(B), target.Server.AuthenticationFor(null)), Is.EqualTo((first, Authentication.None, second)));
        target.Server.Reload(Options(Spec(A, "0=ram:1MiB") with { Authentication = second }, Spec(B)));
        Assert.That((target.Server.AuthenticationFor(A), target.Server.AuthenticationFor(null)), Is.EqualTo((second, Authentication.None)));
    }

    [Test]
    public void What_is_wrong_changes_nothing()
    {
        using var scratch = new Scratch();
        TargetSpec was = Spec(A, "0=ram:1MiB");
        using var target = new TestTarget(Options(was));
        using Initiator session = Login(target, A);
        string made = scratch.File("made");
        (TargetOptions Options, string Says)[] wrong =
        [
            (Options(Spec(A, "0=ram:2MiB")), "LUN 0 is in use as it was"),
            (Options(Spec(A, "0=ram:1MiB,ro")), "LUN 0 is in use as it was"),
            (Options(was, Spec(B, $"0=file:{made},size=1MiB", $"1=file:{scratch.File("missing")}")), "there is no file"),
            (Options(was, Spec(B, $"0=file:{made},size=1MiB"), Spec(B)), "given twice"),
            (Options(was) with { Portals = [new IPEndPoint(IPAddress.Loopback, 1)] }, "portals and their groups cannot change"),
            (Options(was) with { PortalGroups = [new PortalGroup(2, [Loopback])] }, "portals and their groups cannot change"),
        ];

        Assert.Multiple(() =>
        {
            foreach ((TargetOptions options, string says) in wrong)
                Assert.That(() => target.Server.Reload(options), Throws.Exception.With.Message.Contains(says));
            Assert.That(target.Server.Description, Is.EqualTo(A));
            Assert.That(Code(session, 0), Is.Zero);
            Assert.That(() => File.Open(made, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose(), Throws.Nothing, "what was opened for nothing is closed");
        });
    }

    [Test]
    public void A_session_works_on_while_units_come_and_go()
    {
        using var scratch = new Scratch();
        TargetSpec Disk(params string[] more) => Spec(A, [$"0=file:{scratch.File("disk")},size=4MiB", .. more]);
        using var target = new TestTarget(Options(Disk()));
        using Initiator session = Login(target, A);
        using var end = new CancellationTokenSource();
        int rounds = 0;
        Task work = Task.Run(() =>
        {
            ArraySegment<byte> sent = Cdb.Buffer(65536);
            ArraySegment<byte> seen = Cdb.Buffer(65536);
            for (; !end.IsCancellationRequested; Interlocked.Increment(ref rounds))
            {
                new Random(rounds).NextBytes(sent);
                uint lba = (uint)(rounds % 60 * 128);
                Do(session, Cdb.Write10(0, lba, 128, sent));
                Do(session, Cdb.Read10(0, lba, 128, seen));
                Assert.That(seen.AsSpan().SequenceEqual(sent), $"round {rounds}");
                session.Execute(Cdb.Write10(1, lba % 1024, 128, sent)); // there, on its way out, or gone
            }
        });

        for (int i = 0; i < 40; i++)
        {
            if (i % 10 == 0) AwaitRound();
            target.Server.Reload(Options(Disk($"1=file:{scratch.File("guest")},size=1MiB")));
            target.Server.Reload(Options(Disk()));
        }
        end.Cancel();
        work.Wait();

        Assert.That(session.LogoutRequested, Is.False);

        void AwaitRound()
        {
            int before = Volatile.Read(ref rounds);
            Assert.That(SpinWait.SpinUntil(() => Volatile.Read(ref rounds) > before || work.IsCompleted, TimeSpan.FromSeconds(60)), "it works");
        }
    }

    [Test]
    public void A_login_that_a_reload_overtakes_is_refused()
    {
        using var target = new TestTarget(Options(Spec(A, "0=ram:1MiB")));
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Names(A), 0x81));
        Assert.That(Status(peer).Status, Is.Zero);

        target.Server.Reload(Options(Spec(B, "0=ram:1MiB")));

        peer.Send(RawPeer.LoginRequest("", 0x87));
        Assert.That(Status(peer).Status, Is.EqualTo(0x0204));
        peer.ExpectClosed();
    }

    // Sense key, code and qualifier of TEST UNIT READY; 0 for GOOD.
    private static int Code(Initiator session, int lun)
    {
        ScsiResult result = session.Execute(Cdb.TestUnitReady(lun));
        return result.Status == ScsiStatus.Good ? 0 : (result.Sense[2] & 15) << 16 | result.Sense[12] << 8 | result.Sense[13];
    }

    private static void Do(Initiator session, ScsiRequest request)
    {
        ScsiResult result;
        do result = session.Execute(request);
        while (result.Status == ScsiStatus.CheckCondition && (result.Sense[2] & 15) == 6);
        Assert.That(result.Status, Is.EqualTo(ScsiStatus.Good));
    }

    // Another program's business: the runtime itself respects the target's lock.
    private static void Grow(string path, long length) =>
        Client.RunWell("truncate", "-s", length.ToString(System.Globalization.CultureInfo.InvariantCulture), path);
}
