namespace Iscsitop.Cli.Configuration;

/// <summary>What the viewers' configuration says (iscsitop-config(5)); that of the target is <see cref="ConfigFile"/>'s.</summary>
internal sealed record Settings
{
    /// <summary>Key of the view.</summary>
    public string View { get; init; } = Views.All[0].Key;

    /// <summary>Seconds between reports, null for what the source makes best: 1, or a whole file.</summary>
    public double? Interval { get; init; }

    /// <summary>Unit of latencies: us, ms or s.</summary>
    public string Unit { get; init; } = "ms";

    /// <summary>MiB and KiB.</summary>
    public bool Binary { get; init; }

    /// <summary>Extended columns too.</summary>
    public bool Extended { get; init; }

    /// <summary>Rows at most, 0 for all.</summary>
    public int Rows { get; init; }

    /// <summary>What initiators and targets are called.</summary>
    public string Names { get; init; } = "alias";

    /// <summary>Colours: auto, always or never.</summary>
    public string Color { get; init; } = "auto";

    /// <summary>7-bit characters on the screen.</summary>
    public bool Ascii { get; init; }

    /// <summary>The expression of <c>-Y</c>, "" for none.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Fields of a view's columns, by its key.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Columns { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Field a view is sorted by, by its key; a + before it is lowest first.</summary>
    public IReadOnlyDictionary<string, string> Sort { get; init; } = new Dictionary<string, string>();

    /// <summary>From when on numbers stand out, by field or the end of several.</summary>
    public IReadOnlyDictionary<string, Threshold> Thresholds { get; init; } = new Dictionary<string, Threshold>();

    /// <summary>Aliases by iSCSI name or address.</summary>
    public IReadOnlyDictionary<string, string> Aliases { get; init; } = new Dictionary<string, string>();

    /// <summary>Other keys for actions.</summary>
    public IReadOnlyDictionary<KeyAction, string[]> KeyChanges { get; init; } = new Dictionary<KeyAction, string[]>();

    /// <summary>The keys that hold.</summary>
    public KeyMap Keys { get; init; } = KeyMap.Default;

    /// <summary>The presets, in the order the key goes through.</summary>
    public IReadOnlyList<Preset> Presets { get; init; } = Preset.BuiltIn;

    /// <summary>D programs by the names they are kept under.</summary>
    public IReadOnlyDictionary<string, string> DViews { get; init; } = new Dictionary<string, string>();

    /// <summary>Where the screen keeps D programs, "" for nowhere.</summary>
    public string ViewsFile { get; init; } = "";

    /// <summary>Where each key was set: <c>FILE:LINE</c> or a variable of the environment; those that are not here are the defaults.</summary>
    public IReadOnlyDictionary<string, string> Origins { get; init; } = new Dictionary<string, string>();
}

/// <summary>From when on a number stands out, in the unit of its field.</summary>
/// <param name="Warn">Above this it is marked.</param>
/// <param name="Hot">Above this it is marked as hot.</param>
public sealed record Threshold(double Warn, double Hot);
