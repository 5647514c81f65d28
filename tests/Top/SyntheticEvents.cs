using Iscsitop.Cli;
using Iscsitop.Cli.Top;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.Top;

/// <summary>A second of events that never were: the same for every program, so that its view can be written down.</summary>
internal sealed class SyntheticEvents(Glyphs glyphs, Origin? origin = null)
{
    public const long Second = 1_000_000_000;
    private const int Commands = 600;

    private static readonly EngineStatus s_engine = new() { Pid = 4711 };

    private static readonly ConnectionInfo[] s_connections =
    [
        new(1, "192.0.2.1:3260", "192.0.2.10:4000", SyntheticLoad.Fast, SyntheticLoad.Esx1, "400000370000", 1),
        new(2, "192.0.2.1:3260", "192.0.2.11:4000", SyntheticLoad.Fast, SyntheticLoad.Esx2, "400000370001", 2),
        new(3, "[2001:db8::1]:3260", "[2001:db8::7]:4000", SyntheticLoad.Archive, SyntheticLoad.Backup, "400000370002", 3),
    ];

    /// <summary>What was asked for of the engines.</summary>
    public List<uint> Wanted { get; } = [];

    /// <summary>Runs a program over the first second.</summary>
    public Reply Ask(string line, string name, out Asked? asked)
    {
        var asker = new Asker(origin ?? Origin.Engines, () => [4711], glyphs, (wants, _) =>
        {
            Wanted.Add(wants.Events);
            return null;
        })
        {
            Now = () => (0, 0),
        };
        Reply reply = asker.Ask(line, name, out asked);
        if (asked is not null) Fire(asked, 0);
        return reply;
    }

    /// <summary>Lets a second happen, and looks.</summary>
    public static void Fire(Asked asked, int second)
    {
        for (uint i = 0; i < Commands; i++)
        {
            ConnectionInfo connection = s_connections[i % 7 < 4 ? 0 : i % 7 < 6 ? 1 : 2];
            long begin = 1 + second * Second + i * (Second / Commands), took = 100_000L + i * 7919 % 1_000_000 * (i % 50 == 0 ? 20 : 1);
            byte opcode = i % 3 == 0 ? Events.Write10 : Events.Read10;
            Send(asked, Events.Command(begin, connection.Id, i % 4, i, opcode, 4096u << (int)(i % 5)), connection);
            Send(asked, Events.Response(Math.Min(begin + took, (second + 1) * Second - 1), connection.Id, i % 4, i), connection);
        }
        asked.Look((second + 1) * Second, (second + 1) * Second);
    }

    private static void Send(Asked asked, ProbeEvent e, ConnectionInfo connection) =>
        asked.Watch.OnEvent(in e, new EventContext(connection, connection.Target, connection.Initiator, e.Time, s_engine));
}
