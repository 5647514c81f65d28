using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Engine;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class FileWriterTests
{
    private static readonly string[] s_few = ["target", "lun", "name", "reads", "read_bytes_per_s", "read_p50_us", "read_p99_us", "busy_pct"];

    [Test]
    public void Csv_has_one_header_and_leaves_the_unknown_empty()
    {
        string text = Samples.Written(Samples.Fields(OutputFormat.Csv, "lun", s_few), Samples.One("a,\"b\"", "i", 3, 1, 1), Samples.Two());
        Assert.That(text.ReplaceLineEndings("\n"), Is.EqualTo(
            """"
            time,target,lun,name,reads,read_bytes_per_s,read_p50_us,read_p99_us,busy_pct
            1795420800.123456789,"a,""b""",5,,3,1.5,,,
            1795420800.123456789,iqn.2026-01.com.example:a,0,disk-0,200,409600,982.603,982.603,50
            1795420800.123456789,iqn.2026-01.com.example:a,1,disk-1,0,0,,,0

            """"));
        Assert.That(text.Count(c => c == '\n'), Is.EqualTo(text.Split("\r\n").Length - 1));
    }

    [Test]
    public void Json_is_one_document_with_counts_rates_and_nulls()
    {
        string text = Samples.Written(Samples.Fields(OutputFormat.Json, "lun", s_few), Samples.Two(), Samples.One("t", "i", 3, 1, 1));
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement first = document.RootElement[0];
        Assert.That(document.RootElement.GetArrayLength(), Is.EqualTo(2));
        Assert.That(first.GetRawText(), Is.EqualTo(
            """{"schema":1,"time":1795420800.123456789,"interval_s":2,"view":"lun","engines":[{"pid":42,"source":"target","version":"0.1.0","alive":true,"connections":2,"sessions":2,"ring_drops":0,"outbox_drops":0,"folded":0}],"rows":[{"target":"iqn.2026-01.com.example:a","lun":0,"name":"disk-0","reads":200,"read_bytes_per_s":409600,"read_p50_us":982.603,"read_p99_us":982.603,"busy_pct":50},{"target":"iqn.2026-01.com.example:a","lun":1,"name":"disk-1","reads":0,"read_bytes_per_s":0,"read_p50_us":null,"read_p99_us":null,"busy_pct":0}],"total":{"reads":200,"read_bytes_per_s":409600,"read_p50_us":982.603,"read_p99_us":982.603,"busy_pct":null}}"""));
    }

    [Test]
    public void Json_without_a_report_is_still_a_document() => Assert.That(Samples.Written(new TopOptions { Output = OutputFormat.Json }), Is.EqualTo("[]\n"));

    [Test]
    public void Ndjson_has_a_record_a_row_and_the_schema_in_the_first()
    {
        string text = Samples.Written(Samples.Fields(OutputFormat.Ndjson, "lun", "target", "lun", "reads", "interval_s"), Samples.Two());
        Assert.That(text, Is.EqualTo(
            """
            {"schema":1,"time":1795420800.123456789,"interval_s":2,"view":"lun","target":"iqn.2026-01.com.example:a","lun":0,"reads":200}
            {"time":1795420800.123456789,"interval_s":2,"view":"lun","target":"iqn.2026-01.com.example:a","lun":1,"reads":0}

            """));
    }

    [Test]
    public void Ndjson_says_at_once_that_it_is_attached()
    {
        string text = Samples.Written(new TopOptions { Output = OutputFormat.Ndjson }, Samples.Empty(), Samples.Empty());
        Assert.That(text, Is.EqualTo("{\"schema\":1,\"time\":1795420800.123456789,\"interval_s\":2,\"view\":\"lun\",\"n\":0}\n"));
    }

    [Test]
    public void Ndjson_tells_of_drops()
    {
        Snapshot s = Samples.Two();
        s.Engines.Add(new EngineStatus { Pid = 7, OutboxDrops = 9 });
        Assert.That(Samples.Written(new TopOptions { Output = OutputFormat.Ndjson }, s), Does.Contain("\"view\":\"drops\",\"pid\":7,").And.Contain("\"outbox_drops\":9"));
    }

    [TestCase(OutputFormat.Json)]
    [TestCase(OutputFormat.Ndjson)]
    public void All_fields_of_all_views_can_be_written_and_read(OutputFormat format)
    {
        foreach (View view in Views.All)
        {
            string text = Samples.Written(new TopOptions { Output = format, View = view, SortBy = view.SortBy }, Top.SyntheticTrouble.AddTo(new Top.SyntheticLoad().Take()));
            foreach (string line in format == OutputFormat.Json ? [text] : text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Assert.That(() => JsonDocument.Parse(line).Dispose(), Throws.Nothing);
            if (view.Key == "findings") continue;                       // the traffic is too short for any
            foreach (Column column in view.Columns.Where(c => format == OutputFormat.Json || c.Field != "interval_s")) Assert.That(text, Does.Contain($"\"{column.Field}\":"));
        }
    }

    [Test]
    public void Names_of_peers_stay_one_record()
    {
        Snapshot s = Samples.One("a\nb\"", "i", 1, 1, 1);
        Assert.That(Samples.Written(Samples.Fields(OutputFormat.Csv, "lun", "target"), s), Does.EndWith(",\"a\\x0ab\"\"\"\r\n"));
        Assert.That(Samples.Written(Samples.Fields(OutputFormat.Ndjson, "lun", "target"), s).Count(c => c == '\n'), Is.EqualTo(1));
    }
}
