using System.Text;
using System.Text.Json;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Tracing;
using Iscsitop.Tests.Conformance;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.Cli;

/// <summary><c>iscsitrace</c>: its command line, what it says and how it ends; files are its events.</summary>
[TestFixture]
public sealed class TraceTests
{
    private const string Count = "iscsi*:::scsi-command { @[args[1]->ii_lun] = count(); }";

    private Scratch _scratch = null!;

    [SetUp]
    public void SetUp() => _scratch = new Scratch();

    [TearDown]
    public void CleanUp() => _scratch.Dispose();

    [TestCase("-qn a", "a", "", "quiet")]
    [TestCase("-n a -s b -n c", "a b c", "", "")]
    [TestCase("-na", "a", "", "")]
    [TestCase("-qCs x.d 1 -x aggsize=1m two", "x.d", "1 two", "quiet cpp aggsize=1m")]
    [TestCase("-s x.d -- -q -n", "x.d", "-q -n", "")]
    [TestCase("-i 3", "3", "", "")]
    [TestCase("-n a -32 -64 -F -S -Xs -L/lib", "a", "", "")]
    [TestCase("-n a -b 4k -w -Z -I inc -D x=2 -U y -H", "a", "", "bufsize=4k destructive zdefs incdir=inc define=x=2 undef=y cpphdrs")]
    [TestCase("-n a -", "a", "-", "")]
    public void Options_are_read_as_getopt_does(string line, string programs, string arguments, string settings)
    {
        TraceArguments read = TraceArguments.Parse(line.Split(' '));
        Assert.That(string.Join(' ', read.Programs.Select(p => p.Argument)), Is.EqualTo(programs));
        Assert.That(string.Join(' ', read.Arguments), Is.EqualTo(arguments));
        Assert.That(string.Join(' ', read.Settings), Is.EqualTo(settings));
    }

    [TestCase("-P iscsi*", "iscsi*:::", "iscsi*")]
    [TestCase("-m iscsi1:iscsitop", "iscsi1:iscsitop::", "iscsi1:iscsitop")]
    [TestCase("-f send", "send:", "send")]
    [TestCase("-P a,b/x/{y}", "a:::,b:::/x/{y}", "a,b")]
    public void What_is_only_named_in_part_is_filled_up(string line, string text, string name)
    {
        TraceProgram program = TraceArguments.Parse(line.Split(' ')).Programs.Single();
        Assert.That((program.Text, program.Name), Is.EqualTo((text, name)));
    }

    [Test]
    public void An_interface_and_a_probe_are_told_apart()
    {
        Assert.That(TraceArguments.Parse(["-i", "eth0"]).Capture, Is.EqualTo((string[])["-i", "eth0"]));
        Assert.That(TraceArguments.Parse(["-i12"]).Programs.Single().Text, Is.EqualTo("12"));
    }

    [Test]
    public void Exactly_ndjson_is_the_format()
    {
        TraceArguments both = TraceArguments.Parse(["-o", "ndjson", "-o", "./ndjson"]);
        Assert.That((both.Ndjson, both.Output), Is.EqualTo((true, "./ndjson")));
    }

    [Test]
    public void What_is_defined_is_a_kernel_variable_too() =>
        Assert.That(TraceArguments.Parse(["-Dhp_avenrun=3", "-D", "on"]).Kernel, Is.EquivalentTo(new Dictionary<string, string> { ["hp_avenrun"] = "3", ["on"] = "1" }));

    [TestCase("-k", "unknown option -- -k (see iscsitrace --help)")]
    [TestCase("-qk", "unknown option -- -k (see iscsitrace --help)")]
    [TestCase("--nope", "unknown option -- --nope (see iscsitrace --help)")]
    [TestCase("-n", "option requires an argument -- -n (see iscsitrace --help)")]
    [TestCase("--port", "option requires an argument -- --port (see iscsitrace --help)")]
    [TestCase("--realtime=1", "--realtime takes no value")]
    [TestCase("-G", "-G cannot be had here: there is no kernel to keep a program in (see iscsitrace --help)")]
    [TestCase("-n a -i lo -r x", "-i and -r cannot go together: packets come from an interface or from a file")]
    [TestCase("-n a -r x -p 7", "-p chooses among engines and cannot go with -i or -r")]
    [TestCase("-n a -p x", "invalid process id -- x (a whole number from 1)")]
    [TestCase("-n a -r x --snaplen 200", "--snaplen needs -i")]
    public void A_wrong_command_line_is_one_line_and_status_2(string line, string message) =>
        Assert.That(Run(line.Split(' ')), Is.EqualTo((2, "", $"dtrace: {message}\n")));

    [TestCase("-n iscsi*:::nosuch", "invalid probe specifier iscsi*:::nosuch: probe description iscsi*:::nosuch does not match any probes")]
    [TestCase("-n BEGIN{trace(nosuch)}", "invalid probe specifier BEGIN{trace(nosuch)}: in action list: failed to resolve nosuch: Unknown variable name")]
    [TestCase("-n BEGIN/nosuch/{}", "invalid probe specifier BEGIN/nosuch/{}: in predicate: failed to resolve nosuch: Unknown variable name")]
    [TestCase("-n BEGIN -n BEGIN{nosuch()} -n END", "invalid probe specifier BEGIN{nosuch()}: in action list: undefined function name: nosuch")]
    [TestCase("-xerrtags -n BEGIN{trace(nosuch)}", "invalid probe specifier BEGIN{trace(nosuch)}: [D_IDENT_UNDEF] in action list: failed to resolve nosuch: Unknown variable name")]
    [TestCase("-x wombats -n BEGIN", "failed to set option -x wombats: Invalid option name")]
    [TestCase("-q", "no probes specified")]
    [TestCase("-s /no/such.d", "failed to open /no/such.d: No such file or directory")]
    public void What_cannot_be_compiled_is_said_as_dtrace_does(string line, string message) =>
        Assert.That(Run(["-r", Corpus.PathOf("reads.pcap"), .. line.Split(' ')]), Is.EqualTo((1, "", $"dtrace: {message}\n")));

    [Test]
    public void Of_a_script_the_line_is_said()
    {
        string script = Script("BEGIN\n{\n\ttrace(nosuch);\n}\n");
        Assert.That(Run("-s", script), Is.EqualTo((1, "", $"dtrace: failed to compile script {script}: line 3: failed to resolve nosuch: Unknown variable name\n")));
    }

    [Test]
    public void A_file_that_is_not_there_is_status_3()
    {
        (int code, _, string error) = Run("-n", Count, "-r", "/no/such.pcap");
        Assert.That(code, Is.EqualTo(3));
        Assert.That(error, Does.StartWith("dtrace: ").And.Contain("/no/such.pcap"));
    }

    [Test]
    public void Notices_tell_what_was_matched_unless_quiet()
    {
        string script = Script("BEGIN\n{\n\texit(0);\n}\n");
        Assert.That(Run("-n", "iscsi*:::data-* /0/ { }", "-s", script, "-w", "-r", Corpus.PathOf("reads.pcap")), Is.EqualTo((0,
            "CPU     ID                    FUNCTION:NAME\n  0      1                           :BEGIN \n\n",
            $"dtrace: description 'iscsi*:::data-* ' matched 3 probes\ndtrace: script '{script}' matched 1 probe\ndtrace: allowing destructive actions\n")));
        Assert.That(Run("-q", "-s", script), Is.EqualTo((0, "\n", "")));
        Assert.That(Run("-s", Script("#pragma D option quiet\nBEGIN { exit(0); }")), Is.EqualTo((0, "\n", "")));
    }

    [Test]
    public void The_status_is_what_exit_was_given() => Assert.That(Run("-qn", "BEGIN { exit(7); }"), Is.EqualTo((7, "\n", "")));

    [Test]
    public void What_is_compiled_only_does_not_run() => Assert.That(Run("-e", "-n", "BEGIN { exit(7); }"), Is.EqualTo((0, "", "")));

    [Test]
    public void A_file_gives_the_same_each_time_in_its_own_time()
    {
        string[] line = ["-q", "-r", Corpus.PathOf("reads.pcap"), "-n", "BEGIN, tick-1ms, END, scsi-command { printf(\"%s %d %d\\n\", probename, timestamp, walltimestamp); }"];
        (int code, string first, _) = Run(line);
        string[] lines = first.TrimEnd().Split('\n');
        Assert.That(code, Is.Zero);
        Assert.That(lines[0], Is.EqualTo("BEGIN 1795552060684418000 1795552060684418000"));
        Assert.That(lines[^1], Does.StartWith("END "));
        Assert.That(lines.Select(l => long.Parse(l.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)), Is.Ordered);
        Assert.That(lines.Count(l => l.StartsWith("scsi-command ", StringComparison.Ordinal)), Is.GreaterThan(2));
        Assert.That(lines.Count(l => l.StartsWith("tick-1ms ", StringComparison.Ordinal)), Is.GreaterThan(2));
        Assert.That(Run(line).Out, Is.EqualTo(first));
    }

    [TestCase("iscsi*::: { @[args[0]->ci_remote] = count(); }")]
    [TestCase("iscsi*:::scsi-command { @[args[1]->ii_target] = count(); }")]
    [TestCase("iscsi*:::data-send { @ = sum(args[1]->ii_datalen); }")]
    [TestCase("iscsi*:::xfer-* { printf(\"%s %d %d\", probename, args[2]->xfer_len, timestamp); } tick-1ms { printf(\"%d\", timestamp); }")]
    public void A_recording_prints_what_its_capture_does(string program)
    {
        string recording = _scratch.File("a.rec"), all = "";
        foreach (string capture in (string[])["reads.pcap", "writes.pcapng", "tasks.pcap"])
        {
            File.Delete(recording);
            Assert.That(Call("record", recording, "--events", "-r", Corpus.PathOf(capture)).Code, Is.Zero);
            (int code, string direct, string notices) = Run("-n", program, "-r", Corpus.PathOf(capture));
            Assert.That(Run("-n", program, "-r", recording), Is.EqualTo((code, direct, notices)));
            Assert.That(code, Is.Zero);
            all += direct;
        }
        Assert.That(all.Trim(), Is.Not.Empty);
    }

    [Test]
    public void A_recording_without_events_says_how_to_have_them()
    {
        string recording = _scratch.File("a.rec");
        Call("record", recording, "-r", Corpus.PathOf("reads.pcap"));
        (int code, _, string error) = Run("-n", Count, "-r", recording);
        Assert.That((code, error), Is.EqualTo((3, $"dtrace: {recording} is a recording without events: those of iscsitop record --events have them; iscsitop -r shows it\n")));
    }

    [Test]
    public void Output_is_appended_to_a_file()
    {
        string file = _scratch.File("out");
        File.WriteAllText(file, "before\n");
        Assert.That(Run("-o", file, "-qn", "BEGIN { printf(\"x\\n\"); exit(0); }"), Is.EqualTo((0, "", "")));
        Assert.That(File.ReadAllText(file), Is.EqualTo("before\nx\n\n"));
        Assert.That(Run("-o", _scratch.File("no/out"), "-qn", "BEGIN { exit(0); }").Code, Is.EqualTo(1));
    }

    [Test]
    public void Aggregations_as_json_lines()
    {
        (int code, string output, _) = Run("-o", "ndjson", "-qn", Count, "-r", Corpus.PathOf("reads.pcap"));
        Assert.That(code, Is.Zero);
        string line = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Single();
        using JsonDocument json = JsonDocument.Parse(line);
        Assert.That(json.RootElement.ValueKind, Is.EqualTo(JsonValueKind.Object));
    }

    [Test]
    public void Probes_are_listed()
    {
        (int code, string all, _) = Run("-l", "-r", Corpus.PathOf("reads.pcap"));
        string[] lines = all.TrimEnd().Split('\n');
        Assert.That((code, lines.Length), Is.EqualTo((0, 1 + 3 + 18)));
        Assert.That(lines[0], Is.EqualTo("   ID   PROVIDER            MODULE                          FUNCTION NAME"));
        Assert.That(lines, Does.Contain("    5     iscsi1          iscsitop                           receive scsi-command"));
        Assert.That(Run("-l", "-n", "iscsi*:::data-*", "-r", Corpus.PathOf("reads.pcap")).Out.TrimEnd().Split('\n'), Has.Length.EqualTo(1 + 3));
        Assert.That(Run("-lv", "-n", "xfer-done", "-r", Corpus.PathOf("reads.pcap")).Out, Does.EndWith("\targs[0]: conninfo_t *\n\t\targs[1]: iscsiinfo_t *\n\t\targs[2]: xferinfo_t *\n\n"));
        (code, _, string error) = Run("-l", "-n", "iscsi*:::nosuch", "-r", Corpus.PathOf("reads.pcap"));
        Assert.That((code, error), Is.EqualTo((1, "dtrace: failed to match iscsi*:::nosuch: No probe matches description\n")));
    }

    [TestCase("iscsi*:::scsi-command{ @ = count(); }", "iscsi*:::scsi-command", "Unstable Unstable Common", "Stable Stable Common")]
    [TestCase("iscsi*:::{ @[args[0]->ci_remote] = count(); }", "iscsi*:::", "Unstable Unstable Common", "Evolving Evolving ISA")]
    [TestCase("iscsi:::scsi-command{ @[args[0]->ci_remote] = count(); }", "iscsi:::scsi-command", "Private Private ISA", "Evolving Evolving ISA")]
    [TestCase("iscsi1:::{}", "iscsi1:::", "Evolving Evolving ISA", "Stable Stable Common")]
    [TestCase("iscsi1::send:data-send{}", "iscsi1::send:data-send", "Private Private Unknown", "Stable Stable Common")]
    [TestCase("dtrace:::BEGIN{ trace(`hp_avenrun[0]); }", "dtrace:::BEGIN", "Stable Stable Common", "Private Private Unknown")]
    [TestCase("profile:::tick-1s{} profile:::tick-2s/args[0]/{}", null, null, null)]
    [TestCase("dtrace:::BEGIN{} profile:::tick-1s{}", "dtrace:::BEGIN", "Evolving Evolving Common", "Stable Stable Common")]
    [TestCase("tick-1s{}", "tick-1s", "Unstable Unstable Common", "Stable Stable Common")]
    public void How_stable_a_program_is(string program, string? name, string? descriptions, string? statements)
    {
        string[] words = ["-qvn", program, "-r", Corpus.PathOf("nops.pcap")];
        (int code, string output, _) = Run(words);
        Assert.That(code, Is.EqualTo(name is null ? 1 : 0));
        string report = name is null ? "" : $"\nStability attributes for description {name}:\n{Attributes("Minimum Probe Description", descriptions!)}{Attributes("Minimum Statement", statements!)}";
        Assert.That(output, name is null ? Is.Empty : Does.StartWith(report + "\n"));
        Assert.That(Run(["-e", .. words]).Out, name is null ? Is.Empty : Does.StartWith(report + "\n   ID   PROVIDER "));
    }

    private static string Attributes(string of, string values)
    {
        string[] v = values.Split(' ');
        return $"\n\t{of} Attributes\n\t\tIdentifier Names: {v[0]}\n\t\tData Semantics:   {v[1]}\n\t\tDependency Class: {v[2]}\n";
    }

    [Test]
    public void A_list_tells_the_stability_of_each_probe()
    {
        string list = Run("-lv", "-n", "BEGIN,tick-1s,iscsi*:::nop-send", "-r", Corpus.PathOf("nops.pcap")).Out;
        foreach (string values in (string[])["Stable Stable Common", "Evolving Evolving Common", "Private Private Unknown"])
            Assert.That(list, Does.Contain(Attributes("Probe Description", values)));
        Assert.That(list, Does.Contain(Attributes("Argument", "Evolving Evolving ISA")));
    }

    [Test]
    public void A_script_alone_is_run_as_its_first_line_says()
    {
        string one = Script("#!/usr/sbin/dtrace -qs\nBEGIN { printf(\"%s %d\\n\", $$1, $2); exit(0); }\n");
        Assert.That(Run(one, "a", "2"), Is.EqualTo((0, "a 2\n\n", "")));
        string other = Script("#!/usr/bin/env -S iscsitrace -s\n#pragma D option quiet\nBEGIN { printf(\"%s\\n\", $$0); exit(0); }\n");
        Assert.That(Run(other), Is.EqualTo((0, other + "\n\n", "")));
    }

    [Test]
    public void The_preprocessor_runs_over_scripts()
    {
        Client.Need("cpp");
        File.WriteAllText(_scratch.File("part.h"), "#define GREETING \"hello\"\n");
        string script = Script("#!/usr/sbin/dtrace -Cqs\n#include \"part.h\"\nBEGIN { printf(\"%s %d\\n\", GREETING, N); exit(0); }\n");
        Assert.That(Run("-Cq", "-D", "N=4", "-s", script), Is.EqualTo((0, "hello 4\n\n", "")));
        string wrong = Script("#include \"part.h\"\n\nBEGIN { trace(nosuch); }\n");
        Assert.That(Run("-C", "-s", wrong), Is.EqualTo((1, "", $"dtrace: failed to compile script {wrong}: \"{wrong}\", line 3: failed to resolve nosuch: Unknown variable name\n")));
    }

    [Test]
    public void A_preprocessor_that_is_not_there_is_said()
    {
        string script = Script("BEGIN { exit(0); }");
        (int code, _, string error) = Run("-C", "-x", "cpppath=/no/such/cpp", "-s", script);
        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.StartWith($"dtrace: failed to compile script {script}: the C preprocessor /no/such/cpp, which -C needs, cannot be run: "));
    }

    [Test]
    public void A_fault_is_told_and_the_rest_goes_on()
    {
        (int code, string output, string error) = Run("-qn", "BEGIN { i = 0; trace(1 / i); } BEGIN { printf(\"on\\n\"); exit(0); }");
        Assert.That((code, output), Is.EqualTo((0, "on\n\n")));
        Assert.That(error, Does.Match(@"^dtrace: error on enabled probe ID \d+ \(ID 1: dtrace:::BEGIN\): divide-by-zero in action #\d+ at DIF offset \d+\n$"));
    }

    [Test]
    public void What_finds_no_room_is_told()
    {
        (_, _, string error) = Run("-q", "-x", "aggsize=1k", "-n", "iscsi*::: { @[timestamp, probename] = count(); }", "-r", Corpus.PathOf("reads.pcap"));
        Assert.That(error, Does.Match(@"(?m)^dtrace: \d+ aggregation drops? on CPU 0$"));
    }

    [Test]
    public void A_reader_that_went_away_is_a_quiet_end()
    {
        using var output = new BrokenPipe();
        using var error = new StringWriter();
        int code = CommandLine.Run(["trace", "-qn", "BEGIN { trace(1); }", "-r", Corpus.PathOf("reads.pcap")], new Streams(output, error, false, false));
        Assert.That((code, error.ToString()), Is.EqualTo((0, "")));
    }

    [Test]
    public void Version_and_help()
    {
        Assert.That(Run("-V").Out, Is.EqualTo(BuildFacts.Line("iscsitrace") + "\n"));
        Assert.That(Run("-qh").Out, Does.StartWith("usage: iscsitop trace [options]"));
    }

    private string Script(string text)
    {
        string path = _scratch.File($"{Guid.NewGuid():n}.d");
        File.WriteAllText(path, text);
        return path;
    }

    private static (int Code, string Out, string Error) Run(params string[] words) => Call(["trace", .. words]);

    private static (int Code, string Out, string Error) Call(params string[] words)
    {
        using var output = new MemoryStream();
        using var error = new StringWriter { NewLine = "\n" };
        int code = CommandLine.Run(words, new Streams(output, error, false, false));
        return (code, Encoding.UTF8.GetString(output.ToArray()), error.ToString());
    }
}
