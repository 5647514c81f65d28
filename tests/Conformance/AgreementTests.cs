using System.Text.Json;
using System.Text.RegularExpressions;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// One run of real clients under four observers: the reports, the command lines, the probe events and a packet capture.
/// They must agree to the command and to the byte, with each other and with what the clients were told to do.
/// </summary>
[TestFixture]
public sealed partial class AgreementTests
{
    private const int Marker = 7;
    private const int Sessions = 4;

    // All of it fits the capture's buffer, however late tcpdump comes to read it.
    private const int Writes = 1000, WriteSize = 4096, Reads = 500, ReadSize = 16384;

    private Scratch _scratch = null!;
    private TargetProcess _target = null!;
    private Capture? _capture;
    private JsonElement _units;
    private readonly JsonElement[] _operations = new JsonElement[2];
    private Output _commandOutput = null!;
    private Output _eventOutput = null!;
    private string[] _commands = [];
    private string[] _events = [];

    [OneTimeSetUp]
    public void WatchClients()
    {
        Client.Need("iscsi-inq");
        Client.NeedQemu("qemu-img", "qemu-io");
        _scratch = new Scratch();
        _target = TargetProcess.Start("0=ram:64MiB", $"1=file:{_scratch.File("lun1")},size=64MiB", "2=ram:8MiB,ro", $"{Marker}=ram:8MiB");
        using Subscriber units = _target.Attach("-b", "-o", "json", "0.2");
        using Subscriber operations0 = _target.Attach("-b", "-o", "json", "--view", "opcode", "--lun", "0", "0.2");
        using Subscriber operations1 = _target.Attach("-b", "-o", "json", "--view", "opcode", "--lun", "1", "0.2");
        using Subscriber commands = _target.Attach("snoop", "-o", "ndjson");
        using Subscriber events = _target.Attach("snoop", "--pdu", "-o", "ndjson");
        Subscriber[] tops = [units, operations0, operations1];
        foreach (Subscriber top in tops) AwaitReports(top, 1);
        AwaitMarker(commands, events);

        int firstEvent = events.Out.Lines.Length;
        int logouts = Logout().Count(events.Out.Text);
        if (Capture.Obstacle is null) _capture = new Capture(_target.Port, _scratch.File("run.pcap"));
        DriveClients();
        Assert.That(events.Out.WaitFor(t => Logout().Count(t) == logouts + Sessions, Client.Patience), "the clients' logouts were not seen");
        _events = [.. events.Out.Lines[firstEvent..]];
        _capture?.StopAfter(Sessions);

        AwaitMarker(commands, events);
        foreach (Subscriber top in tops) AwaitReports(top, Report().Count(top.Out.Text) + 2);
        _units = Stop(units);
        _operations[0] = Stop(operations0);
        _operations[1] = Stop(operations1);
        _commandOutput = commands.Stop();
        _eventOutput = events.Stop();
        _commands = [.. _commandOutput.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !OfMarker().IsMatch(l))];
    }

    [OneTimeTearDown]
    public void CleanUp()
    {
        _capture?.Dispose();
        _target?.Dispose();
        _scratch?.Dispose();
    }

    [Test]
    public void Commands_are_those_the_clients_were_told_to_send()
    {
        Tally tally = Tally.OfUnits(_units);

        Assert.Multiple(() =>
        {
            Assert.That(tally["lun 0 writes"], Is.EqualTo(new Count(Writes, (long)Writes * WriteSize)));
            Assert.That(tally["lun 0 reads"], Is.EqualTo(new Count(Reads, (long)Reads * ReadSize)));
            Assert.That(tally["lun 1 writes"], Is.EqualTo(new Count(3, 3 << 20)));
            Assert.That(tally["lun 1 reads"], Is.EqualTo(new Count(2, 512 + 262144)));
            Assert.That(tally["lun 2 all"].Errors, Is.Positive);
        });
    }

    [Test]
    public void Reports_of_luns_equal_the_command_lines()
    {
        var lines = new Tally();
        foreach (JsonElement line in Tally.Json(_commands))
        {
            string lun = $"lun {line.GetProperty("lun")}", op = line.GetProperty("op").GetString()!;
            long bytes = line.GetProperty("bytes").GetInt64();
            bool good = line.GetProperty("status").GetString() is "GOOD" or "CONDITION MET";
            lines.Add($"{lun} all", new Count(1, 0, good ? 0 : 1));
            if (op.StartsWith("READ(", StringComparison.Ordinal)) lines.Add($"{lun} reads", new Count(1, bytes));
            if (op.StartsWith("WRITE(", StringComparison.Ordinal)) lines.Add($"{lun} writes", new Count(1, bytes));
        }
        Tally reports = Tally.OfUnits(_units);
        foreach (string key in reports.Keys.Where(k => k.StartsWith($"lun {Marker} ", StringComparison.Ordinal)).ToList()) reports.Remove(key);

        Assert.That(reports.ToString(), Is.EqualTo(lines.ToString()));
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Reports_of_operations_equal_the_command_lines(int lun)
    {
        IEnumerable<string> lines = _commands.Where(l => l.Contains($"\"lun\":{lun},", StringComparison.Ordinal));

        Assert.That(Tally.OfOperations(_operations[lun], lun).ToString(), Is.EqualTo(Tally.OfCommands(lines).ToString()));
    }

    [Test]
    public void Command_lines_equal_the_scsi_command_events()
    {
        var lines = new Tally();
        foreach ((string key, Count count) in Tally.OfCommands(_commands)) lines.Add(key, new Count(count.Commands, 0));

        Assert.That(lines.ToString(), Is.EqualTo(Tally.OfCommandEvents(_events).ToString()));
    }

    [Test]
    public void Probe_events_equal_the_pdus_of_a_capture()
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        var events = new Tally();
        foreach (JsonElement e in Tally.Json(_events))
        {
            foreach (PduRow row in Pdu.Rows)
                if (row.Probe != Probe.None && row.ProbeName == e.GetProperty("probe").GetString())
                    events.Add($"0x{(int)row.Opcode:x2}", new Count(1, e.GetProperty("datalen").GetInt64()));
        }

        Assert.That(events.ToString(), Is.EqualTo(_capture!.Pdus().ToString()));
    }

    [Test]
    public void Events_decoded_from_packets_equal_the_probes_but_for_time()
    {
        Client.NeedThat(Capture.Obstacle is null, Capture.Obstacle ?? "");
        Output decoded = Client.RunWell(Binary.Path, "snoop", "-r", _scratch.File("run.pcap"), "--port", $"{_target.Port}", "--pdu", "-o", "ndjson");

        string[] packets = decoded.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Multiple(() =>
        {
            Assert.That(decoded.Error, Is.Empty);
            foreach (Direction? direction in new Direction?[] { Direction.ToTarget, Direction.ToInitiator, null })
                foreach ((string remote, string probes) in ByConnection(_events, direction))
                    Assert.That(ByConnection(packets, direction).GetValueOrDefault(remote), Is.EqualTo(probes), $"{remote} {direction}");
            Assert.That(packets, Has.Length.EqualTo(_events.Length));
        });
    }

    // A connection's events of one direction in their order, without their times; those that are derived in any order.
    private static Dictionary<string, string> ByConnection(IEnumerable<string> lines, Direction? direction) => lines
        .Select(l => JsonDocument.Parse(l).RootElement)
        .Where(e => DirectionOf(e.GetProperty("probe").GetString()!) == direction)
        .GroupBy(e => e.GetProperty("remote").GetString()!)
        .ToDictionary(g => g.Key, g =>
        {
            IEnumerable<string> probes = g.Select(e => string.Join(' ', e.EnumerateObject().Where(p => p.Name is not ("time" or "schema")).Select(p => p.Value.GetRawText())));
            return string.Join('\n', direction is null ? probes.Order(StringComparer.Ordinal) : probes);
        });

    private static Direction? DirectionOf(string probe)
    {
        foreach (PduRow row in Pdu.Rows)
            if (row.ProbeName == probe) return row.Direction;
        return null;
    }

    [Test]
    public void Nothing_was_dropped()
    {
        IEnumerable<JsonProperty> drops = _units.EnumerateArray().SelectMany(r => r.GetProperty("engines").EnumerateArray())
            .SelectMany(e => e.EnumerateObject()).Where(p => p.Name.Contains("drop", StringComparison.Ordinal)).ToList();

        Assert.Multiple(() =>
        {
            Assert.That(drops, Is.Not.Empty);
            Assert.That(drops.Select(d => d.Value.GetInt64()), Has.All.Zero);
            Assert.That(_commandOutput.Error + _eventOutput.Error, Does.Not.Contain("drop"));
        });
    }

    [Test]
    public void Subscribers_end_well_at_an_interrupt() =>
        Assert.That((_commandOutput.ExitCode, _eventOutput.ExitCode), Is.EqualTo((0, 0)), _commandOutput.Error + _eventOutput.Error);

    private void DriveClients()
    {
        Parallel.Invoke(
            () => Client.RunWell("qemu-img", Bench(Writes, WriteSize, "-w")),
            () => Client.RunWell("qemu-io", "-f", "raw", "-t", "none", "-c", "write -P 1 0 1M", "-c", "write -P 2 8M 1M", "-c", "write -P 3 1M 1M",
                "-c", "read -P 2 8M 512", "-c", "read -P 3 1M 256k", "-c", "flush", _target.Url(1)));
        Client.RunWell("qemu-img", Bench(Reads, ReadSize));
        Client.Run("qemu-io", "-f", "raw", "-r", "-c", "read 0 4k", _target.Url(2));
    }

    private string[] Bench(int count, int size, params string[] more) =>
        ["bench", "-f", "raw", "-t", "none", "-d", "8", "-c", $"{count}", "-s", $"{size}", .. more, _target.Url(0)];

    // A marker's commands are seen after all that was done before it.
    private void AwaitMarker(Subscriber commands, Subscriber events) => Assert.That(
        Client.Mark(_target.Url(Marker), (initiator, patience) =>
            commands.Out.WaitForLine(patience, initiator + "\"") && events.Out.WaitForLine(patience, "\"probe\":\"logout-response\"", initiator + "\"")),
        $"the subscribers see nothing: {commands.Error.Text}{events.Error.Text}");

    private static void AwaitReports(Subscriber top, int count) =>
        Assert.That(top.Out.WaitFor(t => Report().Count(t) >= count, Client.Patience), $"no report: {top.Out.Text}{top.Error.Text}");

    private static JsonElement Stop(Subscriber top)
    {
        Output output = top.Stop();
        Assert.That(output.ExitCode, Is.Zero, output.Error);
        return JsonDocument.Parse(output.Out).RootElement;
    }

    [GeneratedRegex("\"lun\":7[,}]")]
    private static partial Regex OfMarker();

    [GeneratedRegex("\"probe\":\"logout-response\"")]
    private static partial Regex Logout();

    [GeneratedRegex("\"rows\":")]
    private static partial Regex Report();
}
