using System.Globalization;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Pipeline;
using Subscriber = Iscsitop.Tests.Conformance.Subscriber;

namespace Iscsitop.Tests.Cli;

/// <summary>Parquet files, read back by DuckDB.</summary>
[TestFixture]
public sealed class ParquetTests
{
    private const long Second = 1_000_000_000;

    [TestCase("errors.pcap", false)]
    [TestCase("writes.pcapng", false)]
    [TestCase("connections.pcap", false)]
    [TestCase("writes.pcapng", true)]
    [TestCase("tasks.pcap", true)]
    public void A_file_has_what_the_records_of_the_same_capture_have(string capture, bool pdus)
    {
        using var scratch = new Scratch();
        string path = scratch.File("it's.parquet");
        string[] arguments = ["snoop", "-r", Corpus.PathOf(capture), .. pdus ? ["--pdu"] : (string[])[]];
        string[] lines = Run([.. arguments, "-o", "ndjson"]).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Output written = Run([.. arguments, "-o", "parquet", "--into", path]);
        Assert.That(written, Is.EqualTo(new Output(0, "", $"{lines.Length} records in 1 files\n")));
        List<Dictionary<string, object?>> rows = Duck.Rows($"select *, epoch_us(time) as us from {Duck.File(path)}");
        Assert.That(rows, Has.Count.EqualTo(lines.Length));
        Assert.That(lines, Is.Not.Empty);
        for (int i = 0; i < lines.Length; i++)
        {
            using JsonDocument record = JsonDocument.Parse(lines[i]);
            var expected = record.RootElement.EnumerateObject().Where(p => p.Name != "schema").SelectMany(Column).ToDictionary(p => p.Name, p => p.Value);
            Assert.That(rows[i].Where(p => p.Key != "time").ToDictionary(p => p.Key, p => Text(p.Value)), Is.EquivalentTo(expected), lines[i]);
        }
    }

    [Test]
    public void Times_can_be_asked_for_and_types_are_those_that_every_reader_has()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.parquet");
        Write(new ParquetTarget(path), Enumerable.Range(0, 100).Select(i => Samples.Time + i * Second));
        string after = DateTime.UnixEpoch.AddTicks(Samples.Time / 100 + 90 * TimeSpan.TicksPerSecond).ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        Assert.That(Duck.Rows($"select count(*) as n from {Duck.File(path)} where time >= timestamptz '{after}+00'")[0]["n"], Is.EqualTo(10L));
        Assert.That(Duck.Rows($"select name from parquet_schema('{path}') where type = 'INT96' or logical_type like '%NANOS=Nano%'"), Is.Empty);
        Assert.That(Duck.Rows($"select distinct compression as c from parquet_metadata('{path}')").Single()["c"], Is.EqualTo("ZSTD"));
    }

    [Test]
    public void A_directory_that_is_not_there_is_named()
    {
        using var scratch = new Scratch();
        string path = scratch.File("none/a.parquet");
        Assert.That(() => Write(new ParquetTarget(path), [Samples.Time]), Throws.TypeOf<InputException>().With.Message.EqualTo($"{path}: there is no directory {scratch.File("none")}: make it, or name another file"));
    }

    [Test]
    public void Row_groups_are_bounded_and_memory_is_used_again()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.parquet");
        const int rows = 2 * ParquetFiles<CompletedCommand>.GroupRows + 5;
        Write(new ParquetTarget(path), Enumerable.Range(0, rows).Select(i => Samples.Time + i));
        Assert.That(
            Duck.Rows($"select row_group_id as id, row_group_num_rows as n from parquet_metadata('{path}') where path_in_schema = 'time_ns' order by id").Select(r => r["n"]),
            Is.EqualTo((long[])[65_536, 65_536, 5]));
        Assert.That(Duck.Rows($"select count(distinct time_ns) as n, count(distinct itt) as tags from {Duck.File(path)}")[0].Values, Is.EqualTo((long[])[rows, rows]));
    }

    [Test]
    public void Files_are_rotated_by_age_and_named_by_their_first_record()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.parquet");
        Write(new ParquetTarget(path, RotateAge: TimeSpan.FromSeconds(10)), [0, 9 * Second, 10 * Second, 10 * Second, 35 * Second], begin: Samples.Time);
        Assert.That(Names(scratch), Is.EqualTo((string[])["a-20261123-080000.parquet", "a-20261123-080010.parquet", "a-20261123-080035.parquet"]));
        Assert.That(Duck.Rows($"select count(*) as n from read_parquet('{scratch.File("a-*.parquet")}', filename = true) group by filename order by filename").Select(r => r["n"]), Is.EqualTo((long[])[2, 2, 1]));
    }

    [Test]
    public void Files_are_rotated_by_size_and_no_name_is_taken_twice()
    {
        using var scratch = new Scratch();
        string path = scratch.File("a.parquet");
        Write(new ParquetTarget(path, RotateBytes: 1000), Enumerable.Repeat(Samples.Time, ParquetFiles<CompletedCommand>.GroupRows * 2));
        Assert.That(Names(scratch), Is.EqualTo((string[])["a-20261123-080000.1.parquet", "a-20261123-080000.parquet"]));
    }

    [Test]
    public void A_file_is_rotated_though_nothing_comes()
    {
        using var scratch = new Scratch();
        using var files = new ParquetFiles<CompletedCommand>(new ParquetTarget(scratch.File("a.parquet"), RotateAge: TimeSpan.FromSeconds(10)), RecordFields.OfCommand, null, () => { });
        files.Add(default, At(Samples.Time));
        files.Tick(Samples.Time + 10 * Second - 1);
        Assert.That(Names(scratch), Is.EqualTo((string[])["a.parquet.part"]));
        files.Tick(Samples.Time + 10 * Second);
        Assert.That(Names(scratch), Is.EqualTo((string[])["a-20261123-080000.parquet"]));
        files.Complete();
        Assert.That(Names(scratch), Has.Length.EqualTo(1));
    }

    [Test]
    public void Without_a_record_there_is_an_empty_file()
    {
        using var scratch = new Scratch();
        Write(new ParquetTarget(scratch.File("a.parquet")), []);
        Assert.That(Duck.Rows($"select count(*) as n from {Duck.File(scratch.File("a.parquet"))}")[0]["n"], Is.Zero);
    }

    [Test]
    public void A_full_disk_is_said_and_leaves_no_half_of_a_file()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("/dev/full is Linux's");
        using var scratch = new Scratch();
        File.CreateSymbolicLink(scratch.File("a.parquet.part"), "/dev/full");
        Output output = Run("snoop", "-r", Corpus.PathOf("errors.pcap"), "-o", "parquet", "--into", scratch.File("a.parquet"));
        Assert.That(output.ExitCode, Is.EqualTo(1));
        Assert.That(output.Error, Does.Match(@"^iscsitop: .*[Nn]o space left on device.*: \d+ records of this file are lost\n$"));
        Assert.That(Names(scratch), Is.Empty);
    }

    [TestCase("", "-o parquet needs --into FILE")]
    [TestCase("--into -", "its path")]
    [TestCase("--into a.parquet --rotate 1x", "--rotate")]
    public void What_is_wrong_is_said(string options, string complaint)
    {
        Output output = Run(["snoop", "-o", "parquet", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.That((output.ExitCode, output.Error), Is.EqualTo((2, output.Error)));
        Assert.That(output.Error, Does.Contain(complaint == "--rotate" ? "1x" : complaint));
    }

    [TestCase("TERM")]
    [TestCase("INT")]
    public void A_signal_completes_the_file(string signal)
    {
        Client.Need("iscsi-inq");
        using var scratch = new Scratch();
        string path = scratch.File("a.parquet");
        using TargetProcess target = TargetProcess.Start("0=ram:8MiB");
        using Subscriber lines = target.Attach("snoop", "-o", "ndjson");
        using Subscriber snoop = target.Attach("snoop", "-o", "parquet", "--into", path);
        Assert.That(SpinWait.SpinUntil(() => File.Exists(path + ".part"), Client.Patience));
        Assert.That(Client.Mark(target.Url(0), (name, patience) => lines.Out.WaitFor(t => t.Contains(name, StringComparison.Ordinal), patience)));
        Client.RunWell("iscsi-inq", "-i", "iqn.2026-11.example:last", target.Url(0));
        Assert.That(lines.Out.WaitFor(t => t.Contains("example:last", StringComparison.Ordinal), Client.Patience));
        Assert.That(File.Exists(path), Is.False);
        Output said = snoop.Stop(signal);
        Assert.That(said.ExitCode, Is.Zero, said.All);
        Assert.That(File.Exists(path + ".part"), Is.False);
        Assert.That(Duck.Rows($"select op from {Duck.File(path)} where initiator = 'iqn.2026-11.example:last'").Select(r => r["op"]), Does.Contain("INQUIRY"));
    }

    private static IEnumerable<(string Name, string? Value)> Column(JsonProperty field)
    {
        string? text = field.Value.ValueKind == JsonValueKind.Null ? null : field.Value.ToString();
        if (field.Name == "time")
        {
            decimal seconds = field.Value.GetDecimal();
            return [("time_ns", ((long)(seconds * Second)).ToString(CultureInfo.InvariantCulture)), ("us", ((long)(seconds * 1_000_000)).ToString(CultureInfo.InvariantCulture))];
        }
        return field.Name.EndsWith("_us", StringComparison.Ordinal)
            ? [(field.Name[..^3] + "_ns", text is null ? null : ((long)(field.Value.GetDecimal() * 1000)).ToString(CultureInfo.InvariantCulture))]
            : [(field.Name, text)];
    }

    private static string? Text(object? value) => value is null ? null : Convert.ToString(value, CultureInfo.InvariantCulture);

    private static string[] Names(Scratch scratch) => [.. Directory.EnumerateFiles(scratch.Path).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    private static EventContext At(long time) => new(Samples.Connection, Samples.Connection.Target, Samples.Connection.Initiator, time, Samples.Engine);

    private static void Write(ParquetTarget target, IEnumerable<long> times, long begin = 0)
    {
        using var files = new ParquetFiles<CompletedCommand>(target, RecordFields.OfCommand, null, () => { });
        CompletedCommand c = default;
        foreach (long time in times)
        {
            c.Itt++;
            files.Add(c, At(begin + time));
        }
        files.Complete();
        Assert.That(files.Failure, Is.Null);
    }

    private static Output Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(arguments, new Streams(output, error, false, false));
        return new Output(code, Encoding.UTF8.GetString(output.ToArray()), error.ToString().ReplaceLineEndings("\n"));
    }
}
