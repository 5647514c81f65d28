namespace Iscsitop.Tests.Conformance;

/// <summary>libiscsi's conformance suites, each in a process of its own against a fresh target.</summary>
[TestFixture]
public sealed class SuiteTests
{
    // Longer than any suite's own waits for silence (3 to 5 s each), shorter than a hang is worth.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private static readonly List<string> s_table = [];

    /// <summary>Suites that pass with what the target has; each later capability adds its own.</summary>
    private static readonly string[] s_suites =
    [
        "SCSI.Inquiry", "SCSI.Mandatory", "SCSI.ModeSense6", "SCSI.TestUnitReady", "SCSI.ReportSupportedOpcodes",
        "SCSI.ReadCapacity10", "SCSI.ReadCapacity16", "SCSI.Prefetch10", "SCSI.Prefetch16",
        "SCSI.Read6", "SCSI.Read10", "SCSI.Read12", "SCSI.Read16",
        "SCSI.Write10", "SCSI.Write12", "SCSI.Write16", "SCSI.WriteVerify10", "SCSI.WriteVerify12", "SCSI.WriteVerify16",
        "SCSI.Verify10", "SCSI.Verify12", "SCSI.Verify16",
        "SCSI.Unmap", "SCSI.WriteSame10", "SCSI.WriteSame16", "SCSI.GetLBAStatus",
        "SCSI.CompareAndWrite", "SCSI.OrWrite", "SCSI.WriteAtomic16", "SCSI.Sanitize.[BCEIO]*", "SCSI.ReadDefectData10", "SCSI.ReadDefectData12",
        "SCSI.PrinReadKeys", "SCSI.PrinServiceactionRange", "SCSI.PrinReportCapabilities", "SCSI.ProutRegister", "SCSI.ProutReserve", "SCSI.ProutClear",
        "SCSI.ProutPreempt", "SCSI.Reserve6", "SCSI.ExtendedCopy", "SCSI.ReceiveCopyResults",
        "iSCSI.iSCSIcmdsn", "iSCSI.iSCSIdatasn", "iSCSI.iSCSIResiduals", "iSCSI.iSCSITMF",
    ];

    /// <summary>Units of other kinds, and the suites in which that makes a difference.</summary>
    private static readonly (string Lun, string[] Suites)[] s_profiles =
    [
        ("ram:64MiB,bs=4096", ["SCSI.Read16", "SCSI.Write16", "SCSI.Unmap", "SCSI.WriteSame10", "SCSI.WriteSame16", "SCSI.CompareAndWrite", "SCSI.WriteAtomic16", "SCSI.GetLBAStatus"]),
        ("ram:64MiB,pbs=4096", ["SCSI.Inquiry", "SCSI.ReadCapacity16", "SCSI.Unmap", "SCSI.WriteSame10", "SCSI.WriteSame16", "SCSI.CompareAndWrite"]),
        ("ram:64MiB,ro", ["SCSI.ReadOnly", "SCSI.Read10", "SCSI.ModeSense6"]),
        ("ram:64MiB,removable", ["SCSI.NoMedia", "SCSI.PreventAllow", "SCSI.StartStopUnit"]),
    ];

    private static IEnumerable<object[]> Runs =>
    [
        .. s_suites.Select(s => new object[] { "ram:64MiB", s }),
        .. s_profiles.SelectMany(p => p.Suites.Select(s => new object[] { p.Lun, s })),
    ];

    [TestCaseSource(nameof(Runs))]
    public void Suite_of_libiscsi_has_no_failure(string lun, string suite) => Run(lun, suite, paths: 1);

    [Test]
    public void Two_paths_to_a_unit_agree() => Run("ram:64MiB", "SCSI.MultipathIO", paths: 2);

    private static void Run(string lun, string suite, int paths)
    {
        Client.Need("iscsi-test-cu");
        using TargetProcess target = TargetProcess.Start($"0={lun}");

        // Without line buffering a suite that is killed takes its log with it.
        Output output = Client.Run("stdbuf", ["-oL", "iscsi-test-cu", "--dataloss", "--allow-sanitize", "-v", "-t", suite, .. Enumerable.Repeat(target.Url(0), paths)], null, s_patience);
        List<SuiteResult> results = CUnitLog.Read(output.Out);
        Report(lun == "ram:64MiB" ? suite : $"{suite} ({lun["ram:64MiB,".Length..]})", results);

        Assert.Multiple(() =>
        {
            Assert.That(results, Is.Not.Empty, output.All);
            Assert.That(results.Where(r => r.Verdict == Verdict.Failed), Is.Empty, target.Log.Text);
            Assert.That(target.Alive, target.Log.Text);
        });
    }

    [OneTimeTearDown]
    public void PrintTable()
    {
        if (s_table.Count == 0) return;
        s_table.Sort(StringComparer.Ordinal);
        string table = $"{"iscsi-test-cu suite",-40} passed failed skipped\n{string.Join('\n', s_table)}\n";
        TestContext.Out.Write(table);
        if (Environment.GetEnvironmentVariable("ISCSITOP_REPORT") is { Length: > 0 } file) File.WriteAllText(file, table);
    }

    private static void Report(string suite, List<SuiteResult> results)
    {
        int Count(Verdict v) => results.Count(r => r.Verdict == v);
        s_table.Add($"{suite,-40} {Count(Verdict.Passed),6} {Count(Verdict.Failed),6} {Count(Verdict.Skipped),7}");
    }
}
