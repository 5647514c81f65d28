using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D;

/// <summary>When an option may be set.</summary>
public enum OptionPhase
{
    /// <summary>Before the program is compiled: it changes how it is read.</summary>
    Compile,

    /// <summary>Before it runs.</summary>
    Run,

    /// <summary>At any time, by setopt() too.</summary>
    Dynamic,
}

/// <summary>What an option's value is.</summary>
public enum OptionKind
{
    /// <summary>yes or no in many words; none is yes.</summary>
    Boolean,

    /// <summary>Bytes, with k, m, g or t.</summary>
    Size,

    /// <summary>Time between two events, ns or with a unit; hz is a rate.</summary>
    Time,

    /// <summary>An integer.</summary>
    Number,

    /// <summary>One of some words.</summary>
    Choice,

    /// <summary>Any text.</summary>
    Text,
}

/// <summary>An option.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Phase">When it may be set.</param>
/// <param name="Kind">What its value is.</param>
/// <param name="Summary">What it does, for documents; of one that is taken and ignored, why.</param>
/// <param name="Set">Takes the value; null when the option is accepted and has nothing to do here.</param>
/// <param name="Least">The smallest value; smaller ones become it.</param>
/// <param name="Most">The largest value; larger ones are refused.</param>
/// <param name="Choices">Of a choice, the words.</param>
public sealed record OptionRow(
    string Name, OptionPhase Phase, OptionKind Kind, string Summary, Action<DOptions, long>? Set = null, long Least = 0, long Most = long.MaxValue, params string[] Choices)
{
    /// <summary>Of text, takes it.</summary>
    public Action<DOptions, string>? SetText { get; init; }
}

/// <summary>The options there are: of <c>#pragma D option</c>, <c>-x</c> and <c>setopt()</c>.</summary>
public static partial class OptionTable
{
    /// <summary>What is said of a name that no option has.</summary>
    public const string InvalidName = "Invalid option name";

    /// <summary>What is said of a value that the option cannot have.</summary>
    public const string InvalidValue = "Invalid value for specified option";

    /// <summary>What is said of an option that cannot be set any more.</summary>
    public const string Active = "Operation illegal when tracing is active";

    /// <summary>An option by its name; null for none.</summary>
    public static OptionRow? Find(string name) => Array.Find(s_rows, r => r.Name == name);

    /// <summary>Sets an option.</summary>
    /// <param name="options">Where.</param>
    /// <param name="name">The option.</param>
    /// <param name="value">Its value, null when none was written.</param>
    /// <param name="running">Whether the program runs (setopt): only dynamic options can be set.</param>
    /// <returns>Null, or why not.</returns>
    public static string? Set(DOptions options, string name, string? value, bool running = false)
    {
        if (Find(name) is not OptionRow row) return InvalidName;
        if (running && row.Phase != OptionPhase.Dynamic) return Active;
        if (OptionValue.Read(row, value) is not long number) return InvalidValue;
        if (number > row.Most) return InvalidValue;
        row.Set?.Invoke(options, Math.Max(number, row.Least));
        row.SetText?.Invoke(options, value ?? "");
        return null;
    }

    /// <summary>What dtrace(1M) says when <c>-x</c> cannot be done; null when it is done.</summary>
    /// <param name="options">Where.</param>
    /// <param name="argument"><c>name</c> or <c>name=value</c>.</param>
    public static string? SetArgument(DOptions options, string argument)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string? why = equals < 0 ? Set(options, argument, null) : Set(options, argument[..equals], argument[(equals + 1)..]);
        return why is null ? null : $"failed to set option -x {argument}: {why}";
    }

    /// <summary>Does what a pragma says.</summary>
    /// <exception cref="DCompileException">It cannot be done.</exception>
    internal static void Apply(DOptions options, OptionPragma pragma)
    {
        if (Set(options, pragma.Name, pragma.Value) is not string why) return;
        string what = pragma.Value is null ? $"'{pragma.Name}'" : $"'{pragma.Name}' to '{pragma.Value}'";
        throw new DCompileException("D_PRAGMA_OPTSET", $"failed to set option {what}: {why}", pragma.Line) { File = pragma.File };
    }
}
