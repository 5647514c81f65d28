using static Iscsitop.Engine.D.OptionKind;
using static Iscsitop.Engine.D.OptionPhase;

namespace Iscsitop.Engine.D;

public static partial class OptionTable
{
    // A published script asks for switchrate=10, which is 10 ns; it is heard as "often".
    private const long ShortestRate = 10_000_000;

    // What there is nothing of here: kernel code, processes, stacks, speculation, several CPUs.
    private const string NoCode = "ignored: programs become no kernel code";
    private const string NoProcess = "ignored: no processes are traced";
    private const string NoStack = "ignored: there are no stacks";
    private const string NoSpeculation = "ignored: there is no speculation";
    private const string OneBuffer = "ignored: there is one buffer and one CPU";
    private const string NoLibrary = "ignored: types and constants are built in";

    private static readonly OptionRow[] s_rows =
    [
        new("aggpercpu", Compile, OptionKind.Boolean, OneBuffer),
        new("amin", Compile, Text, "ignored: stabilities are not enforced"),
        new("argref", Compile, OptionKind.Boolean, "macro arguments need not be referenced", (o, v) => o.ArgRef = v != 0),
        new("core", Compile, OptionKind.Boolean, "ignored: for developers of the original"),
        new("cpp", Compile, OptionKind.Boolean, "run the preprocessor", (o, v) => o.Cpp = v != 0),
        new("cpphdrs", Compile, OptionKind.Boolean, "the preprocessor names the headers it reads, as -H", (o, v) => o.CppArguments.Add("-H")),
        new("cpppath", Compile, Text, "the preprocessor") { SetText = (o, t) => o.CppPath = t },
        new("ctypes", Compile, Text, NoLibrary),
        new("debug", Compile, OptionKind.Boolean, "ignored: for developers of the original"),
        new("defaultargs", Compile, OptionKind.Boolean, "macro arguments that are not given are 0 and \"\"", (o, v) => o.DefaultArgs = v != 0),
        new("define", Compile, Text, "a macro of the preprocessor, as -D") { SetText = (o, t) => o.CppArguments.Add("-D" + t) },
        new("disasm", Compile, Number, NoCode),
        new("droptags", Compile, OptionKind.Boolean, "ignored: messages of drops have no tags"),
        new("dtypes", Compile, Text, NoLibrary),
        new("empty", Compile, OptionKind.Boolean, "an empty program may be compiled", (o, v) => o.Empty = v != 0),
        new("encoding", Compile, Choice, "ignored: bars are of one character", Choices: ["ascii", "utf8"]),
        new("errtags", Compile, OptionKind.Boolean, "messages begin with their tag", (o, v) => o.ErrTags = v != 0),
        new("evaltime", Compile, Choice, NoProcess, Choices: ["exec", "preinit", "postinit", "main"]),
        new("incdir", Compile, Text, "a folder of headers, as -I") { SetText = (o, t) => o.CppArguments.Add("-I" + t) },
        new("iregs", Compile, Number, NoCode),
        new("kdefs", Compile, OptionKind.Boolean, NoCode),
        new("knodefs", Compile, OptionKind.Boolean, NoCode),
        new("late", Compile, Text, NoProcess),
        new("lazyload", Compile, OptionKind.Boolean, NoProcess),
        new("ldpath", Compile, Text, NoCode),
        new("libdir", Compile, Text, NoLibrary),
        new("linkmode", Compile, Choice, NoCode, Choices: ["kernel", "primary", "dynamic", "static"]),
        new("linktype", Compile, Choice, NoCode, Choices: ["elf", "dof"]),
        new("nolibs", Compile, OptionKind.Boolean, NoLibrary),
        new("pgmax", Compile, Number, NoProcess),
        new("pspec", Compile, OptionKind.Boolean, "ignored: a name of a type declares, with ':' it is a description"),
        new("setenv", Compile, Text, NoProcess),
        new("stdc", Compile, Choice, "ignored: the preprocessor has its own mind", Choices: ["a", "c", "s", "t"]),
        new("strip", Compile, OptionKind.Boolean, NoCode),
        new("syslibdir", Compile, Text, NoLibrary),
        new("tree", Compile, Number, "ignored: for developers of the original"),
        new("tregs", Compile, Number, NoCode),
        new("udefs", Compile, OptionKind.Boolean, NoCode),
        new("undef", Compile, Text, "no macro of the preprocessor, as -U") { SetText = (o, t) => o.CppArguments.Add("-U" + t) },
        new("unodefs", Compile, OptionKind.Boolean, NoCode),
        new("unsetenv", Compile, Text, NoProcess),
        new("verbose", Compile, OptionKind.Boolean, NoCode),
        new("version", Compile, Text, "ignored: there is one version of D"),
        new("zdefs", Compile, OptionKind.Boolean, "descriptions may match nothing", (o, v) => o.ZDefs = v != 0),

        new("aggsize", Run, Size, "bytes of aggregations", (o, v) => o.AggSize = v, Least: 1024),
        new("bufsize", Run, Size, "bytes of output between two writes", (o, v) => o.BufSize = v, Least: 1024),
        new("bufpolicy", Run, Choice, OneBuffer, Choices: ["ring", "fill", "switch"]),
        new("bufresize", Run, Choice, OneBuffer, Choices: ["auto", "manual"]),
        new("cleanrate", Run, Time, "ignored: dynamic variables are clean at once"),
        new("cpu", Run, Number, OneBuffer),
        new("destructive", Run, OptionKind.Boolean, "destructive actions may be named; there are none", (o, v) => o.Destructive = v != 0),
        new("dynvarsize", Run, Size, "bytes of associative arrays and of self->", (o, v) => o.DynVarSize = v, Least: 1024),
        new("grabanon", Run, OptionKind.Boolean, "ignored: there is no anonymous tracing"),
        new("jstackframes", Run, Number, NoStack),
        new("jstackstrsize", Run, Size, NoStack),
        new("nspec", Run, Number, NoSpeculation),
        new("specsize", Run, Size, NoSpeculation),
        new("stackframes", Run, Number, NoStack),
        new("statusrate", Run, Time, "ignored: drops are told at every write"),
        new("strsize", Run, Size, "bytes of a string with its NUL", (o, v) => o.StrSize = (int)v, Least: 2, Most: 65535),
        new("temporal", Run, OptionKind.Boolean, "ignored: output is in order of time"),
        new("ustackframes", Run, Number, NoStack),

        new("aggrate", Dynamic, Time, "time between two takings of aggregations", (o, v) => o.AggRate = v, Least: ShortestRate),
        new("agghist", Dynamic, OptionKind.Boolean, "ignored: there are no histograms of aggregations"),
        new("aggpack", Dynamic, OptionKind.Boolean, "ignored: distributions are not packed"),
        new("aggsortkey", Dynamic, OptionKind.Boolean, "sort by key before value", (o, v) => o.AggSortKey = v != 0),
        new("aggsortkeypos", Dynamic, Number, "key to begin with", (o, v) => o.AggSortKeyPos = (int)v, Most: int.MaxValue),
        new("aggsortpos", Dynamic, Number, "aggregation to sort by", (o, v) => o.AggSortPos = (int)v, Most: int.MaxValue),
        new("aggsortrev", Dynamic, OptionKind.Boolean, "sort in reverse", (o, v) => o.AggSortRev = v != 0),
        new("aggzoom", Dynamic, OptionKind.Boolean, "ignored: distributions are not zoomed"),
        new("flowindent", Dynamic, OptionKind.Boolean, "ignored: no probe is an entry or a return"),
        new("quiet", Dynamic, OptionKind.Boolean, "only explicit output", (o, v) => o.Quiet = v != 0),
        new("rawbytes", Dynamic, OptionKind.Boolean, "trace() prints bytes as they are", (o, v) => o.RawBytes = v != 0),
        new("stackindent", Dynamic, Number, NoStack),
        new("switchrate", Dynamic, Time, "time between two writes of output", (o, v) => o.SwitchRate = v, Least: ShortestRate),
    ];

    /// <summary>All there are.</summary>
    public static IReadOnlyList<OptionRow> Rows => s_rows;
}
