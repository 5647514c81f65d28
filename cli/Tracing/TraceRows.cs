using System.CommandLine;

namespace Iscsitop.Cli.Tracing;

/// <summary>An option of <c>iscsitrace</c>.</summary>
/// <param name="Name">As it is typed: a letter that may stand together with others, or a word behind two hyphens.</param>
/// <param name="Value">What its value is called; null when it has none.</param>
/// <param name="Help">What it does.</param>
/// <param name="Take">Notes that it was given.</param>
internal sealed record TraceRow(string Name, string? Value, string Help, Action<TraceArguments, string> Take)
{
    /// <summary>Whether it is one letter.</summary>
    public bool IsLetter => Name.Length == 2;
}

/// <summary>The options of <c>iscsitrace</c>: those of dtrace(1M), and which packets.</summary>
internal static class TraceRows
{
    /// <summary>All of them, as help and man page list them.</summary>
    public static readonly TraceRow[] All =
    [
        new("-n", "PROBE", "trace this probe; predicate and actions may follow it in the same word; repeatable", (a, v) => a.AddText(v, "")),
        new("-s", "FILE", "run this script, or the one of this name that comes with iscsitop; repeatable", (a, v) => a.AddScript(v)),
        new("-P", "PROVIDER", "trace the probes of this provider, as -n", (a, v) => a.AddText(v, ":::")),
        new("-m", "MODULE", "trace the probes of this module, as -n", (a, v) => a.AddText(v, "::")),
        new("-f", "FUNCTION", "trace the probes of this function, as -n", (a, v) => a.AddText(v, ":")),
        new("-i", "IF|ID", "observe the packets of this network interface instead of engines; a whole number is a probe's id, as -n", (a, v) => a.AddInterfaceOrId(v)),
        new("-r", "FILE", "observe the packets of this pcap or pcapng file, or the events of this recording, in their own time; - for standard input", (a, v) => a.Capture.AddRange(["-r", v])),
        new("-p", "PID[,PID]", "attach to these engines only; $target is the first, and tracing ends when all have", (a, v) => a.Pids.Add(v)),
        new("-c", "COMMAND", "run this command, whose process id $target is, and trace until it ends", (a, v) => a.Command = v),
        new("-o", "FILE|ndjson", "append the output to this file; ndjson: print aggregations at the end as a JSON object a line", (a, v) => a.SetOutput(v)),
        new("-q", null, "print only what the program prints", (a, _) => a.Settings.Add("quiet")),
        new("-x", "OPTION[=VALUE]", "set an option of D", (a, v) => a.Settings.Add(v)),
        new("-b", "SIZE", "let so much output wait, like 4m; the same as -x bufsize=SIZE", (a, v) => a.Settings.Add("bufsize=" + v)),
        new("-Z", null, "permit probes that are not there; those of engines that come are traced then", (a, _) => a.Settings.Add("zdefs")),
        new("-e", null, "end when the program is compiled", (a, _) => a.CompileOnly = true),
        new("-l", null, "list probes instead of tracing them", (a, _) => a.List = true),
        new("-v", null, "tell how stable is what a program relies on; with -l or -e stabilities and argument types of probes", (a, _) => a.Verbose = true),
        new("-C", null, "run the C preprocessor, cpp, over scripts", (a, _) => a.Settings.Add("cpp")),
        new("-D", "NAME[=VALUE]", "define this for the preprocessor, and as the kernel variable `NAME", (a, v) => a.Define(v)),
        new("-U", "NAME", "undefine this for the preprocessor", (a, v) => a.Settings.Add("undef=" + v)),
        new("-I", "DIR", "look for files that are included here, too", (a, v) => a.Settings.Add("incdir=" + v)),
        new("-H", null, "let the preprocessor say which files are included", (a, _) => a.Settings.Add("cpphdrs")),
        new("-w", null, "permit destructive actions, of which there are none here", (a, _) => a.Settings.Add("destructive")),
        new("-F", null, "taken and ignored: no function is entered or left here", (_, _) => { }),
        new("-L", "DIR", "taken and ignored: all libraries of D are built in", (_, _) => { }),
        new("-S", null, "taken and ignored: programs become no DIF", (_, _) => { }),
        new("-X", "a|c|s|t", "taken and ignored: how the original's preprocessor read C", (_, _) => { }),
        new("-32", null, "taken and ignored: data is that of a 64-bit system", (_, _) => { }),
        new("-64", null, "taken and ignored: so it is", (_, _) => { }),
        new("--realtime", null, "read the file no faster than it was captured or recorded", (a, _) => a.Capture.Add("--realtime")),
        new("--port", "PORT[,PORT]", "TCP ports of targets in packets; 3260,860 unless given", (a, v) => a.Capture.AddRange(["--port", v])),
        new("--alias", "ADDR[:PORT]=NAME", "name the target or initiator at this address where its login was not seen; repeatable", (a, v) => a.Capture.AddRange(["--alias", v])),
        new("--bpf", "BPF", "capture only packets that this filter of libpcap's takes, too", (a, v) => a.Capture.AddRange(["-f", v])),
        new("--snaplen", "BYTES", "capture at most so many bytes of a packet; 262144 unless given", (a, v) => a.Capture.AddRange(["--snaplen", v])),
        new("--buffer", "MIB", "let the kernel hold so many MiB of packets; 64 unless given", (a, v) => a.Capture.AddRange(["--buffer", v])),
        new("-V", null, "show the version", (a, _) => a.Version = true),
    ];

    /// <summary>The same as options of a command, for its help.</summary>
    public static IEnumerable<Option> Options =>
        All.Select(r => r.Value is null ? (Option)new Option<bool>(r.Name) { Description = r.Help } : new Option<string[]>(r.Name) { Description = r.Help, HelpName = r.Value });

    /// <summary>A row by its name, null for none.</summary>
    public static TraceRow? Find(string name) => Array.Find(All, r => r.Name == name);
}
