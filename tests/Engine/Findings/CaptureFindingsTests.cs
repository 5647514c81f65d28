using Iscsitop.Engine;
using Iscsitop.Engine.Sources;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Engine.Findings;

/// <summary>What is found in the captures: nothing where nothing is wrong.</summary>
[TestFixture]
public sealed class CaptureFindingsTests
{
    private static readonly (string Name, string[] Rules)[] s_table =
    [
        ("snap128.pcap", ["resyncs"]),
        ("tasks.pcap", ["session_drops"]),
    ];

    private static IEnumerable<TestCaseData> Captures =>
        from name in Corpus.Names
        from seconds in new[] { 1.0, Feed.WholeFile.TotalSeconds }
        select new TestCaseData(name, seconds).SetArgDisplayNames(name, seconds == 1 ? "by the second" : "at once");

    [TestCaseSource(nameof(Captures))]
    public void A_capture_has_the_findings_of_its_faults_and_no_others(string name, double seconds)
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = Corpus.PathOf(name) }, new Wants(0, TimeSpan.FromSeconds(seconds)));
        var examiner = new Examiner();
        while (!feed.Ended && feed.WaitForSnapshot(TimeSpan.FromSeconds(10), default)) examiner.Examine(feed.Take());
        string[] expected = s_table.FirstOrDefault(r => r.Name == name).Rules ?? [];
        Assert.That(examiner.Findings.Select(f => f.Rule).Distinct(), Is.EqualTo(expected), string.Join('\n', examiner.Findings));
    }
}
