using System.Globalization;

namespace Iscsitop.Cli.Configuration;

/// <summary>Reads the viewers' configuration: the defaults, over them the file, over that the environment. The command line goes over all.</summary>
internal static class SettingsFile
{
    private const long MaxLength = 1 << 20;

    /// <summary>The variable that names the file.</summary>
    public const string Variable = "ISCSITOP_CONFIG";

    /// <summary>Reads it.</summary>
    /// <param name="path">The file of <c>--config</c>, null for none.</param>
    /// <param name="environment">Reads a variable.</param>
    /// <exception cref="InputException">A file that was named is not there, or cannot be read.</exception>
    /// <exception cref="UsageException">It is wrong; the message has its place and what would be right.</exception>
    public static Settings Load(string? path, Func<string, string?> environment)
    {
        string? named = path ?? Given(environment, Variable);
        string file = named ?? PathOf(environment);
        string text = named is not null || File.Exists(file) ? Text(file) : "";
        try
        {
            var origins = new Dictionary<string, string>(StringComparer.Ordinal);
            Settings settings = OfFile(ConfigTable.Parse(text, file, "iscsitop-config(5)"), origins);
            foreach (SettingRow row in SettingRows.Plain)
                if (Given(environment, row.Variable) is { } value)
                {
                    settings = row.Set(settings, new ConfigValue(new ConfigPlace(row.Variable, 0, ""), Plain(row, value)));
                    origins[row.Name] = row.Variable;
                }
            string views = DViews.FileBeside(file);
            if (File.Exists(views)) settings = WithViews(settings, DViews.Parse(Text(views), views), origins);
            return settings with { Origins = origins, ViewsFile = views };
        }
        catch (InputException e)
        {
            throw new UsageException(e.Message, e);
        }
    }

    /// <summary>Where the file is when nobody names one.</summary>
    public static string PathOf(Func<string, string?> environment)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string[] directories = OperatingSystem.IsWindows() ? [Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData)]
            : Given(environment, "XDG_CONFIG_HOME") is { } xdg && Path.IsPathRooted(xdg) ? [xdg]
            : OperatingSystem.IsMacOS() ? [Path.Combine(home, "Library", "Application Support"), Path.Combine(home, ".config")]
            : [Path.Combine(Given(environment, "HOME") ?? home, ".config")];
        string[] files = [.. directories.Select(d => Path.Combine(d, "iscsitop", "config.toml"))];
        return Array.Find(files, File.Exists) ?? files[0];
    }

    private static Settings OfFile(ConfigTable root, Dictionary<string, string> origins)
    {
        var settings = new Settings();
        foreach ((string key, ConfigValue value) in root.Entries)
            if (!Array.Exists(SettingRows.Plain, r => r.Name == key) && !Array.Exists(SettingRows.Tables, t => t.Name == key))
                throw value.Place.Wrong($"there is no such key ({Meant(key)})");
        foreach (SettingRow row in SettingRows.Plain)
            if (root[row.Name] is { } value)
            {
                settings = row.Set(settings, value);
                origins[row.Name] = Place(value);
            }
        foreach (SettingTable table in SettingRows.Tables)
        {
            if (root[table.Name] is not { } value) continue;
            ConfigTable entries = value.Table($"a table [{table.Name}]");
            settings = table.Set(settings, entries);
            foreach ((string key, ConfigValue entry) in entries.Entries) origins[$"{table.Name}.{key}"] = Place(entry);
        }
        return settings;
    }

    // What a person wrote goes over what the screen did.
    private static Settings WithViews(Settings settings, ConfigTable table, Dictionary<string, string> origins)
    {
        var views = new Dictionary<string, string>(settings.DViews, StringComparer.Ordinal);
        foreach ((string name, string program) in DViews.Of(table))
            if (views.TryAdd(name, program)) origins[$"{DViews.Table}.{name}"] = Place(table[name]!);
        return settings with { DViews = views };
    }

    private static string Place(ConfigValue value) => string.Create(CultureInfo.InvariantCulture, $"{value.Place.File}:{value.Place.Line}");

    private static string Meant(string key)
    {
        IEnumerable<string> names = SettingRows.Plain.Select(r => r.Name).Concat(SettingRows.Tables.Select(t => t.Name));
        return Engine.Filtering.Near.Of(key, names) is { Length: > 0 } near ? near + "?" : string.Join(", ", names) + " are";
    }

    private static string? Given(Func<string, string?> environment, string variable) => environment(variable) is { Length: > 0 } value ? value : null;

    // What a file would have without quotes stands in a variable as it is.
    private static object Plain(SettingRow row, string value) => row.Name is "interval" or "rows" or "binary" or "extended" or "ascii"
        ? bool.TryParse(value, out bool flag) ? flag
            : long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) ? whole
            : double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out double real) ? real : value
        : value;

    private static string Text(string path)
    {
        try
        {
            var info = new FileInfo(path);
            if (!info.Exists) throw new InputException($"{path}: there is no such file");
            // Nothing is read of what has no length: opening a FIFO would wait for a writer.
            if (info.Length > MaxLength) throw new InputException($"{path}: is longer than {MaxLength >> 10} KiB");
            return info.Length == 0 ? "" : File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"{path}: {e.Message}", e);
        }
    }
}
