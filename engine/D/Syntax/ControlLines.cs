namespace Iscsitop.Engine.D.Syntax;

/// <summary>Lines that begin with <c>#</c>: pragmas, line markers of the preprocessor, <c>#!</c>.</summary>
internal sealed partial class Lexer
{
    private readonly List<OptionPragma> _pragmas = [];

    /// <summary>The options of pragmas since this was asked last, in order.</summary>
    public OptionPragma[] TakePragmas()
    {
        OptionPragma[] taken = [.. _pragmas];
        _pragmas.Clear();
        return taken;
    }

    private void ControlLine()
    {
        int end = _text.IndexOf('\n', _at);
        if (end < 0) end = _text.Length;
        ReadOnlySpan<char> rest = _text.AsSpan((_at + 1)..end);
        _at = end;
        if (rest is ['!', ..]) return;
        string first = TakeWord(ref rest);
        if (first == "line") first = TakeWord(ref rest);
        else if (first is "" or "ident") return;
        else if (first == "pragma")
        {
            Pragma(rest);
            return;
        }
        else if (first == "error") throw Error("D_PRAGERR", $"#error: {rest.Trim()}");
        if (!int.TryParse(first, out int line) || line < 0) throw Error("D_PRAGCTL_INVAL", $"invalid control directive: #{first}");
        // The line after the marker has that number; its newline is still to be read.
        _line = line - 1;
        string file = TakeWord(ref rest);
        if (file.Length >= 2 && file[0] == '"') File = file.Trim('"');
    }

    // Attributes, bindings and dependencies have nothing to say here: there is one library and it is built in.
    private void Pragma(ReadOnlySpan<char> rest)
    {
        if (TakeWord(ref rest) != "D") return;
        string what = TakeWord(ref rest);
        if (what is "attributes" or "binding" or "depends_on") return;
        if (what != "option") throw Error(what.Length == 0 ? "D_PRAGMA_MALFORM" : "D_PRAGMA_INVAL", $"invalid D pragma: {what}");
        string option = TakeWord(ref rest);
        if (option.Length == 0 || option[0] == '"') throw Error("D_PRAGMA_MALFORM", "malformed #pragma option <option>=<val>");
        if (TakeWord(ref rest).Length != 0) throw Error("D_PRAGMA_MALFORM", "superfluous arguments specified for #pragma option");
        int equals = option.IndexOf('=');
        string name = equals < 0 ? option : option[..equals];
        string? value = equals < 0 ? null : option[(equals + 1)..];
        // These decide how the rest of the text is read.
        if (name == "defaultargs") DefaultArguments = true;
        if (name == "argref") AllArguments = true;
        _pragmas.Add(new(name, value, _line));
    }

    // A word ends at a blank; one in quotes at the quote.
    private static string TakeWord(ref ReadOnlySpan<char> rest)
    {
        rest = rest.Trim(" \t\r\f\v");
        int end = rest is ['"', ..] ? rest[1..].IndexOf('"') + 2 : rest.IndexOfAny(" \t\r\f\v");
        if (end <= 1 && (rest is ['"', ..] || end < 0)) end = rest.Length;
        string word = rest[..end].ToString();
        rest = rest[end..];
        return word;
    }
}
