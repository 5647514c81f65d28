using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Pipeline;

/// <summary>What a capture tells, from its bytes to lines and sessions, as the commands make it.</summary>
internal sealed class Told
{
    /// <summary>PDUs and bytes of data by opcode.</summary>
    public SortedDictionary<byte, (long Pdus, long Bytes)> Pdus { get; } = [];

    /// <summary>Commands by LUN.</summary>
    public SortedDictionary<ulong, long> Commands { get; } = [];

    /// <summary>A line for each event, without its time.</summary>
    public List<string> Events { get; } = [];

    /// <summary>Each name that an event had.</summary>
    public HashSet<string> Names { get; } = [];

    /// <summary>What it said of connections at last.</summary>
    public Dictionary<uint, ConnectionDelta> Connections { get; } = [];

    /// <summary>The lines of <c>snoop</c>, bytes.</summary>
    public long LineBytes { get; private set; }

    public long Completed { get; private set; }

    public Coverage Coverage { get; private set; }

    public string Problem { get; private set; } = "";

    /// <summary>Reads a capture.</summary>
    /// <exception cref="CaptureFormatException">It is none.</exception>
    public static Told By(byte[] capture, WireOptions? options = null, bool events = true) =>
        By(CaptureFile.OpenStream(new MemoryStream(capture), "capture"), options, events);

    /// <summary>Reads packets.</summary>
    public static Told By(PacketSource source, WireOptions? options = null, bool events = true)
    {
        var told = new Told();
        var lines = new MemoryStream();
        var sink = new LineSink(lines, null, () => { });
        Iscsitop.Engine.EventHandler pdus = Snoop.Pdus(new SnoopOptions { Pdus = true, Output = OutputFormat.Ndjson }, sink);
        Iscsitop.Engine.CommandHandler commands = Snoop.Commands(new SnoopOptions(), sink);
        var capture = new Capture(source, options ?? new WireOptions());
        using var feed = new FileFeed(capture, new Wants(ProbeSet.All, TimeSpan.FromSeconds(1), Commands: true), false,
            (in e, in context) =>
            {
                told.Take(e, context, events);
                pdus(e, context);
            },
            (in c, in context) =>
            {
                told.Completed++;
                commands(c, context);
            });
        while (!feed.Ended)
        {
            feed.WaitForSnapshot(TimeSpan.Zero, CancellationToken.None);
            foreach (ConnectionDelta connection in feed.Take().Connections) told.Connections[connection.Connection.Id] = connection;
        }
        sink.Flush();
        Assert.That(sink.Failure, Is.Null);
        told.LineBytes = lines.Length;
        told.Coverage = capture.Coverage;
        told.Problem = feed.Problem;
        return told;
    }

    /// <summary>The names of targets and initiators, and why each connection ended.</summary>
    public IEnumerable<string> Ends => Connections.Values.Select(c => $"{c.Connection.Initiator} {c.Connection.Target} {c.Connection.Cid} {c.Connection.End}");

    /// <summary>PDUs by opcode for people.</summary>
    public static string Text(SortedDictionary<byte, (long Pdus, long Bytes)> pdus)
    {
        var text = new StringBuilder();
        foreach ((byte opcode, (long count, long bytes)) in pdus) text.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"0x{opcode:x2} {count} {bytes}");
        return text.ToString();
    }

    private void Take(in ProbeEvent e, in EventContext context, bool keep)
    {
        Names.Add(context.Target);
        Names.Add(context.Initiator);
        if (e.Probe is Probe.XferStart or Probe.XferDone) return;
        byte opcode = (byte)(e.Header[0] & 0x3f);
        (long pdus, long bytes) = Pdus.GetValueOrDefault(opcode);
        Pdus[opcode] = (pdus + 1, bytes + e.Bhs.DataLength);
        if (e.Probe == Probe.ScsiCommand) Commands[e.LunNumber] = Commands.GetValueOrDefault(e.LunNumber) + 1;
        if (keep) Events.Add($"{e.Probe} {context.Target} {context.Initiator} {e.LunNumber} {Convert.ToHexString(e.Header)} {Convert.ToHexString(e.TailSpan)}");
    }
}
