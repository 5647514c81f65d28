using System.Text;

namespace Iscsitop.Engine.D;

/// <summary>A piece of a format: text, and the conversion that follows it.</summary>
internal sealed class FormatPart
{
    /// <summary>Columns or characters at most: a greater width or precision counts as this, so that output stays bounded.</summary>
    public const int Most = 4095;

    /// <summary>What comes before, as it is.</summary>
    public byte[] Prefix { get; private init; } = [];

    /// <summary>The conversion; null for text alone.</summary>
    public Conversion? Conversion { get; private set; }

    /// <summary>#: other form.</summary>
    public bool Alternate { get; private set; }

    /// <summary>0: padded with zeroes.</summary>
    public bool Zeroes { get; private set; }

    /// <summary>-: to the left.</summary>
    public bool Left { get; private set; }

    /// <summary>+: a sign always.</summary>
    public bool Plus { get; private set; }

    /// <summary>Blank: room for a sign.</summary>
    public bool Space { get; private set; }

    /// <summary>@: the value of an aggregation.</summary>
    public bool Aggregation { get; private set; }

    /// <summary>Columns at least; 0 for none.</summary>
    public int Width { get; private set; }

    /// <summary>Digits at least or characters at most; 0 for none, as in the original.</summary>
    public int Precision { get; private set; }

    /// <summary>Whether an argument gives the width.</summary>
    public bool WidthGiven { get; private set; }

    /// <summary>Whether an argument gives the precision.</summary>
    public bool PrecisionGiven { get; private set; }

    /// <summary>Takes a format apart.</summary>
    /// <exception cref="DCompileException">It is none.</exception>
    public static List<FormatPart> Split(string format, int line)
    {
        int nul = format.IndexOf('\0');
        if (nul >= 0) format = format[..nul];
        List<FormatPart> parts = [];
        int from = 0;
        for (int at; (at = format.IndexOf('%', from)) >= 0; from = at)
        {
            var part = new FormatPart { Prefix = Encoding.UTF8.GetBytes(format[from..at]) };
            parts.Add(part);
            at++;
            part.Read(format, ref at, parts.Count, line);
        }
        if (from < format.Length) parts.Add(new FormatPart { Prefix = Encoding.UTF8.GetBytes(format[from..]) });
        return parts;
    }

    // Flags, width, precision and @ stand in any order, the sizes h l L w among them, until the letter that ends the conversion.
    private void Read(string format, ref int at, int number, int line)
    {
        string name = "";
        bool dot = false;
        bool digits = false;
        for (int start = at; ; at++)
        {
            char c = at < format.Length ? format[at] : '\0';
            switch (c)
            {
                case '0' when !dot && !digits:
                    (Zeroes, Left) = (true, false);
                    break;
                case >= '0' and <= '9':
                    if (dot) Precision = Digits(format, ref at);
                    else Width = Digits(format, ref at);
                    digits = true;
                    break;
                case '*':
                    if (dot ? PrecisionGiven : WidthGiven) throw Wrong($"format conversion #{number} has more than one '*' specified for the output {(dot ? "precision" : "width")}", line);
                    if (dot) PrecisionGiven = true;
                    else WidthGiven = true;
                    break;
                case '.':
                    if (dot) throw Wrong($"format conversion #{number} has more than one '.' specified", line);
                    dot = true;
                    digits = false;
                    break;
                case '#': Alternate = true; break;
                case '+': Plus = true; break;
                case '-': (Left, Zeroes) = (true, false); break;
                case '?': Width = 16; break;
                case '@': Aggregation = true; break;
                case '\'': break; // groups digits in a locale that has groups; dtrace runs in the C locale, which has none
                case ' ': Space = true; break;
                case '$': throw Wrong($"format conversion #{number} uses unsupported positional format (%n$)", line);
                case '%' when at > start: throw Wrong($"format conversion #{number} cannot be combined with other format flags: %%", line);
                case '\0': throw Wrong($"format conversion #{number} name expected before end of format string", line);
                case 'h' or 'l' or 'L' or 'w':
                    if (name.Length < 6) name += c;
                    break;
                default:
                    name += c;
                    at++;
                    Conversion = Conversion.Find(name) ?? throw Wrong($"format conversion #{number} is undefined: %{name}", line);
                    return;
            }
        }
    }

    private static int Digits(string format, ref int at)
    {
        int number = 0;
        while (at < format.Length && char.IsAsciiDigit(format[at])) number = Math.Min(number * 10 + format[at++] - '0', Most);
        at--;
        return number;
    }

    private static DCompileException Wrong(string message, int line) => new("D_SYNTAX", message, line);
}
