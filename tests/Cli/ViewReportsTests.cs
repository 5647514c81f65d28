using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Engine;
using Iscsitop.Tests.Top;

namespace Iscsitop.Tests.Cli;

/// <summary>What reports have of the views whose rows are no sums of commands.</summary>
[TestFixture]
public sealed class ViewReportsTests
{
    private static Snapshot Trouble() => SyntheticTrouble.AddTo(new SyntheticLoad().Take());

    [TestCase("errors", "class,status,sense,failures", "T,CHECK CONDITION,03/11/00,3")]
    [TestCase("errors", "initiator,lun,op,status,meaning,failures_total", ",,,login rejected,authentication failed,5")]
    [TestCase("tmf", "record,function,response,reservation_key,victim", "reservation,\"write exclusive, registrants only\",,0xabcd,iqn.1998-01.com.vmware:esx-02-77c1")]
    [TestCase("tmf", "record,function,op,ref_itt,ref_age_s,response,elapsed_us,aftermath", "task,abort task,READ(16),00001a2b,12,complete,3400,escalated")]
    [TestCase("pattern", "direction,size_mode,sequential_pct,aligned_pct", "read,4k,10,98")]
    [TestCase("pattern", "direction,size_mode,sequential_pct,random_pct", "write,8k,20,70")]
    [TestCase("heat", "mode,durations", "lat,11004")]
    [TestCase("target", "target,portal,open_sessions,connections,reads", "iqn.2026-01.com.example:storage.archive,192.0.2.11:3260,1,1,108")]
    [TestCase("opcode", "op,top_error", "WRITE(10),RESERVATION CONFLICT")]
    [TestCase("lun", "lun,verdict,svc_pct,xfer_pct", "0,storage,")]
    public void A_line_of_csv(string view, string fields, string expected)
    {
        string text = Samples.Written(Samples.Fields(OutputFormat.Csv, view, fields.Split(',')), Trouble());
        string line = expected.StartsWith(",,", StringComparison.Ordinal) ? "?192.0.2.41" + expected : expected;
        Assert.That(text, Does.StartWith("time," + fields + "\r\n").And.Contain("\r\n1767323046.000000000," + line));
    }

    [Test]
    public void A_session_that_was_lost_has_its_card()
    {
        View view = Views.Find("session")!;
        string text = Samples.Written(new TopOptions { Output = OutputFormat.Json, View = view, SortBy = view.SortBy }, Trouble());
        using var document = JsonDocument.Parse(text);
        JsonElement[] rows = [.. document.RootElement[0].GetProperty("rows").EnumerateArray()];
        Assert.That(rows.Count(r => r.TryGetProperty("card", out _)), Is.EqualTo(1));
        JsonElement card = rows.Select(r => r.TryGetProperty("card", out JsonElement c) ? c : default).Single(c => c.ValueKind == JsonValueKind.Object);
        Assert.Multiple(() =>
        {
            Assert.That(card.GetProperty("cause").GetString(), Is.EqualTo("nop-unanswered"));
            Assert.That(card.GetProperty("commands")[0].GetProperty("age_s").GetDouble(), Is.EqualTo(7));
            Assert.That(card.GetProperty("pdus").GetArrayLength(), Is.EqualTo(3));
            Assert.That(card.GetProperty("pdus")[2].GetProperty("pdu").GetString(), Does.StartWith("Task Management Request LUN reset"));
        });
    }

    [Test]
    public void Alignment_is_that_which_was_asked_for()
    {
        View view = Views.Find("pattern")!.In(DisplayUnits.Default with { Align = 16384 });
        var options = new TopOptions { Output = OutputFormat.Csv, View = view, SortBy = view.SortBy, Fields = [view.Find("aligned_pct")!] };
        Assert.That(Samples.Written(options, Trouble()), Is.EqualTo("time,aligned_pct\r\n" + string.Concat(Enumerable.Repeat("1767323046.000000000,98\r\n", 1))
            + "1767323046.000000000,50\r\n1767323046.000000000,100\r\n1767323046.000000000,100\r\n"));
    }
}
