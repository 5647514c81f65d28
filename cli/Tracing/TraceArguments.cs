using System.CommandLine;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Cli.Tracing;

/// <summary>A program as the command line names it.</summary>
/// <param name="Argument">The word: descriptions with what follows them, or a file.</param>
/// <param name="FromFile">Whether it is a file.</param>
/// <param name="Rest">Fields to be added to each description, for -P, -m and -f.</param>
internal sealed record TraceProgram(string Argument, bool FromFile, string Rest = "")
{
    private static readonly char[] s_heads = ['{', '/', ';'];

    /// <summary>What notices call it: of a text the descriptions, as they were written.</summary>
    public string Name => FromFile || Argument.IndexOfAny(s_heads) is not (>= 0 and var end) ? Argument : Argument[..end];

    /// <summary>What notices say that it is.</summary>
    public string Kind => FromFile ? "script" : "description";

    /// <summary>Of a text, the program.</summary>
    public string Text
    {
        get
        {
            if (Rest.Length == 0) return Argument;
            string descriptions = string.Join(',', Name.Split(',').Select(d => d.Trim() + Rest));
            return descriptions + Argument[Name.Length..];
        }
    }
}

/// <summary>The command line of <c>iscsitrace</c>, read as getopt does: options may stand together and between arguments.</summary>
internal sealed class TraceArguments
{
    /// <summary>Programs, in their order.</summary>
    public List<TraceProgram> Programs { get; } = [];

    /// <summary>$1 and so on.</summary>
    public List<string> Arguments { get; } = [];

    /// <summary>Options of D: name or name=value, in their order.</summary>
    public List<string> Settings { get; } = [];

    /// <summary>Kernel variables.</summary>
    public Dictionary<string, string> Kernel { get; } = [];

    /// <summary>Words for <see cref="CaptureWords"/>.</summary>
    public List<string> Capture { get; } = [];

    /// <summary>Lists of process ids.</summary>
    public List<string> Pids { get; } = [];

    /// <summary>A command to run; null for none.</summary>
    public string? Command { get; set; }

    /// <summary>A file the output is appended to; null for standard output.</summary>
    public string? Output { get; private set; }

    /// <summary>Whether aggregations are printed as JSON at the end.</summary>
    public bool Ndjson { get; private set; }

    public bool CompileOnly { get; set; }

    public bool List { get; set; }

    public bool Verbose { get; set; }

    public bool Version { get; set; }

    public bool Help { get; private set; }

    /// <summary>Reads it.</summary>
    /// <exception cref="UsageException">It is wrong.</exception>
    public static TraceArguments Parse(IReadOnlyList<string> words)
    {
        var parsed = new TraceArguments();
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (word == "--")
            {
                parsed.Arguments.AddRange(words.Skip(i + 1));
                break;
            }
            if (word.StartsWith("--", StringComparison.Ordinal)) parsed.Long(words, ref i);
            else if (TraceRows.Find(word) is { IsLetter: false } row) row.Take(parsed, "");
            else if (word.Length > 1 && word[0] == '-') parsed.Letters(words, ref i);
            else parsed.Arguments.Add(word);
        }
        return parsed;
    }

    /// <summary>Takes a description, or several.</summary>
    public void AddText(string text, string rest) => Programs.Add(new TraceProgram(text, false, rest));

    /// <summary>Takes a script.</summary>
    public void AddScript(string file) => Programs.Add(new TraceProgram(file, true));

    /// <summary>Takes -i, which is a probe's id in dtrace(1M) and an interface elsewhere in iscsitop.</summary>
    public void AddInterfaceOrId(string value)
    {
        if (value.Length > 0 && value.All(char.IsAsciiDigit)) AddText(value, "");
        else Capture.AddRange(["-i", value]);
    }

    /// <summary>Takes -D.</summary>
    public void Define(string definition)
    {
        int equals = definition.IndexOf('=', StringComparison.Ordinal);
        Kernel[equals < 0 ? definition : definition[..equals]] = equals < 0 ? "1" : definition[(equals + 1)..];
        Settings.Add("define=" + definition);
    }

    /// <summary>Takes -o: exactly ndjson is the format, ./ndjson a file.</summary>
    public void SetOutput(string value)
    {
        if (value == "ndjson") Ndjson = true;
        else Output = value.Length > 0 ? value : throw Values.Wrong("output file", value, "its path");
    }

    /// <summary>Where events come from.</summary>
    /// <exception cref="UsageException">What was asked for makes no sense.</exception>
    public Origin Origin()
    {
        var words = new CaptureWords();
        var command = new Command("trace");
        words.AddTo(command);
        ParseResult result = command.Parse(Capture, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Errors.Count > 0) throw new UsageException(result.Errors[0].Message);
        IReadOnlyList<int> pids = Values.Pids(Pids);
        CaptureOptions? capture = words.Options(result, pids);
        return new Origin(pids, capture);
    }

    private void Long(IReadOnlyList<string> words, ref int i)
    {
        string word = words[i];
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? word : word[..equals];
        if (name == "--help")
        {
            Help = true;
            return;
        }
        TraceRow row = TraceRows.Find(name) ?? throw Unknown(name);
        if (row.Value is null && equals >= 0) throw new UsageException($"{name} takes no value");
        row.Take(this, row.Value is null ? "" : equals >= 0 ? word[(equals + 1)..] : Next(words, ref i, name));
    }

    private void Letters(IReadOnlyList<string> words, ref int i)
    {
        string word = words[i];
        for (int at = 1; at < word.Length; at++)
        {
            if (word[at] == 'h')
            {
                Help = true;
                continue;
            }
            string name = "-" + word[at];
            TraceRow row = TraceRows.Find(name) ?? throw Unknown(name);
            if (row.Value is not null)
            {
                row.Take(this, at + 1 < word.Length ? word[(at + 1)..] : Next(words, ref i, name));
                return;
            }
            row.Take(this, "");
        }
    }

    private static string Next(IReadOnlyList<string> words, ref int i, string name) =>
        ++i < words.Count ? words[i] : throw new UsageException($"option requires an argument -- {name} (see iscsitrace --help)");

    private static UsageException Unknown(string name) => name is "-a" or "-A" or "-G" or "-B"
        ? new($"{name} cannot be had here: there is no kernel to keep a program in (see iscsitrace --help)")
        : new($"unknown option -- {name} (see iscsitrace --help)");
}
