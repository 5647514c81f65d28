using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Engine;
using CommandHandler = Iscsitop.Engine.CommandHandler;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class SnoopTests
{
    private static readonly EventContext s_context =
        new(Samples.Connection, Samples.Connection.Target, Samples.Connection.Initiator, Samples.Time, Samples.Engine);

    [Test]
    public void A_completed_command_as_a_line()
    {
        string text = Commands(new SnoopOptions { Lines = new LineChoice(false, false, false, Samples.Time - 1_500_000_000) }, Read());
        Assert.That(text, Is.EqualTo(
            """
                 TIME(s) INITIATOR                    PROBE        T:L                              ITT OP                  LBA   LEN   BYTES  LAT(ms) R2T STATUS
                1.500000 iqn.1994-05.com.example:host scsi-command iqn.2026-01.com.example:a:3 00000010 READ(10)       16909060     8    4096    0.250   0 GOOD

            """));
    }

    [Test]
    public void The_second_line_stands_under_the_first_however_long_the_names()
    {
        string[] lines = Commands(new SnoopOptions { Lines = new LineChoice(true, false, true, Samples.Time) }, Read(), Read()).Split('\n');
        Assert.That(lines[1], Is.EqualTo(lines[2]));
        Assert.That(lines[1], Does.Contain(" 28000102030400000800000000000000 "));
    }

    [Test]
    public void The_header_comes_at_once_and_again_when_a_column_grows()
    {
        using var output = new MemoryStream();
        var sink = new LineSink(output, null, () => { });
        CommandHandler handler = Snoop.Commands(new SnoopOptions(), sink);
        sink.Flush();
        sink.Flush();
        handler(Read(), s_context);
        handler(Read(), s_context with { Initiator = Samples.LongName });
        sink.Flush();
        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n');
        Assert.That(string.Concat(lines.Select(l => l.Contains("TIME(s)", StringComparison.Ordinal) ? 'H' : 'l')), Is.EqualTo("HHlHll"));
        Assert.That(lines[3].IndexOf("PROBE", StringComparison.Ordinal), Is.EqualTo(lines[4].IndexOf("scsi-command", StringComparison.Ordinal)));
    }

    [Test]
    public void Why_an_engine_ended_is_said_once()
    {
        string directory = Directory.CreateTempSubdirectory("its").FullName;
        try
        {
            using Socket listener = Pipe.Listen(directory, 11);
            listener.Blocking = true;
            using Feed feed = Feed.Open(new Wants(0, TimeSpan.Zero), [directory]);
            using (Socket engine = listener.Accept())
            {
                var writer = new FrameWriter();
                writer.Write(new Hello(11, ProbeSet.All, 0, "eth0", ProbeEngine.Version));
                engine.Send(writer.Frame);
                writer.Write(EndReason.SourceFailed, "eth0 went down");
                engine.Send(writer.Frame);
                Rig.Until(() => feed.AnyGone, "its end is heard");
            }
            using var error = new StringWriter();
            var streams = new Streams(Stream.Null, error, false, false);
            Assert.That(Snoop.Gone(feed, streams).Select(e => e.Pid), Is.EqualTo((int[])[11]));
            Assert.That(error.ToString().TrimEnd(), Is.EqualTo("iscsitop: engine 11 has ended: eth0 went down"));
            Assert.That(feed.AnyGone, Is.False);
        }
        finally
        {
            Directory.Delete(directory, true);
        }
    }

    [Test]
    public void Seconds_are_counted_from_the_first_line()
    {
        string[] lines = Commands(new SnoopOptions(), Read(), Read()).Split('\n');
        Assert.That(lines[1], Does.StartWith("    0.000000 "));
    }

    [Test]
    public void The_time_of_day()
    {
        string text = Commands(new SnoopOptions { Lines = new LineChoice(false, true, false, 0) }, Read());
        Assert.That(text, Does.Match(@"(?m)^\d\d:\d\d:\d\d\.1234567 +iqn"));
    }

    [Test]
    public void A_completed_command_as_a_record()
    {
        string text = Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, Read(), Read());
        Assert.That(text.Split('\n')[0], Is.EqualTo(
            """{"schema":1,"time":1795420800.123456789,"initiator":"iqn.1994-05.com.example:host","remote":"192.0.2.7:50000","target":"iqn.2026-01.com.example:a","local":"127.0.0.1:3260","tsih":3,"cid":0,"lun":3,"itt":16,"op":"READ(10)","opcode":"0x28","lba":16909060,"blocks":8,"descriptors":null,"bytes":4096,"lat_us":250.001,"svc_us":null,"r2t_us":null,"host_us":null,"xfer_us":0,"first_byte_us":null,"r2ts":0,"status":"GOOD","sense":null,"residual":0}"""));
        Assert.That(text.Split('\n')[1], Does.StartWith("{\"time\":"));
    }

    [TestCase(true, "2097152", "3")]
    [TestCase(false, "-", "-")]
    public void An_unmap_has_the_blocks_and_descriptors_of_its_list(bool seen, string blocks, string descriptors)
    {
        CompletedCommand c = Read();
        Convert.FromHexString("42000000000000003800").CopyTo((Span<byte>)c.Cdb);
        (c.ReadBytes, c.CdbLength, c.Unmapped) = (0, 10, seen ? new UnmapSum(2_097_152, 3) : default);
        Assert.That(Commands(new SnoopOptions { Lines = new LineChoice(true, false, false, 0) }, c), Does.Match($@" UNMAP +- +{blocks} +0 .* 0 +{descriptors} +- +- +- +- +0\.000 GOOD\n$"));
        using JsonDocument record = JsonDocument.Parse(Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, c));
        Assert.That(record.RootElement.GetProperty("blocks").ToString(), Is.EqualTo(seen ? blocks : ""));
        Assert.That(record.RootElement.GetProperty("descriptors").ToString(), Is.EqualTo(seen ? descriptors : ""));
    }

    [Test]
    public void What_is_not_known_of_a_command_is_null()
    {
        CompletedCommand c = Read();
        c.CdbLength = 0;
        c.Lun = Lun.Unknown;
        c.Response = 255;
        c.Latency = -1;
        var sink = new MemoryStream();
        var lines = new LineSink(sink, null, () => { });
        Snoop.Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, lines)(c, new EventContext(new ConnectionInfo(1, "", ""), "", "", 0, Samples.Engine));
        lines.Flush();
        using JsonDocument record = JsonDocument.Parse(sink.ToArray());
        foreach (string field in new[] { "initiator", "remote", "target", "local", "tsih", "cid", "lun", "op", "opcode", "lba", "blocks", "descriptors", "lat_us", "status", "sense" })
            Assert.That(record.RootElement.GetProperty(field).ValueKind, Is.EqualTo(JsonValueKind.Null), field);
    }

    [TestCase("700005000000000a00000000240000000000", "05/24/00")]
    [TestCase("7206290000000000", "06/29/00")]
    [TestCase("7000", null)]
    [TestCase("", null)]
    public void Sense_in_both_formats(string hex, string? expected)
    {
        CompletedCommand c = Read();
        byte[] sense = Convert.FromHexString(hex);
        sense.CopyTo((Span<byte>)c.Sense);
        c.SenseLength = (byte)sense.Length;
        c.Status = ScsiStatus.CheckCondition;
        using JsonDocument record = JsonDocument.Parse(Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, c));
        Assert.That(record.RootElement.GetProperty("sense").GetString(), Is.EqualTo(expected));
        Assert.That(Commands(new SnoopOptions(), c).TrimEnd(), Does.EndWith(expected is null ? "CHECK CONDITION" : "CHECK CONDITION " + expected));
    }

    [TestCase("read", true)]
    [TestCase("READ*", true)]
    [TestCase("read(10)", true)]
    [TestCase("0x28", true)]
    [TestCase("write,0x28", true)]
    [TestCase("write", false)]
    [TestCase("other", false)]
    [TestCase("0x2a,INQUIRY", false)]
    public void Operations_by_name_number_and_kind(string list, bool kept) =>
        Assert.That(Kept(new SnoopOptions { Operations = new OperationFilter(Values.Items([list])) }), Is.EqualTo(kept));

    [TestCase("250us", true)]
    [TestCase("251us", false)]
    [TestCase("1s:read=0.25ms", true)]
    [TestCase("1s:write=1us", false)]
    [TestCase("0us", true)]
    public void Only_slow_ones(string limits, bool kept) => Assert.That(Kept(new SnoopOptions { Slow = SlowLimits.Parse(limits) }), Is.EqualTo(kept));

    [TestCase(3UL, "iqn*", "*host", true)]
    [TestCase(3UL, "iqn*", "192.0.2.7", true)]
    [TestCase(3UL, "iqn*", "192.0.2.*", true)]
    [TestCase(4UL, "iqn*", "*host", false)]
    [TestCase(3UL, "eui*", "*host", false)]
    [TestCase(3UL, "iqn*", "192.0.2.8", false)]
    public void By_lun_target_and_initiator(ulong lun, string target, string initiator, bool kept) =>
        Assert.That(Kept(new SnoopOptions { Filter = new RowFilter([lun], [target], [initiator]) }), Is.EqualTo(kept));

    [Test]
    public void It_ends_after_so_many_lines_and_takes_no_more()
    {
        int ended = 0;
        using var output = new MemoryStream();
        var sink = new LineSink(output, 2, () => ended++);
        CommandHandler handler = Snoop.Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, sink);
        for (int i = 0; i < 4; i++) handler(Read(), s_context);
        sink.Flush();
        Assert.That((sink.Lines, ended, Encoding.UTF8.GetString(output.ToArray()).Count(c => c == '\n')), Is.EqualTo((2, 1, 2)));
    }

    [Test]
    public void A_reader_that_went_away_ends_it()
    {
        int ended = 0;
        using var output = new BrokenPipe();
        var sink = new LineSink(output, null, () => ended++);
        CommandHandler handler = Snoop.Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, sink);
        handler(Read(), s_context);
        sink.Flush();
        handler(Read(), s_context);
        sink.Flush();
        Assert.That(ended, Is.EqualTo(1));
        Assert.That(sink.Failure, Is.TypeOf<IOException>());
    }

    [Test]
    public void A_probe_firing_as_a_record_has_the_fields_its_pdu_has()
    {
        Assert.That(Pdus(new SnoopOptions { Output = OutputFormat.Ndjson }, Command()), Is.EqualTo(
            """{"schema":1,"time":1795420800.123456789,"probe":"scsi-command","remote":"192.0.2.7:50000","local":"127.0.0.1:3260","initiator":"iqn.1994-05.com.example:host","target":"iqn.2026-01.com.example:a","lun":3,"itt":16,"ttt":null,"cmdsn":7,"statsn":9,"datasn":null,"datalen":0,"flags":193,"cdb":"28000102030400000800000000000000"}""" + "\n"));
    }

    [Test]
    public void A_probe_firing_as_a_line()
    {
        var options = new SnoopOptions { Pdus = true, Lines = new LineChoice(true, false, true, Samples.Time) };
        Assert.That(Pdus(options, Command()).Split('\n')[1], Does.EndWith(
            " scsi-command    iqn.2026-01.com.example:a:3 00000010       0    c1        -          7          9          - 28000102030400000800000000000000 READ(10)"));
    }

    [Test]
    public void A_derived_probe_has_the_fields_of_its_transfer()
    {
        ProbeEvent e = default;
        e.Probe = Probe.XferDone;
        ProbeEvent.XferView xfer = e.Xfer;
        xfer.Itt = 5;
        xfer.Length = 8192;
        using JsonDocument record = JsonDocument.Parse(Pdus(new SnoopOptions { Output = OutputFormat.Ndjson }, e));
        Assert.That(record.RootElement.GetProperty("probe").GetString(), Is.EqualTo("xfer-done"));
        Assert.That(record.RootElement.GetProperty("itt").GetUInt32(), Is.EqualTo(5));
        Assert.That(record.RootElement.GetProperty("datalen").GetUInt32(), Is.EqualTo(8192));
        Assert.That(record.RootElement.GetProperty("cmdsn").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void Nothing_is_allocated_for_a_line_or_a_record()
    {
        foreach (bool records in new[] { false, true })
        {
            var sink = new LineSink(Stream.Null, null, () => { });
            CommandHandler handler = Snoop.Commands(new SnoopOptions { Output = records ? OutputFormat.Ndjson : OutputFormat.Table, Operations = new OperationFilter(["read"]) }, sink);
            CompletedCommand c = Read();
            Assert.That(Allocated.By(() => handler(c, s_context)), Is.Zero, records ? "records" : "lines");
        }
    }

    private static bool Kept(SnoopOptions options) => Commands(options with { Output = OutputFormat.Ndjson }, Read()).Length > 0;

    private static string Commands(SnoopOptions options, params CompletedCommand[] commands)
    {
        using var output = new MemoryStream();
        var sink = new LineSink(output, null, () => { });
        CommandHandler handler = Snoop.Commands(options, sink);
        foreach (CompletedCommand c in commands) handler(c, s_context);
        sink.Flush();
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static string Pdus(SnoopOptions options, ProbeEvent e)
    {
        using var output = new MemoryStream();
        var sink = new LineSink(output, null, () => { });
        Snoop.Pdus(options, sink)(e, s_context);
        sink.Flush();
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static CompletedCommand Read()
    {
        CompletedCommand c = default;
        c.Lun = 3;
        c.Itt = 16;
        c.Latency = 250_001;
        c.Service = c.R2tWait = c.HostData = c.FirstByte = -1;
        c.ReadBytes = 4096;
        c.CdbLength = 16;
        Convert.FromHexString("28000102030400000800000000000000").CopyTo((Span<byte>)c.Cdb);
        return c;
    }

    private static ProbeEvent Command()
    {
        ProbeEvent e = default;
        e.Probe = Probe.ScsiCommand;
        e.LunNumber = 3;
        Convert.FromHexString("01c100000000000000030000000000000000001000001000000000070000000928000102030400000800000000000000").CopyTo((Span<byte>)e.Header);
        return e;
    }
}
