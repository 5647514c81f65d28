namespace Iscsitop.Engine.D.Syntax;

/// <summary>What a token is.</summary>
internal enum TokenKind
{
    /// <summary>The program is at its end.</summary>
    End,

    /// <summary>A name or a reserved word; names of the kernel have backquotes in them.</summary>
    Word,

    /// <summary>An integer or a character.</summary>
    Integer,

    /// <summary>A string, escapes resolved.</summary>
    String,

    /// <summary>The name of an aggregation, without <c>@</c>; <c>_</c> for the anonymous one.</summary>
    Aggregation,

    /// <summary>An operator or a mark.</summary>
    Symbol,

    /// <summary>The slash after a predicate.</summary>
    PredicateEnd,

    /// <summary>A probe description, as it was written.</summary>
    Description,
}

/// <summary>A token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The name, operator or description, or a string's value.</param>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Start">Where it begins in the text, from 0.</param>
/// <param name="End">Where it ends in the text.</param>
internal readonly record struct Token(TokenKind Kind, string Text, int Line, int Start, int End)
{
    /// <summary>Of an integer, its value.</summary>
    public ulong Value { get; init; }

    /// <summary>Of an integer, its type.</summary>
    public DType? Type { get; init; }

    /// <summary>Whether it is that operator.</summary>
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    /// <summary>Whether it is that word.</summary>
    public bool IsWord(string word) => Kind == TokenKind.Word && Text == word;
}
