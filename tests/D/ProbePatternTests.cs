using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Tests.D;

/// <summary>Which probes a description means.</summary>
[TestFixture]
public sealed class ProbePatternTests
{
    private ProbeCatalog _catalog = null!;

    [SetUp]
    public void SetUp()
    {
        _catalog = new ProbeCatalog();
        _catalog.AddEngine(123);
        _catalog.AddEngine(7);
    }

    private ProbeEntry[] Matches(string description) =>
        new ProbePattern(((Clause)Written.Parse(description).Items.Single()).Probes.Single()).In(_catalog);

    [TestCase("iscsi*:::", 36)]
    [TestCase("iscsi123:::", 18)]
    [TestCase("iscsi$target:::", 18)]
    [TestCase("iscsi:::", 36)]
    [TestCase("iscsi:::xfer-start", 2)]
    [TestCase("iscsi:::BEGIN", 0)]
    [TestCase("iscs:::", 0)]
    [TestCase("iscsi?:::", 18)]
    [TestCase("iscsi[0-9]:::", 18)]
    [TestCase("iscsi[!7]*:::", 18)]
    [TestCase(":::", 36)]
    [TestCase("*:::", 39)]
    [TestCase("dtrace:::", 3)]
    [TestCase("BEGIN", 1)]
    [TestCase("dtrace:::BEGIN", 1)]
    [TestCase("begin", 0)]
    [TestCase("iscsi*:::BEGIN", 0)]
    [TestCase("data-send", 2)]
    [TestCase("data-*", 6)]
    [TestCase("*-command", 10)]
    [TestCase("*-*", 36)]
    [TestCase("xfer-*", 4)]
    [TestCase("transfer:", 4)]
    [TestCase("receive:", 14)]
    [TestCase("iscsitop::", 36)]
    [TestCase("iscsi7:iscsitop:send:nop-send", 1)]
    [TestCase("iscsi7:nowhere::", 0)]
    [TestCase("1", 1)]
    [TestCase("39", 1)]
    [TestCase("40", 0)]
    [TestCase("0", 0)]
    public void A_description_means_so_many(string description, int count) => Assert.That(Matches(description), Has.Length.EqualTo(count));

    [TestCase("tick-1s", 1_000_000_000)]
    [TestCase("tick-1sec", 1_000_000_000)]
    [TestCase("profile:::tick-10sec", 10_000_000_000)]
    [TestCase("profile-97", 10_309_278)]
    [TestCase("tick-1", 1_000_000_000)]
    [TestCase("tick-10hz", 100_000_000)]
    [TestCase("tick-10HZ", 100_000_000)]
    [TestCase("tick-5000", 200_000)]
    [TestCase("tick-200000ns", 200_000)]
    [TestCase("tick-200000nsec", 200_000)]
    [TestCase("tick-200us", 200_000)]
    [TestCase("tick-500usec", 500_000)]
    [TestCase("tick-5ms", 5_000_000)]
    [TestCase("tick-5msec", 5_000_000)]
    [TestCase("tick-1m", 60_000_000_000)]
    [TestCase("tick-1min", 60_000_000_000)]
    [TestCase("tick-1h", 3_600_000_000_000)]
    [TestCase("tick-1hour", 3_600_000_000_000)]
    [TestCase("tick-2d", 172_800_000_000_000)]
    [TestCase("tick-2day", 172_800_000_000_000)]
    [TestCase("p*:::tick-2s", 2_000_000_000)]
    public void A_timer_comes_when_it_is_named(string description, long period)
    {
        ProbeEntry timer = Matches(description).Single();
        Assert.That((timer.Provider, timer.Source, timer.Period), Is.EqualTo(("profile", ProbeSource.Timer, period)));
        Assert.That(Matches(description).Single(), Is.SameAs(timer), "it comes once");
    }

    [TestCase("tick-")]
    [TestCase("tick-0")]
    [TestCase("tick-1x")]
    [TestCase("tick-1ss")]
    [TestCase("tick-s")]
    [TestCase("tick-1ns")]
    [TestCase("tick-5001")]
    [TestCase("tick-99999999999999999999s")]
    [TestCase("tick-9999999999d")]
    [TestCase("tock-1s")]
    [TestCase("tick1s")]
    [TestCase("tick-*")]
    [TestCase("dtrace:::tick-1s")]
    [TestCase("profile:x::tick-1s")]
    public void What_is_no_timer_matches_nothing(string description) => Assert.That(Matches(description), Is.Empty);

    [Test]
    public void A_glob_finds_the_timers_that_are_there()
    {
        Assert.That(Matches("tick-1s"), Has.Length.EqualTo(1));
        Assert.That(Matches("profile-2"), Has.Length.EqualTo(1));
        Assert.That(Matches("tick-*"), Has.Length.EqualTo(1));
        Assert.That(Matches("profile:::"), Has.Length.EqualTo(2));
    }

    [TestCase("", "", true)]
    [TestCase("*", "", true)]
    [TestCase("**", "abc", true)]
    [TestCase("a*c", "abbc", true)]
    [TestCase("a*c", "abcd", false)]
    [TestCase("*ab*ab", "abxabab", true)]
    [TestCase("?", "", false)]
    [TestCase("a?c", "abc", true)]
    [TestCase("[abc]", "b", true)]
    [TestCase("[a-c]x", "cx", true)]
    [TestCase("[a-c]", "d", false)]
    [TestCase("[!a-c]", "d", true)]
    [TestCase("[!a-c]", "a", false)]
    [TestCase("[]]", "]", true)]
    [TestCase("[a-]", "-", true)]
    [TestCase("[\\]]", "]", true)]
    [TestCase("[abc", "[abc", true)]
    [TestCase("[", "[", true)]
    [TestCase("\\*", "*", true)]
    [TestCase("\\*", "a", false)]
    [TestCase("\\", "\\", true)]
    [TestCase("*[0-9]", "ab1", true)]
    public void A_glob_is_for_the_whole(string pattern, string text, bool matches) => Assert.That(ProbePattern.Glob(pattern, text), Is.EqualTo(matches));

    // A star that fails tries one place after the other, not all ways to share the text among the stars.
    [Test]
    public void Many_stars_end()
    {
        string stars = string.Concat(Enumerable.Repeat("*a", 60)) + "*b";
        Assert.That(ProbePattern.Glob(stars, new string('a', 5000)), Is.False);
    }
}
