using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Tests.Conformance;

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
        using var server = new ServerProcess(one.Address, two.Address);
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
            Address = $"127.0.0.1:{ServerProcess.FreePort()}";
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

    /// <summary>The server, with a data directory of its own.</summary>
    private sealed class ServerProcess : IDisposable
    {
        private readonly Scratch _scratch = new();
        private readonly Process _process;
        private readonly Reader _log;

        public ServerProcess(params string[] hosts)
        {
            int port = FreePort();
            Url = $"http://127.0.0.1:{port}";
            File.WriteAllText(_scratch.File("prometheus.yml"), $$"""
                global: { scrape_interval: 1s }
                scrape_configs:
                  - job_name: iscsitop
                    static_configs: [ { targets: [ {{string.Join(", ", hosts.Select(h => $"'{h}'"))}} ] } ]
                """);
            _process = Client.Start("prometheus",
                [$"--config.file={_scratch.File("prometheus.yml")}", $"--storage.tsdb.path={_scratch.File("data")}", $"--web.listen-address=127.0.0.1:{port}"]);
            _log = new Reader(_process.StandardError);
            Assert.That(_log.WaitFor(t => t.Contains("ready to receive web requests", StringComparison.OrdinalIgnoreCase), Client.Patience), _log.Text);
        }

        public string Url { get; }

        public static int FreePort()
        {
            using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            return ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        public void Dispose()
        {
            if (!_process.HasExited) _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
            _scratch.Dispose();
        }
    }
}
