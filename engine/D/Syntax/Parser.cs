namespace Iscsitop.Engine.D.Syntax;

/// <summary>What a program is compiled with: its macro arguments and variables.</summary>
/// <param name="Arguments">$0 is the script's name or "dtrace", then $1 and so on.</param>
/// <param name="Variables">$target, $pid, $uid and so on, without the dollar.</param>
internal sealed record Macros(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, long> Variables);

/// <summary>From text to a tree.</summary>
internal sealed partial class Parser
{
    /// <summary>How deep parentheses, conditionals and structs may lie in one another.</summary>
    public const int MaxNesting = 200;

    /// <summary>How high an expression's tree may be: what walks it does not run out of stack.</summary>
    public const int MaxHeight = 500;

    private readonly Lexer _lexer;
    private readonly bool _fromFile;
    private readonly List<TopLevel> _items = [];
    private Token _token;
    private int _nesting;
    private int _end;

    private Parser(Lexer lexer, bool fromFile) => (_lexer, _fromFile) = (lexer, fromFile);

    /// <summary>Parses a program.</summary>
    /// <param name="text">The program.</param>
    /// <param name="macros">What macro variables stand for.</param>
    /// <param name="options">Options as they are from the command line; defaultargs and argref matter here. Pragmas are applied by the compiler.</param>
    /// <param name="fromFile">A script: descriptions alone are an error.</param>
    /// <exception cref="DCompileException">It is not D.</exception>
    public static Script Parse(string text, Macros macros, DOptions options, bool fromFile)
    {
        var lexer = new Lexer(text, macros, options.DefaultArgs) { AllArguments = options.ArgRef };
        return new Parser(lexer, fromFile).Program();
    }

    private Script Program()
    {
        NextOutside();
        while (_token.Kind != TokenKind.End)
        {
            string file = _lexer.File;
            _items.Add(Item() with { File = file });
        }
        _lexer.CheckArguments();
        return new(_items);
    }

    private TopLevel Item()
    {
        if (_token.Kind is TokenKind.Description or TokenKind.Integer) return Clause();
        if (_token.Kind != TokenKind.Word) throw Unexpected();
        return _token.Text switch
        {
            "inline" => Inline(),
            "translator" or "provider" => throw Error($"{_token.Text} declarations are not supported: the types and probes of iscsitop are built in"),
            "counter" or "import" => throw Unexpected(),
            _ => Declaration(),
        };
    }

    private void TakePragmas() => _items.AddRange(_lexer.TakePragmas().Select(p => p with { File = _lexer.File }));

    private void Next()
    {
        _end = _token.End;
        _token = _lexer.Next();
    }

    private void NextOutside()
    {
        _token = _lexer.NextOutside();
        TakePragmas();
    }

    private bool Accept(string symbol)
    {
        if (!_token.Is(symbol)) return false;
        Next();
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Accept(symbol)) throw Unexpected();
    }

    private string ExpectName()
    {
        if (_token.Kind != TokenKind.Word || Words.IsReserved(_token.Text)) throw Unexpected();
        string name = _token.Text;
        Next();
        return name;
    }

    private DCompileException Unexpected()
    {
        if (_token.Kind == TokenKind.PredicateEnd && _open != '\0') return Error($"closing {_open} expected in predicate before /");
        if (_open == '\0' && _token.Text is ")" or "]" && _token.Kind == TokenKind.Symbol) return Error($"extra {_token.Text} in input stream");
        return _lexer.Near(_lexer.Raw(_token), _token.Line, _token.Start);
    }

    private DCompileException Error(string message, string tag = "D_SYNTAX") => _lexer.Error(tag, message, _token.Line, _token.Start);

    private void Enter()
    {
        if (++_nesting > MaxNesting) throw Error("expression is nested too deeply");
    }
}
