using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Iscsitop.Engine.Findings;

namespace Iscsitop.Tests.Engine.Findings;

/// <summary>docs/findings.md says what the table of rules does, and nothing else.</summary>
[TestFixture]
public sealed class FindingsDocTests
{
    private static readonly string s_page = File.ReadAllText(Path.Combine(Home(), "docs", "findings.md")).ReplaceLineEndings("\n");

    private static IEnumerable<string> Names => Rule.All.Select(r => r.Name);

    [Test]
    public void The_page_has_the_rules_in_their_order_and_no_others() =>
        Assert.That(Regex.Matches(s_page, "(?m)^### (.*)$").Select(m => m.Groups[1].Value), Is.EqualTo(Names));

    [TestCaseSource(nameof(Names))]
    public void A_rule_is_explained_as_it_is(string name)
    {
        Rule rule = Rule.All.Single(r => r.Name == name);
        string severity = rule.Severity.ToString().ToLowerInvariant();
        Assert.That(s_page, Does.Contain($"\n### {rule.Name}\n\n- {severity}\n- when: {rule.When}\n- advice: {rule.Advice}\n\n"));
        string why = s_page[s_page.IndexOf($"\n- advice: {rule.Advice}\n\n", StringComparison.Ordinal)..].Split("\n\n")[1];
        Assert.That(why, Does.Match(@"^[A-Z0-9][^#]{20,}"), "why");
    }

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", "..", ".."));
}
