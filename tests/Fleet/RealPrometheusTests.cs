using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Tests.Cli;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Metrics;

namespace Iscsitop.Tests.Fleet;

/// <summary>Two hosts, a real Prometheus server that scrapes them each second, and what is read back from it.</summary>
[TestFixture]
[CancelAfter(300_000)]
public sealed class RealPrometheusTests
{
    [Test]
    public void What_two_hosts_expose_comes_back_and_one_that_goes_is_down()
    {
        Client.Need("prometheus");
        using var one = new Exposing(10);
        using var two = new Exposing(1000);
        using var server = new PrometheusProcess(one.Address, two.Address);
        JsonElement[] report = Wait(server.Url, r => r.Length == 2 && r.All(row => row.GetProperty("reads").ValueKind == JsonValueKind.Number && row.GetProperty("reads").GetInt64() > 0));
        foreach ((JsonElement row, long step) in new[] { (Of(report, one), one.Step), (Of(report, two), two.Step) })
        {
            // Each scrape counts a step more, whenever it is.
            double scrapes = row.GetProperty("reads").GetInt64() / (double)step;
            Assert.That(scrapes, Is.EqualTo(Math.Round(scrapes)), row.ToString());
            Assert.That(row.GetProperty("reads_per_s").GetDouble(), Is.EqualTo(row.GetProperty("reads").GetInt64() / row.GetProperty("interval_s").GetDouble()).Within(0.1).Percent);
            Assert.That(row.GetProperty("interval_s").GetDouble(), Is.EqualTo(scrapes).Within(50).Percent);
            Assert.That(row.GetProperty("read_bytes").GetInt64(), Is.EqualTo(4096 * row.GetProperty("reads").GetInt64()));
            Assert.That(row.GetProperty("outstanding").GetInt64(), Is.EqualTo(3));
        }
        // All of them took from 1 to 2.5 ms.
        Assert.That(Of(report, two).GetProperty("read_p50_us").GetDouble(), Is.EqualTo(1750).Within(5).Percent);

        two.Dispose();
        JsonElement[] rest = Wait(server.Url, r => r.Length == 2 && r.Any(row => row.GetProperty("reads").ValueKind == JsonValueKind.Null), "lun", "host_state");
        Assert.That(Of(rest, two).GetProperty("reads_per_s").ValueKind, Is.EqualTo(JsonValueKind.Null));
        Assert.That(Of(Reported(server.Url, "host"), two).GetProperty("host_state").GetString(), Is.EqualTo("down"));
    }

    // The real exporter, scraped by a real Prometheus, read back, beside what the engine tells on the spot.
    [Test]
    public void What_the_exporter_tells_comes_back_as_the_engine_tells_it()
    {
        const string Fields = "target,lun,reads,writes,others,read_bytes,write_bytes,errors";
        Client.NeedQemu("qemu-img");
        Client.Need("prometheus");
        using TargetProcess target = TargetProcess.Start("0=ram:16MiB", "3=ram:16MiB");
        using Subscriber metrics = target.Attach("metrics", "--listen", "0", "0.2");
        string address = PrometheusTests.AddressOf(metrics);
        using var server = new PrometheusProcess(address);
        server.WaitFor("iscsitop_engines", 1);
        using Subscriber here = target.Attach("-b", "-j", "-F", Fields, "1");
        using Subscriber fleet = target.Run("--prometheus", server.Url, "-b", "-j", "-F", "host," + Fields, "1");
        // Both have begun before anything happens.
        Assert.That(here.Out.WaitFor(t => t.Contains('\n'), Client.Patience), here.Error.Text);
        Assert.That(fleet.Out.WaitFor(t => t.Contains('\n'), Client.Patience), fleet.Error.Text);
        Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-w", "-c", "700", "-d", "8", "-s", "4096", target.Url(0));
        Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-c", "300", "-d", "8", "-s", "16384", target.Url(3));
        // Of what was written: the rest would be known to be zero without a read.
        Client.RunWell("qemu-img", "bench", "-f", "raw", "-t", "none", "-c", "20", "-d", "1", "-s", "65536", target.Url(0));
        DateTime end = DateTime.UtcNow + Client.Patience;
        while (DateTime.UtcNow < end && !(Sums(here).TryGetValue(0, out long[]? a) && Sums(here).ContainsKey(3) && Same(Sums(here), Sums(fleet)) && a[0] >= 20 && a[1] == 700))
            fleet.Out.WaitFor(_ => false, TimeSpan.FromSeconds(0.5));
        string[] lines = fleet.Out.Lines;
        (IDictionary<ulong, long[]> local, IDictionary<ulong, long[]> back) = (Sums(here), Sums(fleet));
        Assert.That(back.Keys, Is.EquivalentTo(new ulong[] { 0, 3 }));
        foreach ((ulong lun, long[] counts) in local) Assert.That(back[lun], Is.EqualTo(counts), $"LUN {lun}");
        // What the client says it did.
        Assert.That((local[0][0], local[0][3]), Is.EqualTo((20, 20 * 65536)));
        Assert.That((local[0][1], local[0][4]), Is.EqualTo((700, 700 * 4096)));
        Assert.That(local[3][0], Is.EqualTo(300));
        Assert.That(lines.Skip(1), Has.All.Contains($"\"host\":\"{address}\""));
        SchemaTests.Valid("view-lun.json", string.Join('\n', lines), lines: true);
        Assert.That((here.Stop().ExitCode, fleet.Stop().ExitCode, metrics.Stop().ExitCode), Is.EqualTo((0, 0, 0)), fleet.Error.Text);
    }

    // Of each unit reads, writes, others, bytes read and written, and errors, over all reports so far.
    private static SortedDictionary<ulong, long[]> Sums(Subscriber viewer)
    {
        var sums = new SortedDictionary<ulong, long[]>();
        foreach (string line in viewer.Out.Lines)
        {
            using JsonDocument record = JsonDocument.Parse(line);
            if (!record.RootElement.TryGetProperty("lun", out JsonElement lun) || lun.ValueKind != JsonValueKind.Number) continue;
            if (!sums.TryGetValue(lun.GetUInt64(), out long[]? sum)) sums.Add(lun.GetUInt64(), sum = new long[6]);
            string[] fields = ["reads", "writes", "others", "read_bytes", "write_bytes", "errors"];
            for (int i = 0; i < fields.Length; i++)
                if (record.RootElement.GetProperty(fields[i]) is { ValueKind: JsonValueKind.Number } value) sum[i] += value.GetInt64();
        }
        return sums;
    }

    private static bool Same(SortedDictionary<ulong, long[]> one, SortedDictionary<ulong, long[]> other) => one.Count == other.Count && one.All(o => other.TryGetValue(o.Key, out long[]? sum) && sum.SequenceEqual(o.Value));

    private static JsonElement Of(JsonElement[] rows, Exposing host) => rows.Single(r => r.GetProperty("host").GetString() == host.Address);

    private static JsonElement[] Wait(string url, Func<JsonElement[], bool> holds, string view = "lun", string what = "reads")
    {
        DateTime end = DateTime.UtcNow + Client.Patience;
        JsonElement[] rows;
        do rows = Reported(url, view);
        while (!holds(rows) && DateTime.UtcNow < end);
        Assert.That(holds(rows), $"{what}: {string.Join('\n', rows)}");
        return rows;
    }

    // The second of two reports: how often a host is scraped is known by then.
    private static JsonElement[] Reported(string url, string view)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(["--prometheus", url, "-o", "json", "--view", view, "1", "2"], new Streams(output, error, false, false));
        Assert.That(code, Is.Zero, error.ToString());
        return [.. JsonDocument.Parse(output.ToArray()).RootElement[1].GetProperty("rows").EnumerateArray()];
    }

    /// <summary>A host: each scrape finds so many reads more.</summary>
    private sealed class Exposing : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly Task _serving;

        public Exposing(long step)
        {
            Step = step;
            Address = $"127.0.0.1:{PrometheusProcess.FreePort()}";
            _listener.Prefixes.Add($"http://{Address}/");
            _listener.Start();
            _serving = Task.Run(Serve);
        }

        public long Step { get; }

        public string Address { get; }

        public void Dispose()
        {
            _listener.Close();
            _serving.Wait(TimeSpan.FromSeconds(10));
        }

        private void Serve()
        {
            for (long reads = Step; ; reads += Step)
                try
                {
                    HttpListenerContext context = _listener.GetContext();
                    context.Response.ContentType = "text/plain; version=0.0.4";
                    context.Response.OutputStream.Write(Encoding.UTF8.GetBytes(Text(reads)));
                    context.Response.Close();
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    if (!_listener.IsListening) return;
                }
        }

        private static string Text(long reads)
        {
            const string Unit = "iscsi_target_name=\"" + Exposed.Iqn + "\",scsi_lun=\"0\"", Reads = Unit + ",disk_io_direction=\"read\"";
            return string.Create(CultureInfo.InvariantCulture, $$"""
                # TYPE iscsi_server_commands_total counter
                iscsi_server_commands_total{{{Reads}}} {{reads}}
                # TYPE iscsi_server_io_bytes_total counter
                iscsi_server_io_bytes_total{{{Reads}}} {{4096 * reads}}
                # TYPE iscsi_server_command_outstanding gauge
                iscsi_server_command_outstanding{{{Unit}}} 3
                # TYPE iscsi_server_command_duration_seconds histogram
                iscsi_server_command_duration_seconds_bucket{{{Reads}},le="0.001"} 0
                iscsi_server_command_duration_seconds_bucket{{{Reads}},le="0.0025"} {{reads}}
                iscsi_server_command_duration_seconds_bucket{{{Reads}},le="+Inf"} {{reads}}
                iscsi_server_command_duration_seconds_sum{{{Reads}}} {{0.00175 * reads}}
                iscsi_server_command_duration_seconds_count{{{Reads}}} {{reads}}
                # TYPE iscsitop_build_info gauge
                iscsitop_build_info{version="0.1.0"} 1

                """).Replace("\r", "", StringComparison.Ordinal);
        }
    }
}
