using System.Text;
using Iscsitop.Cli.Output;
using Iscsitop.Cli.Top;

namespace Iscsitop.Cli.Configuration;

/// <summary>D programs that are kept by name: in the configuration, where a person writes them, and in a file beside it, which the screen writes.</summary>
internal static class DViews
{
    /// <summary>The table they stand in, in either file.</summary>
    public const string Table = "d";

    private const int MostBytes = 4000;
    private const int LongestName = 32;
    private const string Head = "# D views of iscsitop, as :save-view keeps them; see iscsitop-config(5).\n";

    /// <summary>The file beside a configuration.</summary>
    public static string FileBeside(string configuration) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(configuration))!, "views.toml");

    /// <summary>What is wrong with a name, "" for nothing.</summary>
    public static string Wrong(string name) =>
        name.Length is 0 or > LongestName || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? $"a name of letters, digits, - and _ is wanted, of at most {LongestName}"
        : name is "q" or "d" || Array.Exists(CommandLineTable.Table, c => c.Name == name) ? $"{name} is a command already"
        : Views.Find(name) is not null ? $"{name} is a view already" : "";

    /// <summary>The programs of a table.</summary>
    /// <exception cref="InputException">A name or a program is none.</exception>
    public static Dictionary<string, string> Of(ConfigTable table)
    {
        var programs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, ConfigValue value) in table.Entries)
        {
            if (Wrong(name) is { Length: > 0 } wrong) throw value.Place.Wrong(wrong);
            string text = value.Text(MostBytes).ReplaceLineEndings(" ").Trim();
            if (text.Length == 0) throw value.Wrong("an aggregation or a program of D in quotes");
            programs[name] = text;
        }
        return programs;
    }

    /// <summary>The table of a file that the screen writes.</summary>
    /// <exception cref="InputException">Something else stands there.</exception>
    public static ConfigTable Parse(string text, string file)
    {
        ConfigTable root = ConfigTable.Parse(text, file, "iscsitop-config(5)");
        foreach ((string key, ConfigValue value) in root.Entries)
            if (key != Table) throw value.Place.Wrong($"there is no such key here ([{Table}] is the only table)");
        return root[Table]?.Table($"a table [{Table}]") ?? new ConfigTable(new ConfigPlace(file, 1, Table));
    }

    /// <summary>Writes a program into the file beside the configuration; whatever else stands there stays as it is.</summary>
    /// <returns>Why it was not written, "" when it was.</returns>
    public static string Save(Settings settings, string name, string program)
    {
        if (settings.ViewsFile.Length == 0) return "there is no configuration to keep it in";
        if (settings.Origins.TryGetValue($"{Table}.{name}", out string? origin) && !origin.StartsWith(settings.ViewsFile + ":", StringComparison.Ordinal))
            return $"{name} stands in {TerminalText.Escape(origin)}: change it there, or take another name";
        try
        {
            string before = File.Exists(settings.ViewsFile) ? File.ReadAllText(settings.ViewsFile) : $"{Head}\n[{Table}]\n";
            string line = $"{name} = {Toml.Text(program)}";
            if (Parse(before, settings.ViewsFile)[name] is not { } there) Write(settings.ViewsFile, Appended(before, line));
            else if (Replaced(before, there.Place.Line, name, line) is { } after) Write(settings.ViewsFile, after);
            else return $"{name} is more than a line in {TerminalText.Escape(settings.ViewsFile)}: change it there";
            return "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InputException)
        {
            return TerminalText.Escape(e.Message);
        }
    }

    private static string Appended(string before, string line)
    {
        string end = before.Length == 0 || before.EndsWith('\n') ? "" : "\n";
        // The table is the only one there is, and so is at the end.
        string head = before.Contains($"[{Table}]", StringComparison.Ordinal) ? "" : $"[{Table}]\n";
        return $"{before}{end}{head}{line}\n";
    }

    // Only what is one line is replaced; what stands behind the value there stays.
    private static string? Replaced(string before, int number, string name, string line)
    {
        string[] lines = before.Split('\n');
        string there = lines[number - 1].TrimEnd('\r');
        try
        {
            if (ConfigTable.Parse(there, "")[name] is null) return null;
        }
        catch (InputException)
        {
            return null;
        }
        int comment = Comment(there);
        lines[number - 1] = comment < 0 ? line : $"{line}  {there[comment..]}";
        return string.Join('\n', lines);
    }

    // Where the comment behind a value in quotes begins; -1 for none.
    private static int Comment(string line)
    {
        char open = '\0';
        for (int i = 0; i < line.Length; i++)
            if (open == '"' && line[i] == '\\') i++;
            else if (open != '\0') open = line[i] == open ? '\0' : open;
            else if (line[i] is '"' or '\'') open = line[i];
            else if (line[i] == '#') return i;
        return -1;
    }

    // Beside it and then moved there, so that a full disk costs nobody what was kept. A link keeps being one.
    private static void Write(string path, string text)
    {
        if (new FileInfo(path).LinkTarget is not null) path = new FileInfo(path).ResolveLinkTarget(true)!.FullName;
        string directory = Path.GetDirectoryName(path)!, beside = Path.Combine(directory, Path.GetRandomFileName() + ".tmp");
        Directory.CreateDirectory(directory);
        try
        {
            File.WriteAllText(beside, text, new UTF8Encoding(false));
            File.Move(beside, path, overwrite: true);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }
}
