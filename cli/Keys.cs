using System.Globalization;

namespace Iscsitop.Cli;

/// <summary>What a key does on the screen.</summary>
internal enum KeyAction
{
    None,
    Quit,
    Help,
    SortMenu,
    SortPrevious,
    SortNext,
    Invert,
    Filter,
    Command,
    Pause,
    Faster,
    Slower,
    Interval,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    ColumnsLeft,
    ColumnsRight,
    DrillIn,
    Back,
    NextView,
    PreviousView,
    ViewNumber,
    Panel,
    Extended,
    Names,
    Presets,
    Follow,
    Decompose,
    Heat,
    HeatMode,
    Groups,
    Reset,
    Colors,
    NextSample,
    PreviousSample,
    GoToTime,
    Live,
    ClearHistory,
    Redraw,
    Suspend,
    Save,
}

/// <summary>A row of the key table.</summary>
/// <param name="Action">What the keys do.</param>
/// <param name="Keys">The keys, as text a person reads: <c>q</c>, <c>Ctrl-C</c>, <c>PgUp</c>.</param>
/// <param name="Help">One line for the help overlay and the man page.</param>
/// <param name="Footer">The word beside the first key in the footer, "" when it is not shown there.</param>
internal sealed record KeyBinding(KeyAction Action, string[] Keys, string Help, string Footer = "");

/// <summary>
/// The key table: the dispatch, the help overlay, the footer and the man page are loops over it. A key is one
/// character; those without a character of their own have one of Unicode's private use area.
/// </summary>
internal static class Keys
{
    internal const char Up = '\ue000';
    internal const char Down = '\ue001';
    internal const char Left = '\ue002';
    internal const char Right = '\ue003';
    internal const char PageUp = '\ue004';
    internal const char PageDown = '\ue005';
    internal const char Home = '\ue006';
    internal const char End = '\ue007';
    internal const char F1 = '\ue008';
    internal const char F6 = '\ue009';
    internal const char ShiftTab = '\ue00a';
    internal const char Enter = '\r';
    internal const char Tab = '\t';
    internal const char Esc = '\e';
    internal const char Backspace = '\b';

    /// <summary>The bindings, in the order of the help overlay and, where they have a footer word, of the footer.</summary>
    internal static readonly KeyBinding[] Table =
    [
        new(KeyAction.Quit, ["q", "Ctrl-C"], "quit", "quit"),
        new(KeyAction.Help, ["?", "h", "F1"], "this help: keys and columns", "help"),
        new(KeyAction.NextView, ["Tab"], "next view", "view"),
        new(KeyAction.PreviousView, ["Shift-Tab"], "previous view"),
        new(KeyAction.ViewNumber, ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"], "view of LUNs, initiators, sessions, targets, opcodes, heat map, errors, pattern, TMF and reservations, findings"),
        new(KeyAction.SortMenu, ["s", "F6"], "choose the column to sort by", "sort"),
        new(KeyAction.SortPrevious, ["<"], "sort by the column to the left"),
        new(KeyAction.SortNext, [">"], "sort by the column to the right"),
        new(KeyAction.Invert, ["I"], "invert the sort order"),
        new(KeyAction.Filter, ["/"], "filter by target, LUN, initiator (regex; a leading ! inverts), or by an expression; Tab completes, Esc clears", "filter"),
        new(KeyAction.Command, [":"], "command line: view, filter, sort, D ...; Tab completes, Up recalls"),
        new(KeyAction.DrillIn, ["Enter"], "drill into the selected row; how it ended, of a session that was lost", "drill"),
        new(KeyAction.Back, ["Esc"], "back out of a drill, then clear the filter; close a D view"),
        new(KeyAction.Pause, ["Space", "z"], "pause and go on; nothing is lost meanwhile", "pause"),
        new(KeyAction.Panel, ["e"], "lower panel: both, latency, commands, none", "panel"),
        new(KeyAction.Decompose, ["d"], "where the time of reads and writes went, and whose it was: storage, network or host", "split"),
        new(KeyAction.Heat, ["H"], "heat map of the selected row", "heat"),
        new(KeyAction.HeatMode, ["m"], "heat map of latency, first byte, host data, service, pings; next aggregation of a D view"),
        new(KeyAction.Groups, ["E"], "close and open groups of rows"),
        new(KeyAction.Extended, ["x"], "more columns, and commands a second of each row over the last intervals", "more"),
        new(KeyAction.Names, ["n"], "names: alias, name, beginning of a long name, address"),
        new(KeyAction.Presets, ["p"], "next preset, and back to none"),
        new(KeyAction.Follow, ["F"], "follow the selected row wherever it goes"),
        new(KeyAction.Interval, ["i"], "set the interval in seconds"),
        new(KeyAction.Slower, ["+"], "longer interval"),
        new(KeyAction.Faster, ["-"], "shorter interval"),
        new(KeyAction.Reset, ["r"], "clear the graph; in a D view its aggregations"),
        new(KeyAction.PreviousSample, ["T"], "previous sample: back in time, and pause"),
        new(KeyAction.NextSample, ["t"], "next sample"),
        new(KeyAction.GoToTime, ["b"], "go to a time: HH:MM[:SS], -5m, +30s"),
        new(KeyAction.Live, ["Z"], "back to what happens now; of a recording, its end"),
        new(KeyAction.ClearHistory, ["Ctrl-R"], "forget the past that is kept"),
        new(KeyAction.Up, ["Up", "k"], "row up"),
        new(KeyAction.Down, ["Down", "j"], "row down"),
        new(KeyAction.PageUp, ["PgUp", "Ctrl-B"], "page up"),
        new(KeyAction.PageDown, ["PgDn", "Ctrl-F"], "page down"),
        new(KeyAction.First, ["Home", "g"], "first row; the selection then stays on top"),
        new(KeyAction.Last, ["End", "G"], "last row"),
        new(KeyAction.ColumnsLeft, ["Left"], "columns that did not fit, to the left; back in the heat map"),
        new(KeyAction.ColumnsRight, ["Right"], "columns that did not fit, to the right; on in the heat map"),
        new(KeyAction.Colors, ["X"], "colours off and on"),
        new(KeyAction.Save, ["w"], "save the screen: text, CSV, JSON, SVG or PNG by the name's end", "save"),
        new(KeyAction.Redraw, ["Ctrl-L"], "draw the screen anew"),
        new(KeyAction.Suspend, ["Ctrl-Z"], "back to the shell until fg"),
    ];

    // The words for keys that no printable character stands for.
    private static readonly (string Name, char Key)[] s_named =
    [
        ("Up", Up), ("Down", Down), ("Left", Left), ("Right", Right), ("PgUp", PageUp), ("PgDn", PageDown),
        ("Home", Home), ("End", End), ("F1", F1), ("F6", F6), ("Tab", Tab), ("Shift-Tab", ShiftTab), ("Enter", Enter),
        ("Esc", Esc), ("Space", ' '),
    ];

    /// <summary>The names of keys that no printable character stands for.</summary>
    internal static IEnumerable<string> NamedKeys => s_named.Select(n => n.Name);

    /// <summary>Whether a name is a key's.</summary>
    internal static bool IsKey(string name) => Array.Exists(s_named, n => n.Name == name) || (name.StartsWith("Ctrl-", StringComparison.Ordinal)
        ? name.Length == 6 && char.IsAsciiLetter(name[5]) : name.Length == 1 && name[0] is > ' ' and not '\x7f' && (name[0] < Up || name[0] > '\uf8ff'));

    /// <summary>The key of a name in <see cref="Table"/>; a control character for <c>Ctrl-L</c>.</summary>
    internal static char Parse(string name)
    {
        foreach ((string known, char key) in s_named)
            if (known == name)
                return key;
        if (name.StartsWith("Ctrl-", StringComparison.Ordinal)) return Control(name[5]);
        return name.Length == 1 ? name[0] : throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"no key: {name}"), nameof(name));
    }

    /// <summary>The control character of a letter: what a terminal sends for Ctrl and it.</summary>
    internal static char Control(char letter) => (char)(char.ToUpperInvariant(letter) & 0x1f);
}
