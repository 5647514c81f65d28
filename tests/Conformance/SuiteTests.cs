using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Iscsitop.Tests.Conformance;

/// <summary>
/// All of libiscsi's conformance suites against units of every kind, each suite in a process of its own against a fresh target.
/// They are run once, several at a time, for most of them sleep most of the time.
/// </summary>
[TestFixture]
public sealed partial class SuiteTests
{
    private const int AtATime = 6;

    // Longer than any suite's own waits (a minute of sleep), shorter than a hang is worth.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(240);

    private static readonly Lazy<SuiteTable> s_table = new(RunAll);

    private static IEnumerable<string> Profiles => SuiteProfile.All.Select(p => p.Name);

    [OneTimeSetUp]
    public void NeedTheTool() => Client.Need("iscsi-test-cu");

    [TestCaseSource(nameof(Profiles))]
    public void No_suite_of_libiscsi_fails_on_a_unit_that_is(string profile) =>
        Assert.That(string.Join('\n', s_table.Value.Complaints(SuiteProfile.All.Single(p => p.Name == profile))), Is.Empty);

    [Test]
    public void Every_test_of_libiscsi_passes_on_some_unit() => Assert.That(s_table.Value.NeverPassed, Is.Empty);

    [OneTimeTearDown]
    public void PrintTable()
    {
        if (!s_table.IsValueCreated) return;
        TestContext.Out.Write(s_table.Value);
        if (Environment.GetEnvironmentVariable("ISCSITOP_REPORT") is { Length: > 0 } file) File.WriteAllText(file, s_table.Value.ToString());
    }

    private static SuiteTable RunAll()
    {
        (string Family, string Suite, string Test)[] tests = [.. Listed(Client.RunWell("iscsi-test-cu", "--list").All)];
        var table = new SuiteTable(SuiteProfile.All, [.. tests.Select(t => $"{t.Suite}.{t.Test}")]);
        IEnumerable<(SuiteProfile Profile, string Suite, string Pattern)> runs = SuiteProfile.All.SelectMany(p =>
            tests.GroupBy(t => (t.Family, t.Suite)).SelectMany(g => Patterns(p, g.Key.Suite, [.. g.Select(t => t.Test)]).Select(pattern => (p, g.Key.Suite, $"{g.Key.Family}.{g.Key.Suite}.{pattern}"))));
        Parallel.ForEach(Partitioner.Create(runs, EnumerablePartitionerOptions.NoBuffering), new ParallelOptions { MaxDegreeOfParallelism = AtATime }, run => Run(table, run.Profile, run.Suite, run.Pattern));
        return table;
    }

    // What another profile has for itself is left out: its neighbours are run one by one.
    private static IEnumerable<string> Patterns(SuiteProfile profile, string suite, string[] tests)
    {
        if (profile.Only is { } only) return tests.Where(t => $"{suite}.{t}" == only);
        string[] elsewhere = [.. SuiteProfile.All.Select(p => p.Only).OfType<string>()];
        return tests.Any(t => elsewhere.Contains($"{suite}.{t}")) ? tests.Where(t => !elsewhere.Contains($"{suite}.{t}")) : ["*"];
    }

    // The families SCSI and iSCSI have each test once; ALL and LINUX have them again.
    private static IEnumerable<(string Family, string Suite, string Test)> Listed(string list) =>
        Names().Matches(list).Select(m => (m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value));

    private static void Run(SuiteTable table, SuiteProfile profile, string suite, string pattern)
    {
        using var scratch = new Scratch();
        using TargetProcess target = TargetProcess.StartConfigured(profile.Configuration(scratch));

        // Without line buffering a suite that is killed takes its log with it.
        Output output = Client.Run("stdbuf", ["-oL", "iscsi-test-cu", "--dataloss", "--allow-sanitize", "-v", "-t", pattern, .. profile.Urls(target)], null, s_patience);
        List<SuiteResult> results = CUnitLog.Read(output.Out);
        if (!target.Alive) results = [.. results.Select(r => new SuiteResult(r.Test, Verdict.Failed, "the target has ended: " + target.Log.Text))];
        if (results.Count == 0) TestContext.Progress.WriteLine($"{profile.Name} {pattern}: {output.All}{target.Log.Text}");
        table.Add(profile, suite, results);
    }

    [GeneratedRegex(@"^(SCSI|iSCSI)\.([^.\s]+)\.(\S+)$", RegexOptions.Multiline)]
    private static partial Regex Names();
}
