using Iscsitop.Tests.Cli;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Iscsi;
using Iscsitop.Tests.Scsi;
using Iscsitop.Tests.Server;
using Iscsitop.Tests.Stores;

namespace Iscsitop.Tests.BadInput;

/// <summary>The list of bad input: each of its cases is a row, is tested elsewhere, or does not apply to a target.</summary>
[TestFixture]
public sealed class CoverageTests
{
    // Cases whose point needs more than a peer, or that are about one of our parts alone.
    private static readonly Dictionary<string, string> s_elsewhere = new()
    {
        ["V1"] = nameof(ExtendedCopyTests.Nothing_is_copied_when_a_segment_cannot_be),
        ["V3"] = nameof(ChapTests.A_wrong_answer_is_refused),
        ["V4"] = nameof(ChapTests.A_wrong_answer_is_refused),
        ["V7"] = nameof(ChapTests.An_algorithm_we_have_not_is_refused),
        ["V8"] = nameof(ChapTests.A_wrong_answer_is_refused),
        ["V10"] = nameof(TargetsTests.Who_does_not_log_in_gives_way_whatever_its_address),
        ["V12"] = nameof(ReservationsTests.Moving_refuses_a_wrong_destination),
        ["V18"] = nameof(TargetsTests.Ten_thousand_targets_come_in_parts_that_fit),
        ["V20"] = nameof(ChapTests.No_two_challenges_are_alike),
        ["V25"] = nameof(TargetsTests.Ten_thousand_targets_come_in_parts_that_fit),
        ["V26"] = nameof(ChapTests.Discovery_has_its_own_rule),
        ["V29"] = nameof(LoginTests.Names_have_a_length),
        ["V30"] = nameof(ChapTests.The_right_secret_logs_in),
        ["V31"] = nameof(SessionTests.A_new_session_begins_when_the_old_ones_writes_have_ended),
        ["V34"] = nameof(IscsiNameTests),
        ["V36"] = nameof(LoginRows),
        ["C1"] = nameof(DeviceServerTests.Every_opcode_and_service_action_gets_a_status),
        ["C11"] = nameof(SanitizerTests.While_it_runs_the_medium_is_out_of_reach_and_a_reset_does_not_end_it),
        ["C16"] = nameof(DeviceServerTests.A_store_error_becomes_sense_data),
    };

    private static readonly Dictionary<string, string> s_notOurs = new()
    {
        ["V14"] = "we print no status into a buffer of a fixed size",
        ["V38"] = "a hole between an initiator's kernel and its user space",
    };

    private static IEnumerable<string> Ids() =>
        [.. List("V", 38), .. List("F", 12), .. List("L", 26), .. List("S", 13), .. List("C", 16)];

    [Test]
    public void Every_case_has_a_row_or_a_reason([ValueSource(nameof(Ids))] string id) =>
        Assert.That(RowTests.All.Any(r => r.Id == id) || s_elsewhere.ContainsKey(id) || s_notOurs.ContainsKey(id), "no row");

    [Test]
    public void Every_row_is_one_of_the_list_and_has_a_name_of_its_own() => Assert.Multiple(() =>
    {
        Assert.That(RowTests.All.Select(r => r.Id).Except(Ids()), Is.Empty);
        Assert.That(RowTests.All.Select(r => r.Name), Is.Unique);
    });

    [Test]
    public void What_is_tested_elsewhere_is_a_test() => Assert.Multiple(() =>
    {
        HashSet<string> names = [.. typeof(CoverageTests).Assembly.GetTypes().SelectMany(t => t.GetMethods().Select(m => m.Name).Append(t.Name))];
        foreach ((string id, string name) in s_elsewhere) Assert.That(names, Does.Contain(name), id);
    });

    private static IEnumerable<string> List(string letter, int count) => Enumerable.Range(1, count).Select(i => $"{letter}{i}");
}
