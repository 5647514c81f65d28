using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Top.Asking;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Top;

/// <summary>What a command of the <c>:</c> line has to say: nothing, or what is wrong and where in its arguments.</summary>
internal readonly record struct Reply(string Complaint, int At = 0)
{
    /// <summary>It was done.</summary>
    public static Reply Done { get; } = new("");
}

/// <summary>A command of the <c>:</c> line.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">What comes after it, for the help.</param>
/// <param name="Help">One line for the help and the man page.</param>
/// <param name="Run">Does it.</param>
/// <param name="Complete">What its arguments may go on with; null for nothing.</param>
internal sealed record ScreenCommand(string Name, string Arguments, string Help, Func<State, string, Reply> Run, Func<State, string, IEnumerable<string>>? Complete = null);

/// <summary>The commands of the <c>:</c> line: dispatch, completion, help and man page are loops over them.</summary>
internal static class CommandLineTable
{
    /// <summary>All of them; the key of a view is a command, too.</summary>
    internal static readonly ScreenCommand[] Table =
    [
        new("view", "KEY", "show a view, or a D view by its name; that alone does so, too, and a text after a key is the filter", View, (s, _) => Named(s)),
        new("filter", "[EXPR]", "keep what an expression is true of, or what has a text in its name; without one everything", Filtered, (_, text) => Completion.Of(text, out int at).Select(w => text[..at] + w)),
        new("sort", "[+]FIELD", "sort by a field or header, highest first, with + lowest first", Sort, (s, _) => s.View.Columns.Select(c => c.Field)),
        new("interval", "SECONDS", "set the interval", (s, text) => s.TrySetInterval(text) ? Reply.Done : new(State.IntervalRight)),
        new("preset", "[NAME]", "look at things as a preset says; without a name as before", Preset, (s, _) => s.Presets.Select(p => p.Name)),
        new("alias", "NAME=ALIAS", "call an initiator, target or address so, for this run; = alone takes it away", Alias),
        new("set", "KEY VALUE", "set names, extended or panel", Set, Settable),
        new("go", "TIME", "go to a time in the history", (s, text) => Hook(s.Go, text, "there is no history to go to")),
        new("save", "FILE", "write what is on the screen to a file", (s, text) => Hook(s.Save, text, "nothing can be saved here")),
        new("save-view", "NAME", "keep the D view that is open under a name in the configuration", SaveView, (s, _) => s.SavedViews.Keys),
        new("help", "", "keys, columns and commands", (s, _) => Mode(s, Top.Mode.Help)),
        new("quit", "", "leave; q does so, too", (s, _) => Quit(s)),
    ];

    private static readonly (string Key, string[] Values, Action<State, string> Set)[] s_settable =
    [
        ("names", [.. Naming.Words.Select(w => w.Word)], (s, v) => s.Naming.Style = Naming.Words.First(w => w.Word == v).Value),
        ("extended", ["on", "off"], (s, v) => s.Extend(v == "on")),
        ("panel", ["both", "latency", "commands", "none"], (s, v) => s.Panel = Enum.Parse<Panel>(v, ignoreCase: true)),
    ];

    /// <summary>Does what a line says.</summary>
    /// <param name="state">The screen's state.</param>
    /// <param name="line">The line without its colon.</param>
    /// <returns>What is wrong, its place counted in the line.</returns>
    public static Reply Run(State state, string line)
    {
        (string name, string argument, int at) = Split(line);
        if (name.Length == 0) return Reply.Done;
        int begin = line.IndexOf(name, StringComparison.Ordinal);
        if (Find(state, name) is not { } command)
        {
            if (!DLine.Is(line)) return Unknown(state, name) with { At = begin };
            Reply asked = Ask(state, line.Trim(), "");
            return asked with { At = asked.At + begin };
        }
        Reply reply = command.Run(state, argument);
        return reply with { At = reply.At + at };
    }

    /// <summary>The lines that go on from one.</summary>
    public static IEnumerable<string> Complete(State state, string line)
    {
        (string name, string argument, int at) = Split(line);
        if (at == line.Length && !line.EndsWith(' ') && argument.Length == 0)
        {
            string[] names = [.. Table.Select(c => c.Name).Concat(Named(state)).Where(n => n.StartsWith(name, StringComparison.Ordinal)).Distinct()];
            // The only one that it can be, and whole: on to what comes after it.
            return names is [string only] && only == name && Find(state, only)?.Arguments.Length > 0 ? [line + " "] : names;
        }
        return Find(state, name)?.Complete?.Invoke(state, argument).Where(a => a.StartsWith(argument, StringComparison.OrdinalIgnoreCase)).Select(a => line[..at] + a) ?? [];
    }

    // The name, what comes after it, and where that begins.
    private static (string Name, string Argument, int At) Split(string line)
    {
        int begin = 0;
        while (begin < line.Length && line[begin] == ' ') begin++;
        int end = line.IndexOf(' ', begin);
        if (end < 0) return (line[begin..], "", line.Length);
        int at = end;
        while (at < line.Length && line[at] == ' ') at++;
        return (line[begin..end], line[at..].TrimEnd(), at);
    }

    private static ScreenCommand? Find(State state, string name)
    {
        if (name == "q") name = "quit";
        foreach (ScreenCommand command in Table)
            if (command.Name == name)
                return command;
        for (int i = 0; i < state.Views.Count; i++)
            if (state.Views[i].Key == name)
                return new ScreenCommand(name, "[TEXT]", "", (s, text) => Narrow(s, name, text), Table[1].Complete);
        if (state.SavedViews.ContainsKey(name)) return new ScreenCommand(name, "[TEXT]", "", (s, text) => Narrow(s, name, text));
        return null;
    }

    private static Reply Unknown(State state, string name)
    {
        IEnumerable<string> names = Table.Select(c => c.Name).Concat(Named(state));
        return new($"there is no command {name} ({(Near.Of(name, names) is { Length: > 0 } near ? near + "?" : "Tab lists them")})");
    }

    private static Reply View(State state, string key)
    {
        int view = state.Views.ToList().FindIndex(v => v.Key == key);
        if (view < 0 && state.SavedViews.TryGetValue(key, out string? program)) return Ask(state, program, key) with { At = 0 };
        if (view < 0) return new("one of " + string.Join(", ", Named(state)));
        state.Show(view);
        return Reply.Done;
    }

    private static IEnumerable<string> Named(State state) => state.Views.Select(v => v.Key).Concat(state.SavedViews.Keys).Distinct();

    private static Reply Ask(State state, string line, string name)
    {
        if (state.Ask is null) return new("D cannot be run here");
        Reply reply = state.Ask(line, name, out Asked? asked);
        if (asked is null) return reply;
        state.Open(asked);
        return Reply.Done;
    }

    private static Reply SaveView(State state, string name)
    {
        if (state.Asked is not { } asked) return new("there is no D view: an aggregation after the colon opens one");
        string problem = DViews.Wrong(name);
        if (problem.Length == 0) problem = DViews.Save(state.Options.Settings, name, asked.Text);
        if (problem.Length > 0) return new(problem);
        state.KeepAsked(name);
        state.Notice = $"kept as {name}: :{name} opens it";
        return Reply.Done;
    }

    private static Reply Narrow(State state, string key, string text)
    {
        if (state.SavedViews.ContainsKey(key))
        {
            Reply opened = View(state, key);
            return opened.Complaint.Length > 0 ? opened : Filtered(state, text);
        }
        Reply reply = text.Length > 0 ? Filtered(state, text) : Reply.Done;
        return reply.Complaint.Length > 0 ? reply : View(state, key);
    }

    private static Reply Filtered(State state, string text)
    {
        state.SetFilter(text);
        return new(state.Complaint, Math.Max(0, state.ComplaintAt));
    }

    private static Reply Sort(State state, string text)
    {
        string field = text.TrimStart('+');
        Column? column = state.View.Find(field) ?? state.View.Columns.FirstOrDefault(c => c.Header.Equals(field, StringComparison.OrdinalIgnoreCase));
        if (column is null) return new(Near.Of(field, state.View.Columns.Select(c => c.Field)) is { Length: > 0 } near ? near + "?" : "a field of this view is wanted (Tab lists them)");
        state.Sort(column, text.StartsWith('+') || column.Value is null);
        return Reply.Done;
    }

    private static Reply Preset(State state, string name)
    {
        int preset = name.Length == 0 ? -1 : state.Presets.ToList().FindIndex(p => p.Name == name);
        if (name.Length > 0 && preset < 0) return new("one of " + string.Join(", ", state.Presets.Select(p => p.Name)));
        state.Take(preset);
        return Reply.Done;
    }

    private static Reply Alias(State state, string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) return new("NAME=ALIAS is wanted", Math.Max(equals, 0));
        state.Naming.Name(text[..equals].Trim(), text[(equals + 1)..].Trim());
        state.Naming.Style = NameStyle.Alias;
        return Reply.Done;
    }

    private static Reply Set(State state, string text)
    {
        string[] words = text.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach ((string key, string[] values, Action<State, string> set) in s_settable)
        {
            if (words.Length == 0 || words[0] != key) continue;
            if (words.Length < 2 || !values.Contains(words[1])) return new("one of " + string.Join(", ", values), key.Length + 1);
            set(state, words[1]);
            return Reply.Done;
        }
        return new("one of " + string.Join(", ", s_settable.Select(s => s.Key)));
    }

    private static IEnumerable<string> Settable(State state, string text)
    {
        foreach ((string key, string[] values, Action<State, string> _) in s_settable)
            if (!text.StartsWith(key + " ", StringComparison.Ordinal)) yield return key + " ";
            else
                foreach (string value in values)
                    yield return $"{key} {value}";
    }

    private static Reply Hook(Func<string, string>? hook, string text, string none) =>
        hook is null ? new(none) : text.Length == 0 ? new("an argument is wanted") : new(hook(text));

    private static Reply Mode(State state, Mode mode)
    {
        (state.Mode, state.MenuIndex) = (mode, 0);
        return Reply.Done;
    }

    private static Reply Quit(State state)
    {
        state.Quit = true;
        return Reply.Done;
    }
}
