namespace Iscsitop.Engine.D.Syntax;

/// <summary>Expressions, from the comma down to the operators with two sides.</summary>
internal sealed partial class Parser
{
    // From what binds least to what binds most, as in C, with ^^ between || and &&.
    private static readonly string[][] s_levels =
    [
        ["||"], ["^^"], ["&&"], ["|"], ["^"], ["&"], ["==", "!="], ["<", "<=", ">", ">="], ["<<", ">>"], ["+", "-"], ["*", "/", "%"],
    ];

    private static readonly string[] s_assignments = ["=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "<<=", ">>="];

    // The bracket that is open, for messages; and the height of the tree of the expression that was parsed last.
    private char _open;
    private int _height;

    private Expression Expression()
    {
        Expression left = Assignment();
        while (_token.Is(","))
        {
            int height = _height;
            Next();
            left = new BinaryExpression(",", left, Assignment(), left.Line);
            Raise(height);
        }
        return left;
    }

    private Expression Assignment()
    {
        Enter();
        Expression left = Conditional();
        if (_token.Kind == TokenKind.Symbol && Array.IndexOf(s_assignments, _token.Text) >= 0)
        {
            int height = _height;
            string symbol = _token.Text;
            Next();
            left = new AssignmentExpression(symbol, left, Assignment(), left.Line);
            Raise(height);
        }
        _nesting--;
        return left;
    }

    // What follows the colon may assign, too: D's actions are expressions, and c ? @a = count() : @b = count() is meant.
    private Expression Conditional()
    {
        Expression condition = Binary(0);
        if (!_token.Is("?")) return condition;
        int height = _height;
        Next();
        Expression then = Expression();
        height = Math.Max(height, _height);
        if (!_token.Is(":")) throw Unexpected();
        Next();
        Expression otherwise = Assignment();
        Raise(height);
        return new ConditionalExpression(condition, then, otherwise, condition.Line);
    }

    // One call for all levels: a plain operand does not go through eleven of them.
    private Expression Binary(int least)
    {
        Expression left = Cast();
        for (int level = LevelOf(_token); level >= least; level = LevelOf(_token))
        {
            int height = _height;
            string symbol = _token.Text;
            Next();
            left = new BinaryExpression(symbol, left, Binary(level + 1), left.Line);
            Raise(height);
        }
        return left;
    }

    private static int LevelOf(in Token token)
    {
        if (token.Kind == TokenKind.Symbol)
        {
            for (int i = 0; i < s_levels.Length; i++)
                if (Array.IndexOf(s_levels[i], token.Text) >= 0)
                    return i;
        }
        return -1;
    }

    private Expression Cast()
    {
        if (!_token.Is("(") || !CastFollows()) return Unary();
        int line = _token.Line;
        Enter();
        Next();
        TypeName type = TypeNameOnly();
        Expect(")");
        Expression operand = Cast();
        Raise(_height);
        _nesting--;
        return new CastExpression(type, operand, line);
    }

    // "(word" begins a cast when word is a type; a name that nobody declared is one too when stars, or nothing, and then an operand follow:
    // the compiler can then say which type it does not know.
    private bool CastFollows()
    {
        Token open = _token;
        Lexer.Place mark = _lexer.Mark();
        Next();
        bool cast = _token.Kind == TokenKind.Word && (Words.IsBase(_token.Text) || Words.IsQualifier(_token.Text) || NamesType());
        _lexer.Return(mark);
        _token = open;
        return cast;
    }

    private bool NamesType()
    {
        string word = _token.Text;
        if (Words.IsReserved(word) || word.Contains('`')) return false;
        Next();
        bool stars = _token.Is("*");
        while (_token.Is("*")) Next();
        if (!_token.Is(")")) return _lexer.IsTypeName(word) && _token.Is("[");
        if (stars || _lexer.IsTypeName(word)) return true;
        Next();
        return _token.Kind is TokenKind.Integer or TokenKind.String or TokenKind.Aggregation
            || (_token.Kind == TokenKind.Word && (!Words.IsReserved(_token.Text) || _token.Text is "self" or "this" or "sizeof" or "stringof" or "offsetof"));
    }

    // A node has been put on what was parsed last and, maybe, on something else of that height.
    private void Raise(int other)
    {
        _height = Math.Max(_height, other) + 1;
        if (_height > MaxHeight) throw Error("expression is too long");
    }
}
