using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Bench.D;

/// <summary>How many events a second D programs take on one core, and what an event allocates: <c>iscsitop-d [seconds [program]]</c>.</summary>
internal static class Program
{
    private const int Connections = 64;

    private static readonly (string Name, string Text)[] s_programs =
    [
        ("nothing", "iscsi*::: /0/ { }"),
        ("who", "iscsi*:::{ @[args[0]->ci_remote, probename] = count(); }"),
        ("latency", "scsi-command { s[args[1]->ii_itt, args[0]->ci_remote] = timestamp; } scsi-response /s[args[1]->ii_itt, args[0]->ci_remote]/ "
            + "{ @ = quantize(timestamp - s[args[1]->ii_itt, args[0]->ci_remote]); s[args[1]->ii_itt, args[0]->ci_remote] = 0; }"),
        ("snoop", "iscsi*:::{ printf(\"%d %s %s %d %d\\n\", timestamp, args[0]->ci_remote, probename, args[1]->ii_lun, args[1]->ii_datalen); }"),
        ("strings", "scsi-command { @[strjoin(args[1]->ii_target, lltostr(args[1]->ii_lun))] = avg(args[2]->ic_cdb[0]); }"),
    ];

    private static void Main(string[] arguments)
    {
        double seconds = arguments.Length > 0 ? double.Parse(arguments[0], CultureInfo.InvariantCulture) : 2;
        Console.WriteLine($"{"program",-10} {"M events/s",10} {"bytes/event",11}");
        foreach ((string name, string text) in arguments.Length > 1 ? [("given", arguments[1])] : s_programs) Measure(name, text, seconds);
    }

    private static void Measure(string name, string text, double seconds)
    {
        var catalog = new ProbeCatalog();
        catalog.AddEngine(1);
        var output = new OutputBuffer();
        var session = new DSession(DProgram.Compile([new DSource { Text = text }], new DOptions { Quiet = true }, catalog), output);
        ProbeEvent[] events = Compose();
        ConnectionInfo[] connections = [.. Enumerable.Range(0, Connections).Select(i =>
            new ConnectionInfo((uint)i, "192.0.2.1:3260", $"192.0.2.{i + 2}:4000", "iqn.2026-11.example:t", "iqn.2026-11.example:i"))];
        var engine = new EngineStatus();
        session.Begin(0, 0);
        long now = 0;
        for (int i = 0; i < 20; i++) Round();
        // Of processor time: what else the machine does must not count.
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long allocated = GC.GetAllocatedBytesForCurrentThread(), rounds = 0, began = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; rounds++) Round();
        double took = (Environment.CpuUsage.TotalTime - before).TotalSeconds, count = (double)rounds * events.Length;
        Console.WriteLine($"{name,-10} {count / took / 1e6,10:f2} {(GC.GetAllocatedBytesForCurrentThread() - allocated) / count,11:f3}");

        void Round()
        {
            foreach (ref ProbeEvent e in events.AsSpan())
            {
                e.Time = now += 700;
                ConnectionInfo connection = connections[e.Connection];
                var context = new EventContext(connection, connection.Target, connection.Initiator, e.Time, engine);
                session.OnEvent(1, in e, in context);
                if (output.Length > 1 << 16) output.Clear();
            }
        }
    }

    // Commands and their responses, 32 outstanding, in turn on all connections.
    private static ProbeEvent[] Compose()
    {
        const int outstanding = 32;
        var events = new List<ProbeEvent>();
        for (uint first = 0; first < 4096; first += outstanding)
        {
            for (uint i = 0; i < outstanding; i++) events.Add(Of(Opcode.ScsiCommand, first + i));
            for (uint i = 0; i < outstanding; i++) events.Add(Of(Opcode.ScsiResponse, first + i));
        }
        return [.. events];
    }

    private static ProbeEvent Of(Opcode opcode, uint itt)
    {
        ProbeEvent e = default;
        e.Probe = Pdu.Row(opcode).Probe;
        e.Connection = itt % Connections;
        e.LunNumber = itt % 4;
        Span<byte> header = e.Header;
        (header[0], header[1], header[32]) = ((byte)opcode, 0x80, 0x28);
        BinaryPrimitives.WriteUInt32BigEndian(header[16..], itt);
        return e;
    }
}
