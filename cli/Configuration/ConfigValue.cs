using System.Globalization;
using System.Net;
using System.Text;

namespace Iscsitop.Cli.Configuration;

/// <summary>A value of a configuration file, asked for as what it should be; what it is not is an error with its place.</summary>
internal sealed class ConfigValue(ConfigPlace place, object value)
{
    /// <summary>Where it stands.</summary>
    public ConfigPlace Place => place;

    /// <summary>Itself or the last of its list, when those are tables.</summary>
    public ConfigTable? Last => value switch
    {
        ConfigTable table => table,
        List<ConfigTable> list => list[^1],
        _ => null,
    };

    /// <summary>A text.</summary>
    public string Text(string right = "a text in quotes") => value as string ?? throw Wrong(right);

    /// <summary>A text of so many bytes at most.</summary>
    public string Text(int max) =>
        value is string text && Encoding.UTF8.GetByteCount(text) <= max ? text : throw Wrong($"a text in quotes, of at most {max} bytes");

    /// <summary>A whole number.</summary>
    public int Number(int from, int to) => value is long number && number >= from && number <= to
        ? (int)number
        : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"a whole number from {from} to {to}"));

    /// <summary>A number, whole or not.</summary>
    public double Real(double from, double to, string right) => value switch
    {
        long number when number >= from && number <= to => number,
        double number when number >= from && number <= to => number,
        _ => throw Wrong(right),
    };

    /// <summary>A plain number, from 0, of whatever it is; a duration in microseconds where those make sense.</summary>
    public double Amount(bool duration, string right) => value switch
    {
        long number when number >= 0 => number,
        double number when number >= 0 => number,
        string text when duration && TryDuration(text, out double us) => us,
        _ => throw Wrong(right),
    };

    /// <summary>Texts.</summary>
    public IReadOnlyList<string> Texts(string right) => [.. List(right).Select(v => v.Text(right))];

    /// <summary>A number of seconds.</summary>
    public TimeSpan Seconds(int from, int to) => value is long number && number >= from && number <= to
        ? TimeSpan.FromSeconds(number)
        : throw Wrong(string.Create(CultureInfo.InvariantCulture, $"seconds, a whole number from {from} to {to}"));

    /// <summary>Yes or no.</summary>
    public bool Flag() => value is bool flag ? flag : throw Wrong("true or false");

    /// <summary>One of some words.</summary>
    public T Choice<T>(params ReadOnlySpan<(string Word, T Value)> among)
    {
        var words = new List<string>();
        foreach ((string word, T meaning) in among)
        {
            if (value is string text && text == word) return meaning;
            words.Add($"\"{word}\"");
        }
        throw Wrong(string.Join(" or ", words));
    }

    /// <summary>A list.</summary>
    public IReadOnlyList<ConfigValue> List(string right) => value as List<ConfigValue> ?? throw Wrong(right);

    /// <summary>A table.</summary>
    public ConfigTable Table(string right) => value as ConfigTable ?? throw Wrong(right);

    /// <summary>Tables: <c>[[key]]</c>, or a list of inline ones.</summary>
    public IReadOnlyList<ConfigTable> Tables(string right) => value switch
    {
        List<ConfigTable> tables => tables,
        List<ConfigValue> values => [.. values.Select(v => v.Table(right))],
        _ => throw Wrong(right),
    };

    /// <summary>An address, with or without a port.</summary>
    public IPEndPoint Portal()
    {
        try
        {
            return Portals.Parse(Text("an address in quotes, like \"127.0.0.1:3260\""));
        }
        catch (UsageException e)
        {
            throw place.Wrong(e.Message, e);
        }
    }

    /// <summary>One more table of a list of them.</summary>
    public void Add(ConfigTable table) => (value as List<ConfigTable> ?? throw table.Place.Wrong("is no list of tables")).Add(table);

    /// <summary>The error of a value that should be another.</summary>
    public InputException Wrong(string right) => place.Wrong($"{Shown()} is wrong ({right} is wanted)");

    private static bool TryDuration(string text, out double us)
    {
        us = 0;
        try
        {
            us = Values.Duration("", text) / 1e3;
            return true;
        }
        catch (UsageException)
        {
            return false;
        }
    }

    private string Shown() => value switch
    {
        double number => number.ToString(CultureInfo.InvariantCulture),
        string text => $"\"{text}\"",
        long number => number.ToString(CultureInfo.InvariantCulture),
        bool flag => flag ? "true" : "false",
        List<ConfigValue> => "a list",
        _ => "a table",
    };
}
