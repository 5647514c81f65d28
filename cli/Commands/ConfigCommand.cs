using System.CommandLine;
using System.Text;
using Iscsitop.Cli.Configuration;
using Iscsitop.Cli.Output;

namespace Iscsitop.Cli.Commands;

/// <summary><c>iscsitop config</c>: the configuration that holds, and where each value of it comes from.</summary>
internal static class ConfigCommand
{
    /// <summary>The option of those that read it.</summary>
    public static Option<string?> FileOption() => new("--config") { HelpName = "PATH", Description = "read this configuration instead of the user's, see iscsitop-config(5)" };

    /// <summary>The command.</summary>
    public static Command Create(Streams streams)
    {
        Option<string?> file = FileOption();
        var template = new Option<bool>("--default") { Description = "print a template in which everything is explained and commented out" };
        var command = new Command("config", "Prints the configuration of the viewers that holds, as TOML, each value with its origin: a default, the file, or the environment. The command line goes over it.");
        command.Add(file);
        command.Add(template);
        command.SetAction(result =>
        {
            streams.Print(result.GetValue(template) ? Template() : Effective(SettingsFile.Load(result.GetValue(file), Environment.GetEnvironmentVariable)));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>What holds.</summary>
    public static string Effective(Settings settings)
    {
        var text = new StringBuilder("# The configuration of iscsitop's viewers as it holds; what the command line says goes over it.\n");
        foreach (SettingRow row in SettingRows.Plain)
            Line(row.Name, row.Show(settings), row.Name);
        foreach (SettingTable table in SettingRows.Tables)
        {
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n[{table.Name}]\n");
            foreach ((string key, string value) in table.Show(settings)) Line(Toml.Key(key), value, $"{table.Name}.{key}");
        }
        return text.ToString();

        void Line(string key, string value, string name) =>
            text.Append(value.Length == 0 ? "# " : "").Append(key).Append(" = ").Append(value).Append("  # ").Append(TerminalText.Escape(settings.Origins.GetValueOrDefault(name, "default"))).Append('\n');
    }

    /// <summary>Everything with its explanation, commented out.</summary>
    public static string Template()
    {
        var defaults = new Settings();
        var text = new StringBuilder("# Configuration of iscsitop's viewers, see iscsitop-config(5): $XDG_CONFIG_HOME/iscsitop/config.toml.\n");
        foreach (SettingRow row in SettingRows.Plain)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n# {Sentence(row.Help)}\n# {row.Name} = {(row.Example.Length > 0 ? row.Example : row.Show(defaults))}\n");
        foreach (SettingTable table in SettingRows.Tables)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\n# {Sentence(table.Help)}\n# [{table.Name}]\n# {table.Example}\n");
        return text.ToString();
    }

    private static string Sentence(string help) => char.ToUpperInvariant(help[0]) + help[1..] + ".";
}
