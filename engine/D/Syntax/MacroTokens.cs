using System.Buffers;

namespace Iscsitop.Engine.D.Syntax;

/// <summary><c>$1</c>, <c>$$1</c>, <c>$target</c>.</summary>
internal sealed partial class Lexer
{
    private readonly Macros _macros;
    private readonly bool[] _referenced;

    /// <summary>Whether arguments that were not given are 0 and "".</summary>
    public bool DefaultArguments { get; private set; }

    /// <summary>Whether arguments need not be referenced.</summary>
    public bool AllArguments { get; set; }

    /// <summary>Complains when the last argument was not used.</summary>
    public void CheckArguments()
    {
        int last = _referenced.Length - 1;
        if (last > 0 && !_referenced[last] && !AllArguments)
            throw Error("D_MACRO_UNUSED", $"extraneous argument '{_macros.Arguments[last]}' (${last} is not referenced)");
    }

    /// <summary>The text that a macro of a description stands for; null when there is none.</summary>
    /// <param name="name">Without the dollar.</param>
    public string? MacroText(string name)
    {
        if (int.TryParse(name, out int index)) return Argument(index) ?? (DefaultArguments ? "" : null);
        return _macros.Variables.TryGetValue(name, out long value) ? value.ToString() : null;
    }

    private string? Argument(int index)
    {
        if (index < 0 || index >= _referenced.Length) return null;
        _referenced[index] = true;
        return _macros.Arguments[index];
    }

    private Token Macro()
    {
        bool text = Peek(1) == '$';
        int start = _at + (text ? 2 : 1), end = start;
        bool argument = start < _text.Length && char.IsAsciiDigit(_text[start]);
        while (end < _text.Length && (argument ? char.IsAsciiDigit(_text[end]) : IsOfWord(_text[end]))) end++;
        if (end == start) throw Near("$");
        string written = _text[_at..end], name = _text[start..end];
        if (argument) return ArgumentToken(written, name, text, end);
        if (!_macros.Variables.TryGetValue(name, out long value)) throw Error("D_MACRO_UNDEF", $"macro variable {written} is not defined");
        if (text) return Made(TokenKind.String, value.ToString(), written.Length);
        return Made(TokenKind.Integer, written, written.Length) with { Value = (ulong)value, Type = value is >= int.MinValue and <= int.MaxValue ? DType.Int : DType.Long };
    }

    // As text it is a string; otherwise what it looks like: an integer, a name, else a string.
    private Token ArgumentToken(string written, string name, bool text, int end)
    {
        string? value = int.TryParse(name, out int index) ? Argument(index) : null;
        if (value is null && !DefaultArguments) throw Error("D_MACRO_UNDEF", $"macro argument {written} is not defined");
        value ??= text ? "" : "0";
        if (text) return Made(TokenKind.String, TextOf(Unescape(value)), end - _at);
        if (IsName(value)) return Made(TokenKind.Word, value, end - _at);
        if (IsInteger(value))
        {
            bool signed = value[0] is '-' or '+';
            (ulong number, DType type) = IntegerOf(
                value.AsSpan(signed ? 1 : 0), value[0] == '-', "D_MACRO_OFLOW", $"macro argument {written} constant {value} results in integer overflow");
            return Made(TokenKind.Integer, written, end - _at) with { Value = number, Type = type };
        }
        if (value.Length > 1 && value[0] == '"' && value[^1] == '"') value = value[1..^1];
        return Made(TokenKind.String, TextOf(Unescape(value)), end - _at);
    }

    private static readonly SearchValues<char> s_hexadecimal = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> s_decimal = SearchValues.Create("0123456789");
    private static readonly SearchValues<char> s_octal = SearchValues.Create("01234567");

    private static bool IsName(string value) => value.Length > 0 && !char.IsAsciiDigit(value[0]) && value.All(c => IsOfWord(c) || c == '`');

    private static bool IsInteger(string value)
    {
        ReadOnlySpan<char> rest = value.AsSpan(value is ['-' or '+', ..] ? 1 : 0).TrimEnd("uUlL");
        if (rest is ['0', 'x' or 'X', _, ..]) return !rest[2..].ContainsAnyExcept(s_hexadecimal);
        return rest.Length > 0 && !rest.ContainsAnyExcept(rest is ['0', _, ..] ? s_octal : s_decimal);
    }
}
