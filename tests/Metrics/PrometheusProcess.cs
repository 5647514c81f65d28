using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Metrics;

/// <summary>A real Prometheus that scrapes each second, with our rules and a data directory of its own.</summary>
internal sealed class PrometheusProcess : IDisposable
{
    private readonly Scratch _scratch = new();
    private readonly Process _process;
    private readonly HttpClient _client = new() { Timeout = Client.Patience };
    private readonly Reader _log;

    public PrometheusProcess(params string[] targets)
    {
        File.Copy(Path.Combine(MetricDocsTests.Home(), "packaging", "prometheus", "iscsitop.rules.yml"), _scratch.File("iscsitop.rules.yml"));
        File.WriteAllText(_scratch.File("prometheus.yml"), $$"""
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: [ iscsitop.rules.yml ]
            scrape_configs:
              - job_name: iscsitop
                static_configs: [ { targets: [ {{string.Join(", ", targets.Select(t => $"'{t}'"))}} ] } ]
            """);
        int port = FreePort();
        Url = $"http://127.0.0.1:{port}";
        _client.BaseAddress = new Uri(Url);
        _process = Client.Start("prometheus",
            [$"--config.file={_scratch.File("prometheus.yml")}", $"--storage.tsdb.path={_scratch.File("data")}", $"--web.listen-address=127.0.0.1:{port}"]);
        _log = new Reader(_process.StandardError);
        Assert.That(_log.WaitFor(t => t.Contains("ready to receive web requests", StringComparison.OrdinalIgnoreCase), Client.Patience), $"Prometheus is not ready: {_log.Text}");
    }

    public string Url { get; }

    /// <summary>What a query finds: labels and values. An error fails the test.</summary>
    public IReadOnlyList<(JsonElement Labels, double Value)> Query(string expression)
    {
        JsonElement answer = Get("api/v1/query?query=" + Uri.EscapeDataString(expression));
        Assert.That(answer.GetProperty("status").GetString(), Is.EqualTo("success"), $"{expression}\n{answer}");
        return [.. answer.GetProperty("data").GetProperty("result").EnumerateArray().Select(r =>
            (r.GetProperty("metric"), double.Parse(r.GetProperty("value")[1].GetString()!.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)))];
    }

    /// <summary>The one value of a query, NaN when there is none.</summary>
    public double Value(string expression) => Query(expression) is [var only] ? only.Value : double.NaN;

    /// <summary>Asks again, as it may have scraped since, until a query has this value; fails the test when it does not in time.</summary>
    public void WaitFor(string expression, double value)
    {
        double last = double.NaN;
        for (DateTime end = DateTime.UtcNow + Client.Patience; DateTime.UtcNow < end; Thread.Sleep(200))
            if ((last = Value(expression)) == value)
                return;
        Assert.Fail($"{expression} is {last} and not {value} after {Client.Patience.TotalSeconds} s\n{Get("api/v1/targets")}\n{_log.Text}");
    }

    public JsonElement Get(string path) => JsonDocument.Parse(_client.GetAsync(path).Result.Content.ReadAsStringAsync().Result).RootElement;

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _client.Dispose();
        _scratch.Dispose();
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
