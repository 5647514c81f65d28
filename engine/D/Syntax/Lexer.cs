namespace Iscsitop.Engine.D.Syntax;

/// <summary>
/// From text to tokens, one at a time. What may stand where a clause begins (globs, names with <c>-</c>) is not what may stand in an
/// expression, so the parser says where it is.
/// </summary>
internal sealed partial class Lexer
{
    // Longer ones first.
    private static readonly string[] s_symbols =
    [
        "<<=", ">>=", "...",
        "&&", "^^", "||", "==", "!=", "<=", ">=", "<<", ">>", "->", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "++", "--",
        "|", "^", "&", "<", ">", "+", "-", "*", "/", "%", "~", "!", "?", ":", ".", "=", ",", ";", "(", ")", "[", "]", "{", "}",
    ];

    private readonly string _text;
    private int _at;
    private int _line = 1;

    /// <summary>Begins.</summary>
    /// <param name="text">The program.</param>
    /// <param name="macros">What macro variables stand for.</param>
    /// <param name="defaultArguments">Arguments that were not given are 0 and "".</param>
    public Lexer(string text, Macros macros, bool defaultArguments)
    {
        _text = text;
        _macros = macros;
        _referenced = new bool[macros.Arguments.Count];
        DefaultArguments = defaultArguments;
    }

    /// <summary>The file that the last line marker named; "" before there was one.</summary>
    public string File { get; private set; } = "";

    /// <summary>Names that a typedef of the program declared.</summary>
    public HashSet<string> TypeNames { get; } = [];

    /// <summary>Whether a predicate is being read: a slash may be its end.</summary>
    public bool InPredicate { get; set; }

    /// <summary>Whether a word is the name of a type.</summary>
    public bool IsTypeName(string word) => TypeNames.Contains(word) || Words.IsType(word);

    /// <summary>Where it is, to go back to.</summary>
    public Place Mark() => new(_at, _line, File, _pragmas.Count);

    /// <summary>Goes back.</summary>
    public void Return(Place place)
    {
        (_at, _line, File) = (place.At, place.Line, place.File);
        _pragmas.RemoveRange(place.Pragmas, _pragmas.Count - place.Pragmas);
    }

    /// <summary>The text of a token as it was written.</summary>
    public string Raw(in Token token) => _text[token.Start..token.End];

    /// <summary>A part of the text as it was written.</summary>
    public string Between(int start, int end) => _text[start..end];

    /// <summary>The next token inside of a clause or declaration.</summary>
    public Token Next()
    {
        SkipBlanks();
        if (_at == _text.Length) return new(TokenKind.End, "", _line, _at, _at);
        char c = _text[_at];
        if (char.IsAsciiLetter(c) || c is '_' or '`') return Word();
        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1)))) return Number();
        if (c == '@') return AggregationName();
        if (c == '"') return String();
        if (c == '\'') return Character();
        if (c == '$') return Macro();
        if (c == '/' && InPredicate && EndsPredicate()) return Made(TokenKind.PredicateEnd, "/", 1);
        foreach (string symbol in s_symbols)
            if (string.CompareOrdinal(_text, _at, symbol, 0, symbol.Length) == 0)
                return Made(TokenKind.Symbol, symbol, symbol.Length);
        throw Near(c.ToString());
    }

    /// <summary>The next token where a clause or a declaration may begin.</summary>
    public Token NextOutside()
    {
        SkipBlanks();
        if (_at == _text.Length) return new(TokenKind.End, "", _line, _at, _at);
        char c = _text[_at];
        if (char.IsAsciiDigit(c)) return Number();
        if (!IsOfDescription(c))
            return c is '/' or ',' or '{' ? Made(TokenKind.Symbol, c.ToString(), 1) : throw Near(c.ToString());
        int end = _at;
        while (end < _text.Length && IsOfDescription(_text[end])) end++;
        string run = _text[_at..end];
        int word = 0;
        while (word < run.Length && IsOfWord(run[word])) word++;
        bool alone = word == run.Length || (run[word] == '*' && !run.Contains(':'));
        if (alone && word > 0 && DeclaresWith(run[..word], _at + word)) return Made(TokenKind.Word, run[..word], word);
        return Made(TokenKind.Description, run, run.Length);
    }

    /// <summary>What is said of a program that is not right here.</summary>
    public DCompileException Error(string tag, string message, int line = 0, int at = -1) =>
        new(tag, message, line == 0 ? _line : line) { File = File, At = at < 0 ? _at : at };

    /// <summary>A syntax error near some text.</summary>
    public DCompileException Near(string text, int line = 0, int at = -1) =>
        Error("D_SYNTAX", text.Length == 0 ? "syntax error near end of input" : $"syntax error near \"{text}\"", line, at);

    // "foo_t x;" and "foo_t *x;" declare, "foo_t {" does not: what the program did not name a type must be followed by a name.
    private bool DeclaresWith(string word, int end)
    {
        if (Words.BeginsDeclaration(word) || TypeNames.Contains(word)) return true;
        if (!Words.LooksLikeType(word)) return false;
        while (end < _text.Length && _text[end] is ' ' or '\t' or '*') end++;
        return end < _text.Length && (char.IsAsciiLetter(_text[end]) || _text[end] == '_');
    }

    private static bool IsOfWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsOfDescription(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '$' or ':' or '_' or '.' or '?' or '*' or '\\' or '[' or ']' or '!' or '`';

    private Token Word()
    {
        int end = _at;
        while (end < _text.Length && (IsOfWord(_text[end]) || _text[end] == '`')) end++;
        return Made(TokenKind.Word, _text[_at..end], end - _at);
    }

    private Token AggregationName()
    {
        int end = _at + 1;
        if (!char.IsAsciiDigit(Peek(1)))
            while (end < _text.Length && IsOfWord(_text[end])) end++;
        return Made(TokenKind.Aggregation, end == _at + 1 ? "_" : _text[(_at + 1)..end], end - _at);
    }

    // It divides, unless what follows cannot be an operand: the braces, the end, or a mark.
    private bool EndsPredicate()
    {
        Place slash = Mark();
        _at++;
        SkipBlanks();
        bool ends = _at == _text.Length || _text[_at] is '{' or ';' or '/';
        Return(slash);
        return ends;
    }

    private void SkipBlanks()
    {
        while (_at < _text.Length)
        {
            char c = _text[_at];
            if (c == '\n') (_at, _line) = (_at + 1, _line + 1);
            else if (c is ' ' or '\t' or '\r' or '\f' or '\v') _at++;
            else if (c == '\\' && Peek(1) == '\n') (_at, _line) = (_at + 2, _line + 1);
            else if (c == '/' && Peek(1) == '*') SkipComment();
            else if (c == '#' && BeginsLine()) ControlLine();
            else return;
        }
    }

    private void SkipComment()
    {
        for (_at += 2; _at < _text.Length; _at++)
        {
            if (_text[_at] == '\n') _line++;
            else if (_text[_at] == '/' && Peek(1) == '*') throw Error("D_SYNTAX", "/* encountered inside a comment");
            else if (_text[_at] == '*' && Peek(1) == '/')
            {
                _at += 2;
                return;
            }
        }
        throw Error("D_SYNTAX", "end-of-file encountered before matching */");
    }

    private bool BeginsLine()
    {
        int i = _at;
        while (i > 0 && _text[i - 1] is ' ' or '\t' or '\f' or '\v') i--;
        return i == 0 || _text[i - 1] == '\n';
    }

    /// <summary>A place in the text.</summary>
    internal readonly record struct Place(int At, int Line, string File, int Pragmas);

    private char Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : '\0';

    private Token Made(TokenKind kind, string text, int length)
    {
        var token = new Token(kind, text, _line, _at, _at + length);
        _at += length;
        return token;
    }
}
