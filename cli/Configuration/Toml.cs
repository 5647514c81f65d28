using System.Globalization;
using System.Text;

namespace Iscsitop.Cli.Configuration;

/// <summary>Values as TOML writes them.</summary>
internal static class Toml
{
    /// <summary>A basic string.</summary>
    public static string Text(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (char.IsControl(c)) quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else quoted.Append(c);
        return quoted.Append('"').ToString();
    }

    /// <summary>A key, in quotes when it must be.</summary>
    public static string Key(string key) => key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? key : Text(key);

    /// <summary>A number.</summary>
    public static string Number(double number) => double.IsPositiveInfinity(number) ? "inf" : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>true or false.</summary>
    public static string Flag(bool flag) => flag ? "true" : "false";

    /// <summary>A list of texts.</summary>
    public static string List(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Text))}]";

    /// <summary>A threshold: latencies as durations.</summary>
    public static string Pair(string field, double warn, double hot)
    {
        bool duration = field.EndsWith("_us", StringComparison.Ordinal);
        return $"[{One(warn)}, {One(hot)}]";

        string One(double value) => !duration || double.IsInfinity(value) ? Number(value) : Text(Number(value / 1000) + "ms");
    }

    /// <summary>A preset as an inline table.</summary>
    public static string Preset(Preset preset)
    {
        var pairs = new List<string>();
        if (preset.View.Length > 0) pairs.Add("view = " + Text(preset.View));
        if (preset.Sort.Length > 0) pairs.Add("sort = " + Text(preset.Sort));
        if (preset.Columns.Count > 0) pairs.Add("columns = " + List(preset.Columns));
        if (preset.Filter.Length > 0) pairs.Add("filter = " + Text(preset.Filter));
        return $"{{ {string.Join(", ", pairs)} }}";
    }
}
