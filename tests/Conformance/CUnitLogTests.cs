namespace Iscsitop.Tests.Conformance;

[TestFixture]
public sealed class CUnitLogTests
{
    private const string Log = """
        Suite: Reserve6
          Test: Simple ...passed
          Test: Talkative ...    Take the reservation
            Give it back
        passed
          Test: Thin ...    [SKIPPED] Not thin.
        passed
          Test: Wrong ...    [FAILED] MODE SENSE was GOOD
        FAILED
            1. reserve.c:70  - CU_ASSERT_EQUAL(_r,0)
          Test: Last ...passed    [SKIPPED] Clean-up is not implemented.

        Suite: Other
          Test: Cut ...    Send a command

        """;

    [TestCase("Simple", "Passed", "")]
    [TestCase("Talkative", "Passed", "")]
    [TestCase("Thin", "Skipped", "Not thin.")]
    [TestCase("Wrong", "Failed", "[FAILED] MODE SENSE was GOOD; 1. reserve.c:70  - CU_ASSERT_EQUAL(_r,0)")]
    [TestCase("Last", "Passed", "")]
    [TestCase("Cut", "Failed", "it did not come to its end")]
    public void A_test_has_its_verdict_and_its_reason(string test, string verdict, string why)
    {
        SuiteResult result = CUnitLog.Read(Log).Single(r => r.Test == test);

        Assert.That((result.Verdict.ToString(), result.Why), Is.EqualTo((verdict, why)));
    }

    [Test]
    public void A_log_without_tests_has_no_results() => Assert.That(CUnitLog.Read("Login Failed.\n"), Is.Empty);
}
