using Iscsitop.Cli;
using Iscsitop.Engine;
using Iscsitop.Engine.Checking;
using Iscsitop.Engine.Fleet;
using Iscsitop.Engine.Recording;
using Iscsitop.Tests.Cli;
using static Iscsitop.Tests.Fleet.Exposed;

namespace Iscsitop.Tests.Fleet;

/// <summary>From answers to snapshots: what is measured, what is unknown, and what is told twice.</summary>
[TestFixture]
public sealed class FleetStateTests
{
    [Test]
    public void A_rate_is_what_a_counter_grew_by_over_the_time_between_its_samples()
    {
        Row row = Only("lun", new FleetState().Read(131, Commands("a:1", "0", "read", "100@100 160@115 400@130")));
        Assert.That((row.Portal, row.Target, row.Lun, row.Read.Ops), Is.EqualTo(("a:1", Iqn, 0, 300)));
        Assert.That((row.Read.OpsPerSecond, row.Seconds), Is.EqualTo((10, 30)));
    }

    [Test]
    public void The_next_answer_goes_on_where_the_last_ended()
    {
        var state = new FleetState();
        state.Read(116, Commands("a:1", "0", "read", "100@100 160@115"));
        Row row = Only("lun", state.Read(131.5, Commands("a:1", "0", "read", "160@115 460@130.5")));
        Assert.That((row.Read.Ops, row.Seconds, row.Read.OpsPerSecond), Is.EqualTo((300, 15.5, 300 / 15.5)));
    }

    [Test]
    public void A_counter_that_begins_anew_counts_from_nothing()
    {
        var state = new FleetState();
        Snapshot snapshot = state.Read(131, Commands("a:1", "0", "write", "5000@100 5060@115 40@130"));
        Assert.That(Only("lun", snapshot).Write.Ops, Is.EqualTo(100));
        Assert.That(snapshot.Engines[0].Host!.Resets, Is.EqualTo(1));
    }

    [Test]
    public void All_buckets_of_a_histogram_begin_anew_together()
    {
        // 30 in the first bucket are more than there were before, yet all 30 are new.
        Row row = Only("lun", new FleetState().Read(116, Buckets("a:1", "0", "read", ("0.001", "10@100 30@115"), ("+Inf", "500@100 30@115")).Append(Commands("a:1", "0", "read", "500@100 30@115"))));
        Assert.That(row.Read.Latency.Count, Is.EqualTo(30));
    }

    [Test]
    public void A_series_that_comes_later_than_its_host_counts_from_nothing()
    {
        var state = new FleetState();
        state.Read(116, Commands("a:1", "0", "read", "100@100 160@115"));
        Snapshot snapshot = state.Read(131, Commands("a:1", "0", "read", "160@115 160@130"), Commands("a:1", "7", "read", "30@130"));
        Row row = Rows("lun", snapshot).Single(r => r.Lun == 7);
        Assert.That((row.Read.Ops, row.Seconds), Is.EqualTo((30, 15)));
    }

    [Test]
    public void A_series_measured_over_another_time_than_its_host_has_its_own_rate()
    {
        var state = new FleetState();
        state.Read(116, Commands("a:1", "0", "read", "0@100 150@115"), Commands("a:1", "1", "read", "0@100 150@115"));
        state.Read(131, Commands("a:1", "0", "read", "150@115 300@130"));
        Row row = Rows("lun", state.Read(146, Commands("a:1", "0", "read", "300@130 450@145"), Commands("a:1", "1", "read", "150@115 450@145"))).Single(r => r.Lun == 1);
        Assert.That(row.Read.OpsPerSecond, Is.EqualTo(10));
    }

    [Test]
    public void What_is_no_number_is_no_sample()
    {
        var state = new FleetState();
        Snapshot snapshot = state.Read(131, Commands("a:1", "0", "read", "100@100 NaN@110 +Inf@115 -Inf@120 400@130"), Commands("a:1", "1", "read", "NaN@100 NaN@130"));
        Row row = Only("lun", snapshot);
        Assert.That((row.Read.Ops, row.Seconds), Is.EqualTo((300, 30)));
    }

    [Test]
    public void What_two_servers_tell_alike_counts_once()
    {
        string once = Commands("a:1", "0", "read", "100@100 400@130"), twice = Commands("a:1", "0", "read", "100@101 400@131", ",replica=\"b\"");
        Snapshot snapshot = new FleetState().Read(131, once, twice, Commands("a:1", "0", "write", "0@100 0@130"));
        Assert.That(Only("lun", snapshot).Read.Ops, Is.EqualTo(300));
        Assert.That(snapshot.Engines[0].Host!.Doubles, Is.EqualTo(1));
    }

    [Test]
    public void The_other_one_is_believed_when_the_first_ends()
    {
        var state = new FleetState();
        state.AddHeartbeats(Answer(Heartbeat("a:1", "1@55 1@70 1@85 1@100")));
        string more = ",replica=\"b\"";
        state.Read(131, Commands("a:1", "0", "read", "100@100 400@130"), Commands("a:1", "0", "read", "100@100 400@130", more));
        Row row = Only("lun", state.Read(176, Commands("a:1", "0", "read", "400@130 800@175", more)));
        Assert.That((row.Read.Ops, row.Seconds), Is.EqualTo((400, 45)));
    }

    [Test]
    public void A_host_without_samples_for_two_intervals_is_silent_and_nothing_is_known_of_it()
    {
        var state = new FleetState();
        state.AddHeartbeats(Answer(Heartbeat("a:1", "1@100 1@115"), Heartbeat("b:1", "1@100 1@115")));
        state.Read(116, Commands("a:1", "0", "read", "0@100 150@115"), Commands("b:1", "0", "read", "0@100 150@115"));
        state.Read(131, Commands("a:1", "0", "read", "150@115 300@130"));
        Snapshot snapshot = state.Read(147, Commands("a:1", "0", "read", "300@130 450@145"));
        Assert.That(snapshot.Engines.Select(e => (e.Source, e.Host!.SilentSince / 1_000_000_000, e.Seconds)), Is.EqualTo(new[] { ("a:1", 0L, 15.0), ("b:1", 115L, 0.0) }));
        Row silent = Rows("lun", snapshot).Single(r => r.Portal == "b:1");
        foreach (Column column in FleetViews.All[0].Columns.Where(c => c.Value is not null && c.Field != "lun"))
            Assert.That(column.Value!(silent), Is.NaN, column.Field);
        Assert.That(State("b:1", snapshot), Is.EqualTo("silent"));
        Assert.That(state.AllFresh, Is.False, "a waits for its next");
    }

    [Test]
    public void A_host_that_cannot_be_scraped_is_down_at_once()
    {
        var state = new FleetState();
        state.AddHeartbeats(Answer(Heartbeat("a:1", "1@100 1@115"), Heartbeat("b:1", "1@100 1@115")));
        state.AddUp(Answer(Of("up", "a:1", "", "1@131"), Of("up", "b:1", "", "0@131")));
        Snapshot snapshot = state.Read(131, Commands("a:1", "0", "read", "0@115 150@130"));
        Assert.That((State("a:1", snapshot), State("b:1", snapshot)), Is.EqualTo(("tells", "down")));
    }

    [Test]
    public void One_that_tells_again_is_measured_over_the_whole_gap()
    {
        var state = new FleetState();
        state.AddHeartbeats(Answer(Heartbeat("a:1", "1@85 1@100")));
        state.Read(116, Commands("a:1", "0", "read", "0@100 150@115"));
        Assert.That(Only("lun", state.Read(200)).Seconds, Is.Zero);
        Row row = Only("lun", state.Read(216, Commands("a:1", "0", "read", "1150@215")));
        Assert.That((row.Read.Ops, row.Seconds), Is.EqualTo((1000, 100)));
    }

    [Test]
    public void Nothing_new_is_nothing_known()
    {
        var state = new FleetState();
        state.Read(116, Commands("a:1", "0", "read", "0@100 150@115"));
        Row row = Only("lun", state.Taken(117));
        Assert.That(Value("lun", "reads_per_s", row), Is.NaN);
        Assert.That(Value("lun", "reads", row), Is.NaN);
    }

    [Test]
    public void A_unit_that_its_host_goes_on_without_has_gone()
    {
        var state = new FleetState();
        state.Read(116, Commands("a:1", "0", "read", "0@100 150@115"), Commands("a:1", "1", "read", "0@100 150@115"));
        Assert.That(Rows("lun", state.Read(131, Commands("a:1", "0", "read", "150@115 150@130"))).Select(r => r.Lun), Is.EqualTo(new ulong[] { 0 }));
    }

    [Test]
    public void Initiators_have_rows_where_they_are_told_apart()
    {
        const string One = ",iscsi_initiator_name=\"iqn.1994-05.com.example:one\"", Two = ",iscsi_initiator_name=\"iqn.1994-05.com.example:two\"";
        Snapshot snapshot = new FleetState().Read(116, Buckets("a:1", "0", "read", ("0.001", "0@100 600@115"), ("+Inf", "0@100 600@115"))
            .Append(Commands("a:1", "0", "read", "0@100 150@115", One)).Append(Commands("a:1", "0", "read", "0@100 450@115", Two)));
        Assert.That(Rows("initiator", snapshot).OrderBy(r => r.Initiator).Select(r => (r.Initiator, r.Read.Ops, r.Read.Latency.Count)),
            Is.EqualTo(new[] { ("iqn.1994-05.com.example:one", 150L, 0L), ("iqn.1994-05.com.example:two", 450L, 0L) }));
        Row unit = Only("lun", snapshot);
        Assert.That((unit.Read.Ops, unit.Read.Latency.Count), Is.EqualTo((600, 600)));
    }

    [Test]
    public void Errors_outstanding_commands_sessions_and_logins_are_told()
    {
        string target = $"iscsi_target_name=\"{Iqn}\"";
        Snapshot snapshot = new FleetState().Read(116,
            Heartbeat("a:1", "1@100 1@115"),
            Commands("a:1", "0", "read", "0@100 150@115"),
            Of("iscsi_server_io_bytes_total", "a:1", "0", "read", "0@100 614400@115"),
            Of("iscsi_server_command_outstanding", "a:1", target + ",scsi_lun=\"0\"", "3@100 7@115"),
            Of("iscsi_server_command_errors_total", "a:1", target + ",scsi_lun=\"0\",error_type=\"06_29_00\",scsi_opcode=\"READ(10)\"", "0@100 15@115"),
            Of("iscsi_server_command_errors_total", "a:1", target + ",scsi_lun=\"0\",error_type=\"BUSY\",scsi_opcode=\"READ(10)\"", "30@115"),
            Of("iscsi_server_session_count", "a:1", target, "2@100 4@115"),
            Of("iscsi_server_connection_count", "a:1", target + ",network_local_address=\"192.0.2.1\"", "4@115"),
            Of("iscsi_server_connection_count", "a:1", target + ",network_local_address=\"192.0.2.2\"", "1@115"),
            Of("iscsi_server_logins_total", "a:1", target + ",iscsi_login_result=\"failure\",error_type=\"02_01\"", "0@100 45@115"));
        Row unit = Only("lun", snapshot), place = Only("target", snapshot);
        Assert.That((Value("lun", "read_size_bytes", unit), Value("lun", "outstanding", unit), Value("lun", "errors_per_s", unit)), Is.EqualTo((4096, 7, 3)));
        Assert.That(new[] { "open_sessions", "connections", "login_failures_per_s", "logins_per_s", "unit_attentions_per_s" }.Select(f => Value("target", f, place)), Is.EqualTo(new[] { 4, 5, 3, 0, 1.0 }));
        Assert.That((snapshot.Engines[0].Sessions, snapshot.Engines[0].Version), Is.EqualTo((4, "0.1.0")));
        foreach (string field in new[] { "queue_depth", "queue_depth_max", "busy_pct", "initiators", "paths", "iops_peak", "aborted", "read_max_us" })
            Assert.That(Value("lun", field, unit), Is.NaN, field);
    }

    // An exporter of others may not have them all; ours lacks what has not happened.
    [TestCase("iscsi_server_command_errors_total", "errors,errors_per_s,unit_attentions_per_s")]
    [TestCase("iscsi_server_io_bytes_total", "read_bytes,read_bytes_per_s,read_size_bytes,bytes_share_pct")]
    [TestCase("iscsi_server_command_outstanding", "outstanding")]
    [TestCase("iscsi_server_commands_total", "reads,reads_per_s,n,read_size_bytes,ops_share_pct")]
    [TestCase("iscsi_server_logins_total", "logins_per_s,login_failures_per_s,redirected_per_s")]
    [TestCase("iscsi_server_session_ends_total", "logouts_per_s,reinstated_per_s")]
    [TestCase("iscsi_server_session_count", "open_sessions")]
    public void What_an_exporter_has_no_metric_of_is_unknown(string metric, string fields)
    {
        string target = $"iscsi_target_name=\"{Iqn}\"";
        string[] all =
        [
            Commands("a:1", "0", "read", "0@100 150@115"),
            Of("iscsi_server_io_bytes_total", "a:1", "0", "read", "0@100 614400@115"),
            Of("iscsi_server_command_outstanding", "a:1", target + ",scsi_lun=\"0\"", "7@115"),
            Of("iscsi_server_command_errors_total", "a:1", target + ",scsi_lun=\"7\",error_type=\"BUSY\"", "0@115"),
            Of("iscsi_server_session_count", "a:1", target, "4@115"),
            Of("iscsi_server_connection_count", "a:1", target, "4@115"),
            Of("iscsi_server_session_ends_total", "a:1", target + ",iscsi_end_reason=\"logout\"", "0@115"),
            Of("iscsi_server_logins_total", "a:1", target + ",iscsi_login_result=\"success\"", "0@115"),
        ];
        string[] without = [.. all.Where(s => !s.StartsWith(metric, StringComparison.Ordinal))];
        foreach (string field in fields.Split(','))
        {
            string view = FleetViews.All[0].Find(field) is null ? "target" : "lun";
            Assert.That(ValueOf(view, field, all), Is.GreaterThanOrEqualTo(0), field);
            Assert.That(ValueOf(view, field, without), Is.NaN, field);
            if (field.EndsWith("_per_s", StringComparison.Ordinal)) Assert.That(ValueOf(view, field, [Heartbeat("a:1", "1@100 1@115"), .. without]), Is.Zero, field);
        }
    }

    [Test]
    public void Sessions_alone_tell_nothing_of_commands()
    {
        string target = $"iscsi_target_name=\"{Iqn}\"";
        string[] series = [Of("iscsi_server_session_count", "a:1", target, "2@100 4@115"), Of("iscsi_server_connection_count", "a:1", target, "2@100 4@115")];
        foreach (string field in new[] { "reads_per_s", "writes_per_s", "errors_per_s" }) Assert.That(ValueOf("target", field, series), Is.NaN, field);
        Assert.That(ValueOf("target", "open_sessions", series), Is.EqualTo(4));
    }

    [TestCase("errors > 0", true, false)]
    [TestCase("errors > 0", false, null)]
    [TestCase("errors_pct > 1", false, null)]
    [TestCase("iops > 1", false, true)]
    [TestCase("rejects > 0", true, null)]
    [TestCase("sessions < 1", true, null)]
    public void A_condition_on_what_is_not_told_is_not_known(string condition, bool ours, bool? verdict)
    {
        IEnumerable<string> series = [.. Buckets("a:1", "0", "read", ("0.001", "0@100 600@115"), ("+Inf", "0@100 600@115")), Commands("a:1", "0", "read", "0@100 600@115")];
        var watch = new Watch(Check.Parse(condition), Narrowing.None);
        watch.Add(new FleetState().Read(116, ours ? series.Append(Heartbeat("a:1", "1@100 1@115")) : series));
        Assert.That(watch.Verdict, Is.EqualTo(verdict));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void The_past_has_what_the_present_had(bool merged)
    {
        string target = $"iscsi_target_name=\"{Iqn}\"";
        var state = new FleetState();
        var history = new SnapshotHistory(merged ? 20_000 : SnapshotHistory.DefaultBytes);
        state.AddHeartbeats(Answer(Heartbeat("a:1", "1@85 1@100"), Heartbeat("b:1", "1@85 1@100")));
        var shown = new List<string>();
        for (int i = 1; i <= 200; i++)
        {
            int now = 100 + 15 * i;
            Snapshot snapshot = state.Read(now + 1,
                Heartbeat("a:1", $"1@{now}"),
                Commands("a:1", "0", "read", $"{150 * i}@{now}"),
                Of("iscsi_server_session_count", "a:1", target, $"{i % 5}@{now}"),
                Of("iscsi_server_connection_count", "a:1", target, $"{i % 7}@{now}"),
                Of("iscsi_server_logins_total", "a:1", target + ",iscsi_login_result=\"success\"", $"{30 * i}@{now}"));
            snapshot.Fleet = new FleetStatus("http://prometheus.example:9090", i == 3 ? "no answer" : "");
            history.Add(snapshot);
            shown.Add(Shown(snapshot));
        }
        Snapshot? past = history.At(long.MaxValue);
        Assert.That(Shown(past!), Is.EqualTo(shown[^1]));
        if (merged)
        {
            // Intervals are longer, rates and what stands are not otherwise.
            Assert.That(history.Count, Is.LessThan(150));
            Assert.That(history.At(0)!.Seconds, Is.GreaterThan(29));
            Row place = Rows("target", history.At(0)!).First(r => r.Portal == "a:1");
            Assert.That(Value("target", "logins_per_s", place), Is.EqualTo(2).Within(0.001));
            return;
        }
        for (int i = shown.Count - 1; past is not null; past = history.Before(past.Time), i--)
        {
            Assert.That(Shown(past), Is.EqualTo(shown[i]), $"{i}");
            if (i == 2) Assert.That(past.Fleet!.Problem, Is.EqualTo("no answer"));
        }
    }

    // Every view as CSV.
    private static string Shown(Snapshot snapshot) => string.Join('\n', FleetViews.All.Select(v => Samples.Written(new TopOptions { View = v, SortBy = v.SortBy, Output = Iscsitop.Cli.OutputFormat.Csv }, snapshot)));

    private static double ValueOf(string view, string field, IEnumerable<string> series) => Value(view, field, Rows(view, new FleetState().Read(116, series)).First(r => view != "lun" || r.Lun == 0));

    [Test]
    public void Where_the_time_went_is_told_as_sums()
    {
        string[] series = [Commands("a:1", "0", "write", "0@100 150@115"), .. Buckets("a:1", "0", "write", ("0.01", "0@100 150@115"), ("+Inf", "0@100 150@115")),
            Of("iscsi_server_command_duration_seconds_sum", "a:1", "0", "write", "0@100 0.6@115"), .. new[] { "sum", "count" }.Select(s =>
                Of("iscsi_server_command_phase_duration_seconds_" + s, "a:1", $"iscsi_target_name=\"{Iqn}\",scsi_lun=\"0\",disk_io_direction=\"write\",iscsi_phase=\"host_data\"", s == "sum" ? "0@100 0.45@115" : "0@100 150@115"))];
        Row row = Only("lun", new FleetState().Read(116, series));
        Assert.That((row.Phases.Share(Phase.HostData), row.Phases.Mean(Phase.HostData), row.Phases.Verdict), Is.EqualTo((0.75, 3e6, Verdict.HostOrNetwork)));
    }

    [Test]
    public void A_label_that_stands_for_many_is_no_number()
    {
        Row row = Only("lun", new FleetState().Read(116, Commands("a:1", "_OTHER", "read", "0@100 150@115")));
        Assert.That((Value("lun", "lun", row), row.Read.Ops), Is.EqualTo((double.NaN, 150)));
    }

    [Test]
    public void What_has_been_silent_for_an_hour_is_forgotten()
    {
        var state = new FleetState();
        state.Read(116, Commands("b:1", "0", "read", "0@100 150@115"));
        for (int i = 0; i < 64; i++) state.Read(5000 + 15 * i, Commands("a:1", "0", "read", $"{i}@{5000 + 15 * i}"));
        Assert.That(state.Hosts.Select(h => h.Name), Is.EqualTo(new[] { "a:1" }));
    }

    internal static IEnumerable<Row> Rows(string view, Snapshot snapshot)
    {
        View v = FleetViews.All.Single(w => w.Key == view);
        RowSource rows = v.Source(new TopOptions());
        rows.Build(snapshot, [], Narrowing.None);
        return rows.Rows;
    }

    internal static double Value(string view, string field, Row row) => FleetViews.All.Single(v => v.Key == view).Find(field)!.Value!(row);

    private static Row Only(string view, Snapshot snapshot) => Rows(view, snapshot).Single();

    private static string State(string host, Snapshot snapshot) => FleetViews.OfHosts[0].Text!(Rows("host", snapshot).Single(r => r.Portal == host));
}
