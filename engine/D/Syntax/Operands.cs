namespace Iscsitop.Engine.D.Syntax;

/// <summary>Operators with one side, and what they apply to.</summary>
internal sealed partial class Parser
{
    private static readonly string[] s_prefixes = ["+", "-", "!", "~", "*", "&"];

    private Expression Unary()
    {
        int line = _token.Line;
        if (_token.Kind == TokenKind.Symbol)
        {
            string symbol = _token.Text;
            if (symbol is "++" or "--") return Prefix(Unary, e => new UnaryExpression(symbol, e, line));
            if (Array.IndexOf(s_prefixes, symbol) >= 0) return Prefix(Cast, e => new UnaryExpression(symbol, e, line));
        }
        if (_token.IsWord("stringof")) return Prefix(Unary, e => new StringofExpression(e, line));
        return _token.IsWord("sizeof") ? Sizeof() : Postfix();
    }

    private Expression Prefix(Func<Expression> operand, Func<Expression, Expression> make)
    {
        Enter();
        Next();
        Expression expression = make(operand());
        Raise(_height);
        _nesting--;
        return expression;
    }

    private Expression Sizeof()
    {
        int line = _token.Line;
        Token word = _token;
        Lexer.Place mark = _lexer.Mark();
        Next();
        if (!_token.Is("(") || !TypeInBrackets())
        {
            _lexer.Return(mark);
            _token = word;
            return Prefix(Unary, e => new SizeofExpression(null, e, line));
        }
        Next();
        TypeName type = TypeNameOnly();
        Expect(")");
        _height = 1;
        return new SizeofExpression(type, null, line);
    }

    // sizeof (x) is a variable's size unless x is known to be a type.
    private bool TypeInBrackets()
    {
        Token open = _token;
        Lexer.Place mark = _lexer.Mark();
        Next();
        bool type = _token.Kind == TokenKind.Word && (Words.IsBase(_token.Text) || Words.IsQualifier(_token.Text) || _lexer.IsTypeName(_token.Text));
        _lexer.Return(mark);
        _token = open;
        return type;
    }

    private Expression Postfix()
    {
        Expression left = Primary();
        while (_token.Kind == TokenKind.Symbol)
        {
            int height = _height;
            switch (_token.Text)
            {
                case "[":
                    left = new IndexExpression(left, List("]"), left.Line);
                    break;
                case "(":
                    if (left is not NameExpression name) throw Error("function designator is not of function type", "D_FUNC_IDENT");
                    left = new CallExpression(name.Name, List(")"), left.Line);
                    break;
                case "." or "->":
                    bool arrow = _token.Text == "->";
                    Next();
                    left = new MemberExpression(left, ExpectName(), arrow, left.Line);
                    break;
                case "++" or "--":
                    left = new PostfixExpression(_token.Text, left, left.Line);
                    Next();
                    break;
                default:
                    return left;
            }
            Raise(height);
        }
        return left;
    }

    // What is in brackets, with commas; only a call may have nothing. The height is that of the highest.
    private List<Expression> List(string close, List<string>? texts = null)
    {
        var list = new List<Expression>();
        int height = 0;
        char outer = _open;
        _open = close[0];
        Next();
        if (close == ")" && _token.Is(")"))
        {
            _open = outer;
            Next();
            return list;
        }
        do
        {
            if (_token.Is(",")) Next();
            int start = _token.Start;
            list.Add(Assignment());
            texts?.Add(_lexer.Between(start, _end));
            height = Math.Max(height, _height);
        }
        while (_token.Is(","));
        if (!_token.Is(close)) throw Unexpected();
        _open = outer;
        Next();
        _height = height;
        return list;
    }

    private Expression Primary()
    {
        Token token = _token;
        _height = 1;
        switch (token.Kind)
        {
            case TokenKind.Integer:
                Next();
                return new IntegerLiteral(token.Value, token.Type!, token.Line);
            case TokenKind.String:
                Next();
                return new StringLiteral(token.Text, token.Line);
            case TokenKind.Aggregation:
                Next();
                var texts = new List<string>();
                return new AggregationReference(token.Text, _token.Is("[") ? Keys(texts) : null, token.Line) { KeyTexts = texts };
            case TokenKind.Symbol when token.Text == "(":
                return Parenthesized();
            case TokenKind.Word:
                return Name(token);
            default:
                throw Unexpected();
        }
    }

    private List<Expression> Keys(List<string> texts)
    {
        List<Expression> keys = List("]", texts);
        Raise(_height);
        return keys;
    }

    private Expression Parenthesized()
    {
        char outer = _open;
        _open = ')';
        Next();
        Expression inner = Expression();
        if (!_token.Is(")")) throw Unexpected();
        _open = outer;
        Next();
        return inner;
    }

    private Expression Name(Token token)
    {
        if (token.Text is "self" or "this")
        {
            Next();
            if (!Accept("->")) throw Unexpected();
            return new ScopedName(token.Text == "self" ? VariableScope.Self : VariableScope.This, ExpectName(), token.Line);
        }
        if (token.Text == "offsetof") return Offsetof();
        if (token.Text == "xlate") throw Error("xlate is not supported: the types of iscsitop are built in");
        string name = ExpectName();
        int quote = name.LastIndexOf('`');
        return quote < 0 ? new NameExpression(name, token.Line) : new KernelName(name[..quote], name[(quote + 1)..], token.Line);
    }

    private OffsetofExpression Offsetof()
    {
        int line = _token.Line;
        char outer = _open;
        Next();
        Expect("(");
        _open = ')';
        TypeName type = TypeNameOnly();
        Expect(",");
        string member = ExpectName();
        Expect(")");
        _open = outer;
        return new(type, member, line);
    }
}
