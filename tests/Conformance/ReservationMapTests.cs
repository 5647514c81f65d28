using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Server;
using Peer = Iscsitop.Target.Initiator.Initiator;

namespace Iscsitop.Tests.Conformance;

/// <summary>Who has reserved what, as a capture of libiscsi's reservation suites has it, against what the target itself tells.</summary>
[TestFixture]
public sealed class ReservationMapTests
{
    [TestCase("SCSI.ProutReserve.*", "SCSI.ProutClear.*", "SCSI.ProutRegister.*")]
    [TestCase("SCSI.ProutPreempt.*", "SCSI.Reserve6.*")]
    public void Packets_tell_what_the_target_tells(params string[] suites)
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        Client.Need("iscsi-test-cu");
        using var scratch = new Scratch();
        using var target = new TestTarget("0=ram:16MiB");
        string file = scratch.File("run.pcap");
        using var capture = new Capture(target.Portal.Port, file);
        foreach (string suite in suites)
            Client.RunWell("iscsi-test-cu", "--dataloss", "-t", suite, $"iscsi://127.0.0.1:{target.Portal.Port}/{TestTarget.Name}/0");
        using (Peer a = target.Login("a"), b = target.Login("b"))
        {
            Assert.That(a.Prout(6, action: 0xa) + b.Prout(6, action: 0xb) + a.Prout(1, type: 5, key: 0xa), Is.EqualTo("GOODGOODGOOD"));
            a.Logout();
            b.Logout();
        }
        var told = new List<ReservationInfo>();
        target.Server.Provider.TakeReservations(told);
        ReservationInfo own = told.Single();
        string expected = Text((own.Type, own.Holder?.Initiator, own.Holder?.Isid, own.Holder?.Key), own.Registrants.Select(r => (r.Initiator, r.Isid, r.Key)), own.Generation);
        string seen = "";
        SpinWait.SpinUntil(() => (seen = Seen(file, (ushort)target.Portal.Port)) == expected, Client.Patience);
        Assert.That(seen, Is.EqualTo(expected));
    }

    private static string Seen(string file, ushort port)
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = file, Wire = new WireOptions { Ports = [port] } }, new Wants(0, Feed.WholeFile));
        feed.WaitForSnapshot(Client.Patience, default);
        if (feed.Take().Reservations is not [{ } state]) return "nothing";
        return Text((state.Type, state.Holder?.Initiator, state.Holder?.Isid, state.Holder?.Key), state.Registrants.Select(r => (r.Initiator, r.Isid, r.Key)), state.Generation);
    }

    private static string Text((byte, string?, string?, ulong?) held, IEnumerable<(string, string, ulong)> registrants, long generation) =>
        $"{held} generation {generation}: {string.Join(", ", registrants)}";
}
