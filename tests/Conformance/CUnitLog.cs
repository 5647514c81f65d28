using System.Text.RegularExpressions;

namespace Iscsitop.Tests.Conformance;

internal enum Verdict
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>One test of a suite, as the log of libiscsi's test tool tells it.</summary>
internal sealed record SuiteResult(string Test, Verdict Verdict, string Why);

/// <summary>
/// Reads the log of <c>iscsi-test-cu</c>. Its closing counts cannot be used: they count a skipped test as passed.
/// </summary>
internal static partial class CUnitLog
{
    public static List<SuiteResult> Read(string log)
    {
        var results = new List<SuiteResult>();
        MatchCollection starts = Start().Matches(log);
        for (int i = 0; i < starts.Count; i++)
        {
            int from = starts[i].Index;
            int to = i + 1 < starts.Count ? starts[i + 1].Index : log.Length;
            results.Add(ReadTest(starts[i].Groups[1].Value, log[from..to]));
        }
        return results;
    }

    private static SuiteResult ReadTest(string name, string body)
    {
        // What a test says may stand between its name and its verdict, so the last verdict is its own; and the
        // suite's clean-up, which may skip things too, speaks on behind the verdict of the last test.
        Match? verdict = VerdictWord().Matches(body).LastOrDefault();
        if (verdict?.Groups[1].Value == "passed")
        {
            Match skipped = Skipped().Match(body[..verdict.Index]);
            return new SuiteResult(name, skipped.Success ? Verdict.Skipped : Verdict.Passed, skipped.Groups[1].Value.Trim());
        }
        string why = verdict is null ? "it did not come to its end" : string.Join("; ", Complaint().Matches(body).Select(m => m.Value.Trim()));
        return new SuiteResult(name, Verdict.Failed, why);
    }

    [GeneratedRegex(@"^  Test: (\S+) ", RegexOptions.Multiline)]
    private static partial Regex Start();

    [GeneratedRegex(@"(?:\.\.\.\s*|^)(passed|FAILED)\b", RegexOptions.Multiline)]
    private static partial Regex VerdictWord();

    [GeneratedRegex(@"\[SKIPPED\]([^\n]*)")]
    private static partial Regex Skipped();

    [GeneratedRegex(@"\[FAILED\][^\n]*|^\s+\d+\. [^\n]*", RegexOptions.Multiline)]
    private static partial Regex Complaint();
}
