using System.Globalization;
using System.Text;
using Iscsitop.Engine;
using Iscsitop.Engine.Fleet;

namespace Iscsitop.Tests.Fleet;

/// <summary>Series as tests write them, <c>name{labels} 5@100 9@115</c> (values at seconds), and as the HTTP API answers them.</summary>
internal static class Exposed
{
    public const string Iqn = "iqn.2026-01.com.example:a";

    public static string Commands(string host, string lun, string direction, string samples, string more = "") =>
        $"iscsi_server_commands_total{{instance=\"{host}\",job=\"iscsitop\",iscsi_target_name=\"{Iqn}\",scsi_lun=\"{lun}\",disk_io_direction=\"{direction}\"{more}}} {samples}";

    public static string Of(string metric, string host, string labels, string samples) =>
        $"{metric}{{instance=\"{host}\",job=\"iscsitop\"{(labels.Length > 0 ? "," : "")}{labels}}} {samples}";

    public static string Of(string metric, string host, string lun, string direction, string samples) =>
        Of(metric, host, $"iscsi_target_name=\"{Iqn}\",scsi_lun=\"{lun}\",disk_io_direction=\"{direction}\"", samples);

    public static string Heartbeat(string host, string samples) => Of(FleetMetrics.Heartbeat, host, "version=\"0.1.0\"", samples);

    /// <summary>Cumulative buckets of one histogram: bounds and their counts, at each of the times.</summary>
    public static IEnumerable<string> Buckets(string host, string lun, string direction, params (string Bound, string Samples)[] buckets) =>
        buckets.Select(b => Of("iscsi_server_command_duration_seconds_bucket", host, $"iscsi_target_name=\"{Iqn}\",scsi_lun=\"{lun}\",disk_io_direction=\"{direction}\",le=\"{b.Bound}\"", b.Samples));

    /// <summary>An answer of the API with these series.</summary>
    public static string Json(params IEnumerable<string> series)
    {
        var json = new StringBuilder("""{"status":"success","data":{"resultType":"matrix","result":[""");
        json.AppendJoin(',', series.Select(One));
        return json.Append("]}}").ToString();
    }

    /// <summary>What a state makes of an answer.</summary>
    public static PrometheusAnswer Answer(params IEnumerable<string> series)
    {
        var answer = new PrometheusAnswer();
        answer.Read(Encoding.UTF8.GetBytes(Json(series)));
        return answer;
    }

    /// <summary>Has a state read series as of a time in seconds, and takes what came.</summary>
    public static Snapshot Read(this FleetState state, double now, params IEnumerable<string> series)
    {
        state.Add(Answer(series));
        state.Judge((long)(now * 1000));
        return state.Taken(now);
    }

    public static Snapshot Taken(this FleetState state, double now)
    {
        var snapshot = new Snapshot { Fleet = new FleetStatus("http://prometheus.example:9090") };
        state.Take(snapshot, (long)(now * 1000));
        return snapshot;
    }

    // "name{a="b"} 1@2 3@4"
    private static string One(string line)
    {
        int open = line.IndexOf('{', StringComparison.Ordinal), close = line.LastIndexOf('}');
        string labels = line[(open + 1)..close];
        string[] samples = line[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var json = new StringBuilder($$"""{"metric":{"__name__":"{{line[..open]}}" """.TrimEnd());
        foreach (string label in labels.Split("\",", StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = label.IndexOf('=', StringComparison.Ordinal);
            json.Append(CultureInfo.InvariantCulture, $",\"{label[..equals]}\":\"{label[(equals + 1)..].Trim('"')}\"");
        }
        json.Append("},\"values\":[");
        json.AppendJoin(',', samples.Select(s => s.Split('@')).Select(s => $"[{s[1]},\"{s[0]}\"]"));
        return json.Append("]}").ToString();
    }
}
