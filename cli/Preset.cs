namespace Iscsitop.Cli;

/// <summary>A way to look at things that a key takes up: what it does not say stays as it is.</summary>
/// <param name="Name">What it is called.</param>
public sealed record Preset(string Name)
{
    /// <summary>Key of its view, "" for the one that is shown.</summary>
    public string View { get; init; } = "";

    /// <summary>Field it sorts by, with a + before it for lowest first; "" for the view's.</summary>
    public string Sort { get; init; } = "";

    /// <summary>Fields of its columns; empty for the view's.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Its filter, as <c>/</c> takes it; "" for none.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Those there are without a configuration, which may change them by name.</summary>
    public static IReadOnlyList<Preset> BuiltIn { get; } =
    [
        new("slow") { View = "lun", Sort = "read_p99_us", Filter = "lat>20ms" },
        new("writes") { View = "initiator", Sort = "write_bytes_per_s", Filter = "op==write" },
        new("failures") { View = "opcode", Sort = "errors", Filter = "status!=good" },
    ];
}
