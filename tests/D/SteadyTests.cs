using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.D;

/// <summary>In steady state an event allocates nothing.</summary>
[TestFixture]
public sealed class SteadyTests
{
    [TestCase("iscsi*:::{ @[args[0]->ci_remote, probename] = count(); }")]
    [TestCase("scsi-command { s[args[1]->ii_itt, args[0]->ci_remote] = timestamp; } scsi-response /s[args[1]->ii_itt, args[0]->ci_remote]/ { @ = quantize(timestamp - s[args[1]->ii_itt, args[0]->ci_remote]); s[args[1]->ii_itt, args[0]->ci_remote] = 0; }")]
    [TestCase("scsi-command { self->t = timestamp; this->n = strjoin(args[1]->ii_target, lltostr(args[1]->ii_lun)); n[this->n] = this->n; @[n[this->n]] = avg(args[2]->ic_cdb[0]); n[this->n] = 0; }")]
    [TestCase("scsi-command { printf(\"%-16s %6d %x %s\", args[0]->ci_remote, args[1]->ii_lun, *args[2]->ic_cdb, substr(args[1]->ii_initiator, 4)); }")]
    public void Nothing_is_allocated(string program)
    {
        var catalog = new ProbeCatalog();
        catalog.AddEngine(7);
        var output = new OutputBuffer();
        var session = new DSession(DProgram.Compile([new DSource { Text = program }], new DOptions { Quiet = true }, catalog), output);
        session.Begin(0, 0);
        ConnectionInfo[] connections = [.. Enumerable.Range(1, 8).Select(i => Running.Connection with { Id = (uint)i, Remote = $"192.0.2.{i}:4000" })];
        var engine = new EngineStatus();
        Round(20_000);
        Assert.That(Allocated.By(() => Round(2_000)), Is.Zero);

        void Round(int commands)
        {
            for (uint i = 0; i < commands; i++)
            {
                ConnectionInfo connection = connections[i & 7];
                var context = new EventContext(connection, connection.Target, connection.Initiator, i, engine);
                ProbeEvent command = Events.Command(i * 1000, connection.Id, 1, i, Events.Read10, 4096);
                session.OnEvent(7, in command, in context);
                ProbeEvent response = Events.Response((i * 1000) + 700 + (i & 255), connection.Id, 1, i);
                session.OnEvent(7, in response, in context);
                output.Clear();
            }
        }
    }
}
