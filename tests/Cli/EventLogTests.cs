using System.Runtime.Versioning;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Cli;

/// <summary>What collects logs gives back what iscsisnoop told (docs/events.md).</summary>
[TestFixture]
[SupportedOSPlatform("linux")]
public sealed class EventLogTests
{
    // A journal of its own, which nobody else sees and which is gone afterwards: /run and /var/log of these processes are empty.
    private const string Journal = """
        mount -t tmpfs none /run && mount -t tmpfs none /var/log || exit 77
        mkdir -p /run/systemd/journal /run/log/journal
        "$1" & journald=$!
        for i in $(seq 300); do [ -S /run/systemd/journal/stdout ] && break; sleep 0.1; done
        systemd-cat -t iscsisnoop "$2" snoop -o ndjson -r "$3" && journalctl --sync && journalctl -t iscsisnoop -o cat >"$4"
        done=$?
        kill $journald
        exit $done
        """;

    private const string Journald = "/lib/systemd/systemd-journald";

    private static readonly string s_capture = Corpus.PathOf("writes.pcapng");

    [Test]
    public void The_journal_gives_back_every_record_as_it_was()
    {
        Client.NeedThat(OperatingSystem.IsLinux() && File.Exists(Journald) && Environment.IsPrivilegedProcess, "a journal of one's own needs systemd-journald and root");
        foreach (string program in new[] { "unshare", "systemd-cat", "journalctl" }) Client.Need(program);
        using var scratch = new Scratch();
        Output run = Client.Run("unshare", "-m", "bash", "-c", Journal, "journal", Journald, Binary.Path, s_capture, scratch.File("records"));
        Client.NeedThat(run.ExitCode is not (1 or 77) || File.Exists(scratch.File("records")), "nothing can be mounted here: " + run.Error);
        Assert.That(run.ExitCode, Is.Zero, run.All);
        string told = Client.RunWell(Binary.Path, "snoop", "-o", "ndjson", "-r", s_capture).Out;
        Assert.That(told.Split('\n'), Has.Length.GreaterThan(10));
        Assert.That(File.ReadAllText(scratch.File("records")), Is.EqualTo(told));
    }

    [Test]
    public void DuckDB_reads_from_records_what_it_reads_from_Parquet()
    {
        const string Sums = "SELECT count(*) n, sum(bytes)::BIGINT bytes, max(lun)::BIGINT lun, count(DISTINCT itt) itts, count(status) statuses, min(op) least, max(op) most, round(sum({0}))::BIGINT latency FROM {1}";
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("records"), Client.RunWell(Binary.Path, "snoop", "-o", "ndjson", "-r", s_capture).Out);
        Client.RunWell(Binary.Path, "snoop", "-o", "parquet", "--into", scratch.File("events.parquet"), "-r", s_capture);
        var records = Duck.Rows(string.Format(System.Globalization.CultureInfo.InvariantCulture, Sums, "lat_us", $"read_ndjson_auto('{scratch.File("records")}')")).Single();
        var rows = Duck.Rows(string.Format(System.Globalization.CultureInfo.InvariantCulture, Sums, "lat_ns / 1e3", Duck.File(scratch.File("events*.parquet")))).Single();
        Assert.That(records, Is.EqualTo(rows));
        Assert.That((long)records["n"]!, Is.GreaterThan(10));
    }
}
