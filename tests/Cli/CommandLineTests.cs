using Iscsitop.Cli;
using Iscsitop.Cli.Output;

namespace Iscsitop.Tests.Cli;

[TestFixture]
public sealed class CommandLineTests
{
    [TestCase("--nope", "unknown option -- --nope (see iscsitop --help)")]
    [TestCase("--nope=3", "unknown option -- --nope=3 (see iscsitop --help)")]
    [TestCase("5 --nope", "unknown option -- --nope (see iscsitop --help)")]
    [TestCase("-5", "unknown option -- -5 (see iscsitop --help)")]
    [TestCase("0", "invalid interval -- 0 (seconds from 0.1 to 86400)")]
    [TestCase("1e3", "invalid interval -- 1e3 (seconds from 0.1 to 86400)")]
    [TestCase("1,5", "invalid interval -- 1,5 (seconds from 0.1 to 86400)")]
    [TestCase("NaN", "invalid interval -- NaN (seconds from 0.1 to 86400)")]
    [TestCase("5 0", "invalid count -- 0 (a whole number from 1)")]
    [TestCase("5 1.5", "invalid count -- 1.5 (a whole number from 1)")]
    [TestCase("1 2 3", "illegal argument -- 3 (see iscsitop --help)")]
    [TestCase("-n", "required argument missing for option: '-n'")]
    [TestCase("-n -b", "invalid number of rows -- -b (a whole number from 1)")]
    [TestCase("-p 1,x", "invalid process id -- x (a whole number from 1)")]
    [TestCase("--lun 16384", "invalid LUN -- 16384 (a whole number from 0 to 16383)")]
    [TestCase("--view nosuch", "invalid view -- nosuch (one of lun, initiator, session, target, opcode, heat, errors, pattern, tmf, findings)")]
    [TestCase("--heat xyz", "invalid kind of durations -- xyz (one of lat, rd1, hst, svc, nop)")]
    [TestCase("--align 4097", "invalid alignment -- 4097 (a power of two from 512 to 1048576)")]
    [TestCase("--align 256", "invalid alignment -- 256 (a power of two from 512 to 1048576)")]
    [TestCase("-o xml", "invalid output format -- xml (one of table, csv, json, ndjson, md)")]
    [TestCase("-m h", "invalid unit -- h (one of us, ms, s)")]
    [TestCase("-d x", "invalid timestamp -- x (one of u, d)")]
    [TestCase("--color red", "invalid colour -- red (one of auto, always, never, 16, 256, true)")]
    [TestCase("-b list", "--batch cannot stand before list (options follow their command)")]
    [TestCase("5 list", "interval cannot stand before list (options follow their command)")]
    [TestCase("demo --color red", "invalid colour -- red (one of auto, always, never, 16, 256, true)")]
    [TestCase("demo --view nosuch --ascii", "invalid view -- nosuch (one of lun, initiator, session, target, opcode, heat, errors, pattern, tmf, findings)")]
    [TestCase("demo -o json", "unknown option -- -o (see iscsitop demo --help)")]
    [TestCase("list x", "illegal argument -- x (see iscsitop list --help)")]
    [TestCase("list --probes zz*", "invalid probe -- zz* (a name or pattern like scsi-*; iscsitop list --probes lists them)")]
    [TestCase("target --nope", "unknown option -- --nope (see iscsitop target --help)")]
    [TestCase("target", "no logical unit to serve (give one, like --lun 0=ram:64MiB)")]
    [TestCase("target --lun 0=ram:64MiB --log-level loud", "invalid log level -- loud (one of trace, debug, info, warn, error, none)")]
    [TestCase("snoop --op bogus", "invalid operation -- bogus (a SCSI command such as READ(10), READ*, 0x28 or 0x9e/0x10, or one of read, write, other)")]
    [TestCase("snoop --op 0x2", "invalid operation -- 0x2 (a SCSI command such as READ(10), READ*, 0x28 or 0x9e/0x10, or one of read, write, other)")]
    [TestCase("snoop --slow 5", "invalid duration of --slow -- 5 (a number with us, ms or s, like 20ms)")]
    [TestCase("snoop --slow 5ms:trim=3ms", "invalid limit of --slow -- trim=3ms (read=DURATION or write=DURATION)")]
    [TestCase("snoop --pdu --op read", "--op and --slow choose completed commands and cannot go with --pdu")]
    [TestCase("snoop -o xml", "invalid output format -- xml (one of table, csv, json, ndjson, md, parquet)")]
    [TestCase("-i lo -r file", "-i and -r cannot go together: packets come from an interface or from a file")]
    [TestCase("-r file -p 7", "-p chooses among engines and cannot go with -i or -r")]
    [TestCase("--port 3261", "--port needs -i or -r")]
    [TestCase("-r file --port 0", "invalid port -- 0 (a whole number from 1 to 65535)")]
    [TestCase("-r file -f tcp", "-f needs -i")]
    [TestCase("-r file --snaplen 96", "--snaplen needs -i")]
    [TestCase("-i lo --snaplen 143", "invalid snap length -- 143 (a whole number from 144 to 262144; with fewer, headers of iSCSI are cut)")]
    [TestCase("-i lo --buffer 0", "invalid buffer -- 0 (a whole number from 1 to 1024)")]
    [TestCase("-i lo --realtime", "--realtime needs -r")]
    [TestCase("-r file --headers-only", "--headers-only needs -w")]
    [TestCase("-r ./file -w file", "-w file would write over the file that is read")]
    [TestCase("list -r file -w -", "-w - needs the standard output that the lines go to (name a file)")]
    [TestCase("-r file -w -", "-w - needs the standard output that the lines go to (name a file)")]
    [TestCase("-r file --alias host=iqn.x", "invalid alias -- host=iqn.x (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("-r file --alias 127.1=x", "invalid alias -- 127.1=x (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("-r file --alias 127.1:3260=x", "invalid alias -- 127.1:3260=x (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("-r file --alias 010.0.0.1=x", "invalid alias -- 010.0.0.1=x (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("-r file --alias fe80::1%1=x", "invalid alias -- fe80::1%1=x (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("-r file --alias [fe80::1%1]:3260=x", "invalid alias -- [fe80::1%1]:3260=x (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("-r file --alias 192.0.2.1=", "invalid alias -- 192.0.2.1= (ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port)")]
    [TestCase("engine", "engine needs -i IF, the interface to observe")]
    [TestCase("engine -i lo --headers-only", "--headers-only needs -w")]
    [TestCase("list -i lo -r file", "-i and -r cannot go together: packets come from an interface or from a file")]
    [TestCase("snoop -q file", "unknown option -- -q (see iscsitop snoop --help)")]
    public void A_wrong_command_line_is_one_line_and_status_2(string line, string message)
    {
        (int code, string output, string error) = Run(line.Split(' '));
        Assert.That(error, Is.EqualTo("iscsitop: " + message + Environment.NewLine));
        Assert.That(output, Is.Empty);
        Assert.That(code, Is.EqualTo(ExitCode.Usage));
    }

    [Test]
    public void An_unknown_field_or_sort_key_lists_what_there_is()
    {
        foreach (string option in new[] { "-F", "-s", "-S" })
        {
            (int code, _, string error) = Run(option, "bogus");
            Assert.That(code, Is.EqualTo(ExitCode.Usage));
            Assert.That(error, Does.Contain(" -- bogus (one of target, lun, "));
        }
    }

    [TestCase("-s", "help")]
    [TestCase("-S", "help")]
    [TestCase("--list-fields")]
    [TestCase("demo", "-s", "help")]
    public void The_fields_can_be_listed(params string[] args)
    {
        (int code, string output, _) = Run([.. args, "--view", "opcode"]);
        Assert.That(code, Is.Zero);
        foreach (Column column in Views.Find("opcode")!.Columns)
            Assert.That(output, Does.Match($"(?m)^{column.Field} +{System.Text.RegularExpressions.Regex.Escape(column.Header)} .*{System.Text.RegularExpressions.Regex.Escape(column.Help)}$"));
    }

    [TestCase("--version")]
    [TestCase("-V")]
    public void The_version_is_told(string option)
    {
        (int code, string output, _) = Run(option);
        Assert.That(output, Does.Match($@"\Aiscsitop {CommandLine.Version} \(commit ([0-9a-f]{{7,40}}(\+dirty)?|unknown), framework, [a-z0-9.-]+\)\n\z"));
        Assert.That(code, Is.Zero);
    }

    [Test]
    public void A_message_is_one_safe_line_whatever_the_word_was()
    {
        (_, _, string error) = Run("a\e[2J\nb");
        Assert.That(error.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
        Assert.That(error, Does.Not.Contain("\e"));
    }

    [Test]
    public void A_reader_that_went_away_is_a_quiet_end()
    {
        using var output = new BrokenPipe();
        using var error = new StringWriter();
        int code = CommandLine.Run(["--list-fields"], new Streams(output, error, false, false));
        Assert.That((code, error.ToString()), Is.EqualTo((ExitCode.Success, "")));
    }

    [Test]
    public void A_full_disk_is_a_message_and_status_1()
    {
        using var output = new BrokenPipe("No space left on device", 28);
        using var error = new StringWriter();
        int code = CommandLine.Run(["--list-fields"], new Streams(output, error, false, false));
        Assert.That((code, error.ToString().TrimEnd()), Is.EqualTo((ExitCode.Failure, "iscsitop: No space left on device")));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(args, new Streams(output, error, false, false));
        return (code, System.Text.Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}

/// <summary>An output that nobody reads, or that fails otherwise.</summary>
internal sealed class BrokenPipe(string message = "Broken pipe", int error = 0) : MemoryStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException(message, error != 0 ? error : OperatingSystem.IsWindows() ? unchecked((int)0x8007006d) : 32);

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
}
