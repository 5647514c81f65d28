namespace Iscsitop.Tests.Conformance;

/// <summary>Tests that cannot pass on a unit, or cannot run, by name, and why.</summary>
/// <param name="Suite">The suite they are of.</param>
/// <param name="Tests">Their names, separated by spaces.</param>
/// <param name="Reason">Why: from the standard, or from the source of the suite.</param>
internal sealed record Unfit(string Suite, string Tests, string Reason)
{
    public IEnumerable<string> Names => Tests.Split(' ').Select(t => $"{Suite}.{t}");
}

/// <summary>A kind of unit, and how it is reached, that all of libiscsi's suites are run against.</summary>
/// <param name="Name">What the table calls it.</param>
/// <param name="Lun">The unit, as the target's configuration has it; {scratch} is a file of the run's own.</param>
internal sealed record SuiteProfile(string Name, string Lun)
{
    private const string User = "suite";
    private const string Secret = "what-the-suite-knows";

    private const string Writes = "it writes without asking whether it may (WP of MODE SENSE, SBC-4 §4.12)";

    /// <summary>Portals it is reached through, each in a session of its own.</summary>
    public int Paths { get; init; } = 1;

    /// <summary>Whether the initiator must prove who it is.</summary>
    public bool Chap { get; init; }

    /// <summary>The only test that is run here, and nowhere else; all others when null.</summary>
    public string? Only { get; init; }

    /// <summary>What cannot pass here.</summary>
    public Unfit[] Unfit { get; init; } = [];

    /// <summary>What skips itself here, and nothing else may: a feature that is lost turns into skips.</summary>
    public Unfit[] Skips { get; init; } = [];

    /// <summary>All of them. The first takes longest, so it begins first.</summary>
    public static readonly SuiteProfile[] All =
    [
        // 64 pieces of an overwrite, each waiting: still busy when the test has slept and reset the unit.
        new("slow", "ram:64MiB,delay=250ms") { Only = "Sanitize.Reset" },
        new("default", "ram:64MiB") { Skips = SuiteSkips.Plain },
        new("bs4096", "ram:64MiB,bs=4096")
        {
            Skips = SuiteSkips.Plain,
            Unfit = [new("ProutReserve", "AccessEA AccessWE AccessEARO AccessWERO AccessEAAR AccessWEAR", "it writes 512 bytes, an eighth of a block, and wants GOOD")],
        },
        new("pbs4096", "ram:64MiB,pbs=4096")
        {
            Skips = [.. SuiteSkips.NotRemovable, .. SuiteSkips.NotProtected, .. SuiteSkips.NotOfNoBlocks, .. SuiteSkips.OnePath],
            Unfit = [new("GetLBAStatus", "UnmapSingle", "it asks for LBA i + 1 and wants the answer for i + 8 (SBC-4 §5.6: the first descriptor has the LBA asked for)")],
        },
        new("ro", "ram:64MiB,ro")
        {
            Skips = [.. SuiteSkips.NoAlignment, .. SuiteSkips.NotRemovable, .. SuiteSkips.OnePath],
            Unfit =
            [
                new("CompareAndWrite", "Simple DpoFua Miscompare Unwritten", Writes),
                new("ExtendedCopy", "Simple ValidTgtDescr", Writes),
                new("GetLBAStatus", "UnmapSingle", Writes),
                new("OrWrite", "Simple BeyondEol ZeroBlocks DpoFua Verify", Writes),
                new("ProutReserve", "AccessEA AccessWE AccessEARO AccessWERO AccessEAAR AccessWEAR", Writes),
                new("ReceiveCopyResults", "CopyStatus", Writes),
                new("Sanitize", "BlockErase CryptoErase ExitFailureMode Overwrite", Writes),
                new("Unmap", "Simple VPD ZeroBlocks", Writes),
                new("Write10", "Simple BeyondEol ZeroBlocks DpoFua Async", Writes),
                new("Write12", "Simple BeyondEol ZeroBlocks DpoFua", Writes),
                new("Write16", "Simple BeyondEol ZeroBlocks DpoFua", Writes),
                new("WriteAtomic16", "Simple BeyondEol ZeroBlocks WriteProtect DpoFua", Writes),
                new("WriteSame10", "Simple BeyondEol ZeroBlocks Unmap UnmapUntilEnd UnmapVPD Check", Writes),
                new("WriteSame16", "Simple BeyondEol ZeroBlocks Unmap UnmapUntilEnd UnmapVPD Check", Writes),
                new("WriteVerify10", "Simple BeyondEol ZeroBlocks Flags Dpo", Writes),
                new("WriteVerify12", "Simple BeyondEol ZeroBlocks Flags Dpo", Writes),
                new("WriteVerify16", "Simple BeyondEol ZeroBlocks Flags Dpo", Writes),
                new("iSCSIResiduals", "Write10Residuals Write12Residuals Write16Residuals WriteVerify10Residuals WriteVerify12Residuals WriteVerify16Residuals", Writes),
                new("iSCSITMF", "AbortTaskSimpleAsync", Writes),
            ],
        },
        new("thick", "file:{scratch},size=64MiB") { Skips = [.. SuiteSkips.Thick, .. SuiteSkips.NotRemovable, .. SuiteSkips.NotProtected, .. SuiteSkips.OnePath] },
        new("removable", "ram:64MiB,removable") { Skips = [.. SuiteSkips.NoAlignment, .. SuiteSkips.NotProtected, .. SuiteSkips.NotOfNoBlocks, .. SuiteSkips.OnePath] },
        new("chap", "ram:64MiB") { Chap = true, Skips = SuiteSkips.Plain },
        new("paths", "ram:64MiB") { Paths = 2, Skips = [.. SuiteSkips.NoAlignment, .. SuiteSkips.NotRemovable, .. SuiteSkips.NotProtected, .. SuiteSkips.NotOfNoBlocks] },
    ];

    /// <summary>The target's configuration.</summary>
    /// <param name="scratch">Where a secret may stand.</param>
    public string Configuration(Scratch scratch) => $"""
        # Tests sleep for a minute, and no initiator that sleeps answers a ping.
        [timeouts]
        ping_interval = 0

        [[portal_group]]
        tag = 1
        portals = [{string.Join(", ", Enumerable.Repeat("\"127.0.0.1:0\"", Paths))}]

        [[target]]
        name = "{TargetProcess.Iqn}"
        luns = ["0={Lun.Replace("{scratch}", scratch.File("disk"), StringComparison.Ordinal)}"]

        {(Chap ? Account(scratch) : "")}
        """;

    /// <summary>The URLs of the unit, one for each path.</summary>
    public IEnumerable<string> Urls(TargetProcess target) =>
        target.Ports(Paths).Select(port => $"iscsi://{(Chap ? $"{User}%{Secret}@" : "")}127.0.0.1:{port}/{TargetProcess.Iqn}/0");

    private static string Account(Scratch scratch)
    {
        string file = scratch.File("secret");
        File.WriteAllText(file, Secret);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return $"""
            [[target.account]]
            user = "{User}"
            secret_file = "{file}"
            """;
    }
}
