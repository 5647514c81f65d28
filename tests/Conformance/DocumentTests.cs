using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Iscsitop.Cli.Snooping;
using Iscsitop.Tests.Cli;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Conformance;

/// <summary>Every command that a document shows is run, and what it is shown to say is what it says.</summary>
[TestFixture]
public sealed partial class DocumentTests
{
    // What stands in documents for what is elsewhere here. A command that needs more than we have is looked at up to its pipe.
    private static readonly (string Shown, string Here)[] s_places =
    [
        ("eth0", "lo"),
        ("iscsitop target --lun", "iscsitop target --portal 127.0.0.1:0 --lun"),
        ("file:/srv/", "file:"),
        ("size=10GiB", "size=10MiB"),
        ("ram:1GiB", "ram:1MiB"),
        ("--metrics 9260", "--metrics 127.0.0.1:0"),
        ("iscsitop metrics", "iscsitop metrics --listen 0"),
        ("--listen 0 --listen", "--listen"),
        ("--config /etc/iscsitop/target.conf", "--check-config --config target.conf"),
        ("http://localhost:4317", "http://127.0.0.1:9"),
        ("http://localhost:9090", "http://127.0.0.1:9"),
        ("/var/log/iscsi/", ""),
        // Others read it at the same time.
        ("-w run.pcapng", "-w kept.pcapng"),
        ("iqn.2026-01.io.github.iscsitop:target", TargetProcess.Iqn),
    ];

    private static readonly string[] s_ours = ["iscsitop", "iscsisnoop", "iscsitrace", "iscsi-ls", "qemu-img", "systemd-cat"];

    [Test]
    public void Every_output_of_the_cookbook_is_what_its_command_says()
    {
        Client.Need("jq");
        using var kitchen = new Kitchen(null);
        Example[] examples = [.. Documents.Examples("docs/cookbook.md").Where(e => e.Output.Length > 0 && Ours(e.Command))];
        Assert.That(examples, Has.Length.GreaterThan(10));
        Parallel.ForEach(examples, example =>
        {
            Output output = kitchen.Run($"{{ {example.Command}\n}} 2>&1");
            Assert.That(output.ExitCode, Is.Zero, example.Command);
            Assert.That(example.Differs(output.Out), Is.Null);
        });
    }

    [TestCase("README.md")]
    [TestCase("docs/cookbook.md")]
    [TestCase("docs/events.md")]
    public void Every_command_of_a_document_runs(string document)
    {
        Client.Need("iscsi-perf");
        Client.Need("jq");
        Client.NeedQemu("qemu-img");
        using TargetProcess target = TargetProcess.Start("0=ram:16MiB", "1=ram:16MiB");
        using var kitchen = new Kitchen(target);
        using Process load = Client.Start("iscsi-perf", ["-m", "4", "-t", "300", target.Url(0)]);
        _ = new Reader(load.StandardOutput);
        _ = new Reader(load.StandardError);
        try
        {
            string[] commands = [.. Documents.Examples(document).Select(e => e.Command).Where(Ours).Select(c => Here(c, target)).OfType<string>().Distinct()];
            Assert.That(commands, Is.Not.Empty);
            Parallel.ForEach(commands, new ParallelOptions { MaxDegreeOfParallelism = 4 }, command =>
            {
                Output output = kitchen.Run($"timeout -s INT -k 30 8 bash -o pipefail -c {Quoted(command)}");
                Assert.That(output.ExitCode, Is.AnyOf([.. Statuses(command)]), $"{command}\n{output.Error}");
                Assert.That(output.Error, Does.Not.Match(@"(?m)^iscsi\w+: (invalid|unknown|illegal)|Unhandled"), command);
            });
        }
        finally
        {
            load.Kill();
        }
    }

    [Test]
    public void The_tables_of_ClickHouse_have_the_fields_of_the_records()
    {
        string[] tables = [.. Queries("ClickHouse").Where(q => q.StartsWith("CREATE", StringComparison.Ordinal))];
        Assert.That(tables, Has.Length.EqualTo(2));
        Assert.That(Columns(tables[0]), Is.EqualTo(RecordFields.OfCommand.Select(Expected)));
        Assert.That(Columns(tables[1]), Is.EqualTo(RecordFields.OfPdu.Select(Expected)));
    }

    [Test]
    public void The_queries_of_DuckDB_run_and_find_what_there_is()
    {
        using var scratch = new Scratch();
        Client.RunWell(Binary.Path, "snoop", "-o", "parquet", "--into", scratch.File("events.parquet"), "--rotate", "1h", "-r", Corpus.PathOf("writes.pcapng"));
        string[] queries = [.. Queries("DuckDB")];
        Assert.That(queries, Has.Length.EqualTo(3));
        foreach (string query in queries)
            Assert.That(Duck.Rows(query.Replace("/var/log/iscsi/", scratch.Path + "/", StringComparison.Ordinal)), Is.Not.Empty, query);
    }

    private static (string, string) Expected<T>(RecordField<T> field)
    {
        Type type = field.Value.Columns(field.Name).First().Field.ClrType;
        return (field.Name, field.Name == "time" ? "Decimal(19, 9)"
            : field.Name.EndsWith("_us", StringComparison.Ordinal) ? "Nullable(Float64)"
            : field.Name == "cdb" ? "Nullable(String)"
            : type == typeof(uint) ? "Nullable(UInt32)"
            : type == typeof(ulong) ? "Nullable(UInt64)"
            : type == typeof(long) ? "Nullable(Int64)"
            : "LowCardinality(Nullable(String))");
    }

    private static IEnumerable<(string, string)> Columns(string table) =>
        Column().Matches(table).Where(m => m.Groups[1].Value != "ts").Select(m => (m.Groups[1].Value, m.Groups[2].Value));

    private static IEnumerable<string> Queries(string engine) =>
        Regex.Matches(Documents.Text("docs/events.md"), $@"(?ms)^```sql\n-- {engine}\n(.*?)^```").Select(m => m.Groups[1].Value);

    private static bool Ours(string command) => s_ours.Contains(command.Split(' ')[0]);

    private static string? Here(string command, TargetProcess target)
    {
        foreach ((string shown, string here) in s_places) command = command.Replace(shown, here, StringComparison.Ordinal);
        command = command.Replace("iscsi://127.0.0.1", target.Portal, StringComparison.Ordinal);
        string[] stages = command.Split(" | ");
        if (stages.Length > 1 && Client.Find(stages[1].Split(' ')[0]) is null) command = stages[0];
        bool captures = command.Contains(" -i lo", StringComparison.Ordinal);
        return (captures && (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)) || Client.Find("systemd-cat") is null && command.StartsWith("systemd-cat", StringComparison.Ordinal)
            ? null
            : Regex.Replace(command, "^systemd-cat -t [a-z]+ ", "");
    }

    // 124 is of what goes on until it is cut off; 3 says that no Prometheus is here.
    private static IEnumerable<object> Statuses(string command) =>
        command.Contains("--prometheus", StringComparison.Ordinal) ? [3] : Documents.Statuses(command).Append(124).Cast<object>();

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));

    [GeneratedRegex(@"(?m)^    (\w+) (\w+(?:\(.*?\)+)?)(?:,$| MATERIALIZED)")]
    private static partial Regex Column();

    /// <summary>A directory in which the commands find what they speak of.</summary>
    private sealed class Kitchen : IDisposable
    {
        private readonly Scratch _scratch = new();
        private readonly TargetProcess? _target;

        public Kitchen(TargetProcess? target)
        {
            _target = target;
            foreach (string directory in (string[])["tests/Recordings", "tests/Captures"])
                foreach (string file in Directory.EnumerateFiles(Path.Combine(Home(), directory)).Where(f => f.EndsWith(".rec", StringComparison.Ordinal) || f.Contains(".pcap", StringComparison.Ordinal)))
                    File.Copy(file, _scratch.File(Path.GetFileName(file)));
            Directory.CreateDirectory(_scratch.File("bin"));
            File.CreateSymbolicLink(_scratch.File("bin/iscsitop"), Binary.Path);
            foreach (string wrapper in (string[])["iscsisnoop", "iscsitrace"])
                File.Copy(Path.Combine(Home(), "cli/wrappers", wrapper), _scratch.File("bin/" + wrapper));
            File.Copy(Path.Combine(Home(), "docs/iscsitop-target.conf"), _scratch.File("target.conf"));
            foreach (string name in (string[])["run.rec", "before.rec", "after.rec"]) File.Copy(Path.Combine(Home(), "tests/Recordings/busy.rec"), _scratch.File(name));
            File.Copy(Corpus.PathOf("units.pcap"), _scratch.File("morning.pcap"));
            File.Copy(Corpus.PathOf("units.pcap"), _scratch.File("run.pcapng"));
        }

        public Output Run(string command)
        {
            string script = $"cd {_scratch.Path} && export PATH={_scratch.Path}/bin:$PATH HOME={_scratch.Path} TZ=UTC && {command}";
            return _target is null ? Client.Run("bash", "-c", script) : _target.Beside("bash", "-c", script);
        }

        public void Dispose() => _scratch.Dispose();
    }
}
