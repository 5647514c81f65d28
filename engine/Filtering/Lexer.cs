using System.Text;

namespace Iscsitop.Engine.Filtering;

/// <summary>What a token is.</summary>
internal enum TokenType : byte
{
    /// <summary>A name, number or whatever else stands without quotes.</summary>
    Word,

    /// <summary>A text in quotes, without them.</summary>
    Text,

    /// <summary>An operator or bracket.</summary>
    Symbol,

    /// <summary>The end.</summary>
    End,
}

/// <summary>A token and where it stands.</summary>
internal readonly record struct Token(TokenType Type, string Text, int Position)
{
    /// <summary>Whether it is this operator or bracket.</summary>
    public bool IsSymbol(string symbol) => Type == TokenType.Symbol && Text == symbol;

    /// <summary>Whether it is this word.</summary>
    public bool IsWord(string word) => Type == TokenType.Word && Text == word;
}

/// <summary>Cuts an expression into tokens.</summary>
internal static class Lexer
{
    // Longer ones first.
    private static readonly string[] s_symbols = ["==", "!=", "<=", ">=", "!~", "&&", "||", "<", ">", "~", "!", "(", ")", "{", "}", ","];

    private const string NoWord = "=!<>~&|(){},\"'";

    /// <summary>The tokens, the last of which is the end.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="assigns">Whether = is an operator, too.</param>
    /// <exception cref="FilterException">A character that belongs nowhere, a quote without its end.</exception>
    public static List<Token> Cut(string text, bool assigns = false)
    {
        var tokens = new List<Token>();
        for (int at = 0; at < text.Length;)
        {
            char c = text[at];
            if (char.IsWhiteSpace(c)) at++;
            else if (c is '"' or '\'') at = Quoted(text, at, tokens);
            else if (IsWord(c)) at = Word(text, at, tokens);
            else at = Symbol(text, at, tokens, assigns);
        }
        tokens.Add(new Token(TokenType.End, "", text.Length));
        return tokens;
    }

    private static bool IsWord(char c) => !char.IsWhiteSpace(c) && !NoWord.Contains(c, StringComparison.Ordinal);

    private static int Word(string text, int begin, List<Token> tokens)
    {
        int at = begin;
        while (at < text.Length && IsWord(text[at])) at++;
        // READ(10) is one word, though brackets group elsewhere.
        int close = at + 1;
        while (close < text.Length && char.IsAsciiDigit(text[close])) close++;
        if (at < text.Length && text[at] == '(' && close > at + 1 && close < text.Length && text[close] == ')') at = close + 1;
        tokens.Add(new Token(TokenType.Word, text[begin..at], begin));
        return at;
    }

    // A backslash keeps its meaning for a regular expression, except before the quote.
    private static int Quoted(string text, int begin, List<Token> tokens)
    {
        char quote = text[begin];
        var inside = new StringBuilder();
        for (int at = begin + 1; at < text.Length; at++)
        {
            if (text[at] == quote)
            {
                tokens.Add(new Token(TokenType.Text, inside.ToString(), begin));
                return at + 1;
            }
            if (text[at] == '\\' && at + 1 < text.Length && text[at + 1] == quote) at++;
            inside.Append(text[at]);
        }
        throw new FilterException($"the text in quotes has no end ({quote} is wanted)", text, begin);
    }

    private static int Symbol(string text, int at, List<Token> tokens, bool assigns)
    {
        foreach (string symbol in s_symbols)
        {
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) != 0) continue;
            tokens.Add(new Token(TokenType.Symbol, symbol, at));
            return at + symbol.Length;
        }
        if (assigns && text[at] == '=')
        {
            tokens.Add(new Token(TokenType.Symbol, "=", at));
            return at + 1;
        }
        string right = text[at] switch { '=' => "==", '&' => "&&", _ => "||" };
        throw new FilterException($"'{text[at]}' is no operator ({right} is wanted)", text, at);
    }
}
