using System.Runtime.CompilerServices;
using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Checking;
using Iscsitop.Cli.Commands;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Snooping;
using Iscsitop.Engine;
using Iscsitop.Engine.Filtering;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Cli;

/// <summary><c>iscsisnoop --fail-if</c>: what passes, and whether that was as it should be.</summary>
[TestFixture]
public sealed class FailingLinesTests
{
    // errors.pcap has ten commands, the first of which ends with a UNIT ATTENTION.
    [TestCase(4, 1, "status!=good")]
    [TestCase(4, 4, "status!=good", "--fail-count", "3")]
    [TestCase(0, 10, "status!=good", "--fail-count", "10")]
    [TestCase(0, 10, "status==reservation_conflict")]
    [TestCase(0, 10, "lun==77")]
    [TestCase(0, 2, "op==read && status!=good", "-c", "2")]
    [TestCase(4, 3, "status!=good", "--fail-count", "2", "-c", "3")]
    [TestCase(4, 1, "status!=good", "-Y", "op==read")]
    [TestCase(4, 4, "probe==scsi-response", "--pdu")]
    public void The_run_ends_with_the_line_that_fails(int code, int lines, string condition, params string[] more)
    {
        (int ended, string output, string error) = Run(["-j", "--fail-if", condition, .. more]);
        Assert.That((ended, output.Count(c => c == '\n')), Is.EqualTo((code, lines)), error);
        Assert.That(error, code == 4 ? Does.Contain($"iscsitop: fail-if: {condition} is true of ") : Does.Not.Contain("fail-if"));
    }

    [Test]
    public void What_failed_is_named()
    {
        Assert.That(Run("--fail-if", "status!=good", "-o", "csv", "--fail-count", "3").Error, Does.Match(
            @"^iscsitop: fail-if: status!=good is true of 3 lines, the last READ\(10\) of iqn\.2026-11\.example\.captures:talk on iqn\.2026-11\.example\.captures:disk:0 at 2026-11-\d\d \d\d:\d\d:\d\d\r?\n"));
    }

    [Test]
    public void Files_of_Parquet_are_complete_when_it_fails()
    {
        using var scratch = new Scratch();
        (int code, _, string error) = Run("--fail-if", "status!=good", "--fail-count", "2", "-o", "parquet", "--into", scratch.File("a.parquet"));
        Assert.That((code, File.Exists(scratch.File("a.parquet"))), Is.EqualTo((4, true)));
        Assert.That(error, Does.StartWith("3 records in 1 files"));
    }

    [Test]
    public void Who_reads_no_more_has_not_made_it_untrue()
    {
        var streams = new Streams(new Closed(), TextWriter.Null, false, false);
        Assert.That(CommandLine.Run(["snoop", "-r", Capture(), "--fail-if", "status!=good"], streams), Is.EqualTo(4));
        Assert.That(CommandLine.Run(["snoop", "-r", Capture(), "--fail-if", "lun==77"], streams), Is.Zero);
        Assert.That(CommandLine.Run(["-b", "-r", Capture(), "--fail-if", "errors > 0"], streams), Is.EqualTo(4));
        Assert.That(CommandLine.Run(["-b", "-r", Capture(), "--fail-if", "errors > 77"], streams), Is.Zero);
    }

    // A full disk, and a closed descriptor: an exit status, and no crash.
    [TestCase("snoop -r {0} --fail-if status!=good 2> /dev/full", 4)]
    [TestCase("snoop -r {0} --fail-if status!=good 2>&-", 4)]
    [TestCase("snoop -r {0} --fail-if status!=good > /dev/full", 1)]
    [TestCase("-b -r {0} --fail-if 'errors > 0' 2> /dev/full", 4)]
    [TestCase("list -o csv > /dev/full", 1)]
    [TestCase("list --list-fields > /dev/full", 1)]
    [TestCase("diff --list-fields > /dev/full", 1)]
    [TestCase("check -r {0} 'errors > 0' > /dev/full", 3)]
    [TestCase("check --list-fields > /dev/full", 3)]
    [TestCase("check -r {0} 'errors > 0' >&-", 3)]
    [TestCase("-b -r {0} >&-", 1)]
    [TestCase("-b -r {0} <&- > /dev/null", 0)]
    [TestCase("list -o csv >&- 2>&- <&-", 1)]
    [TestCase("check -r {0} 'errors > 0' > /dev/full 2> /dev/full", 3)]
    [TestCase("snoop -r - --fail-if lun==0 < /dev/null", 3)]
    public void What_cannot_be_written_ends_with_a_status(string line, int code)
    {
        Client.NeedThat(File.Exists("/dev/full"), "there is no /dev/full here");
        Output output = Client.Run("bash", "-c", $"'{Binary.Path}' " + string.Format(System.Globalization.CultureInfo.InvariantCulture, line, $"'{Capture()}'"));
        Assert.That(output.ExitCode, Is.EqualTo(code), output.All);
        Assert.That(output.All, Does.Not.Contain("   at "));
    }

    [TestCase("invalid file -- /dev/full (a file, and no device)", "-o", "parquet", "--into", "/dev/full")]
    [TestCase("invalid number of lines -- 0", "--fail-if", "lun==3", "--fail-count", "0")]
    [TestCase("--fail-count needs --fail-if", "--fail-count", "2")]
    [TestCase("filter: ", "--fail-if", "")]
    [TestCase("filter: ", "--fail-if", "p99 > 20ms")]
    [TestCase("is of single PDUs", "--fail-if", "probe==nop-send")]
    [TestCase("is known of completed commands", "--pdu", "--fail-if", "lat>1ms")]
    public void What_makes_no_sense_is_refused(string said, params string[] arguments)
    {
        (int code, string output, string error) = Run(arguments);
        Assert.That((code, output), Is.EqualTo((2, "")), error);
        Assert.That(error, Does.Contain(said));
    }

    [Test]
    public void Asking_allocates_nothing()
    {
        var failing = new FailingLines(Filter.Parse("lat>20ms && op==read"), 1, null, () => Assert.Fail());
        CommandHandler handler = Snoop.Commands(new SnoopOptions { Output = OutputFormat.Ndjson }, new LineSink(Stream.Null, null, () => { }), failing);
        var context = new EventContext(Samples.Connection, Samples.Connection.Target, Samples.Connection.Initiator, Samples.Time, Samples.Engine);
        var command = new CompletedCommand { Latency = 250_000, CdbLength = 10 };
        Assert.That(Allocated.By(() => handler(command, context)), Is.Zero);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(["snoop", "-r", Capture(), .. arguments], new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }

    private static string Capture([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", "Captures", "errors.pcap"));

    /// <summary>A pipe whose reader has gone.</summary>
    private sealed class Closed : MemoryStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("Broken pipe", OperatingSystem.IsWindows() ? 109 : 32);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    }
}
