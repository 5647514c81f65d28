using System.Text;

namespace Iscsitop.Tests.Conformance;

/// <summary>What became of every test of the suites against every profile.</summary>
/// <param name="profiles">The profiles, in the order of the table's columns.</param>
/// <param name="tests">Every test there is, as "Suite.Test".</param>
internal sealed class SuiteTable(IReadOnlyList<SuiteProfile> profiles, IReadOnlyList<string> tests)
{
    private readonly Dictionary<(string Profile, string Test), SuiteResult> _results = [];
    private readonly Lock _lock = new();

    /// <summary>Takes the results of a suite, or of a test of it.</summary>
    public void Add(SuiteProfile profile, string suite, IEnumerable<SuiteResult> results)
    {
        lock (_lock)
            foreach (SuiteResult result in results)
                _results[(profile.Name, $"{suite}.{result.Test}")] = result;
    }

    /// <summary>What is wrong in a profile: failures, tests that were skipped or not run, exceptions that hold no longer.</summary>
    public IEnumerable<string> Complaints(SuiteProfile profile)
    {
        HashSet<string> unfit = [.. profile.Unfit.SelectMany(u => u.Names)], skips = [.. profile.Skips.SelectMany(u => u.Names)];
        foreach (string test in tests.Where(t => Runs(profile, t)))
        {
            SuiteResult? result = _results.GetValueOrDefault((profile.Name, test));
            if (result is null) yield return $"{test} was not run";
            else if (result.Verdict == Verdict.Failed && !unfit.Contains(test)) yield return $"{test} failed: {result.Why}";
            else if (result.Verdict == Verdict.Skipped && !skips.Contains(test)) yield return $"{test} was skipped: {result.Why}";
            else if (result.Verdict == Verdict.Passed && (unfit.Contains(test) || skips.Contains(test))) yield return $"{test} passes by now: take it off the list";
        }
        foreach (string test in unfit.Union(skips).Except(tests)) yield return $"there is no {test}: take it off the list";
    }

    /// <summary>Tests that no profile has passed.</summary>
    public IEnumerable<string> NeverPassed => tests.Where(t => profiles.All(p => Of(p, t) != Verdict.Passed));

    /// <summary>A line for each suite: passed, failed, skipped, and what is known not to fit, of each profile.</summary>
    public override string ToString()
    {
        var table = new StringBuilder($"{"passed/failed/skipped/unfit",-28}");
        foreach (SuiteProfile profile in profiles) table.Append($" {profile.Name,12}");
        table.Append($" {"in any",7}\n");
        foreach (IGrouping<string, string> suite in tests.GroupBy(t => t[..t.IndexOf('.', StringComparison.Ordinal)])) Line(table, suite.Key, [.. suite]);
        Line(table, "all", tests);
        return table.ToString();
    }

    private bool Runs(SuiteProfile profile, string test) => profile.Only is { } only ? test == only : !profiles.Any(p => p.Only == test);

    private Verdict? Of(SuiteProfile profile, string test) => _results.GetValueOrDefault((profile.Name, test))?.Verdict;

    private void Line(StringBuilder table, string name, IReadOnlyList<string> of)
    {
        table.Append($"{name,-28}");
        foreach (SuiteProfile profile in profiles)
        {
            string[] unfit = [.. profile.Unfit.SelectMany(u => u.Names).Intersect(of)];
            int Count(Verdict verdict) => of.Count(t => Of(profile, t) == verdict && !(verdict == Verdict.Failed && unfit.Contains(t)));
            table.Append($" {(of.Any(t => Of(profile, t) is not null) ? $"{Count(Verdict.Passed)}/{Count(Verdict.Failed)}/{Count(Verdict.Skipped)}/{unfit.Length}" : "-"),12}");
        }
        table.Append($" {$"{of.Count(t => profiles.Any(p => Of(p, t) == Verdict.Passed))}/{of.Count}",7}\n");
    }
}
