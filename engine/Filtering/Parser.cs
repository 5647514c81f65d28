using System.Text.RegularExpressions;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Filtering;

/// <summary>
/// From an expression to conditions:
/// <c>any = all {("||" | "or") all}</c>, <c>all = one {("&amp;&amp;" | "and") one}</c>, <c>one = ("!" | "not") one | "(" any ")" | field [comparison]</c>,
/// <c>comparison = operator value | "in" "{" value {"," value} "}"</c>.
/// </summary>
internal sealed class Parser
{
    /// <summary>Characters of an expression.</summary>
    public const int MaxLength = 4096;

    /// <summary>Brackets within each other.</summary>
    public const int MaxDepth = 64;

    private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;

    private readonly string _text;
    private readonly List<Token> _tokens;
    private readonly List<(FilterField Field, int Position)> _used = [];
    private int _next;
    private int _depth;

    public Parser(string text)
    {
        _text = text;
        if (text.Length > MaxLength) throw Wrong($"the filter is longer than {MaxLength} characters", MaxLength);
        _tokens = Lexer.Cut(text);
    }

    /// <summary>Of a part of a text that was cut already.</summary>
    /// <param name="text">All of it.</param>
    /// <param name="tokens">Those of the part, and an end.</param>
    public Parser(string text, List<Token> tokens) => (_text, _tokens) = (text, tokens);

    /// <summary>The fields used, and where.</summary>
    public IReadOnlyList<(FilterField Field, int Position)> Used => _used;

    private Token Next => _tokens[_next];

    /// <summary>The whole expression.</summary>
    public Condition Parse()
    {
        if (Next.Type == TokenType.End) throw Wrong("the filter is empty (a condition is wanted, like lun==3)", 0);
        Condition all = Alternatives();
        if (Next.Type != TokenType.End) throw Wrong(Next.IsSymbol(")") ? "there is no ( for this )" : "&& or || is wanted before this", Next.Position);
        return all;
    }

    private Condition Alternatives()
    {
        var parts = new List<Condition> { Together() };
        while (Take("||", "or")) parts.Add(Together());
        return parts.Count == 1 ? parts[0] : new Any([.. parts]);
    }

    private Condition Together()
    {
        var parts = new List<Condition> { One() };
        while (Take("&&", "and")) parts.Add(One());
        return parts.Count == 1 ? parts[0] : new All([.. parts]);
    }

    private Condition One()
    {
        if (++_depth > MaxDepth) throw Wrong($"more than {MaxDepth} brackets within each other", Next.Position);
        Token token = Next;
        Condition one;
        if (Take("!", "not"))
        {
            one = new Not(One());
        }
        else if (Take("(", ""))
        {
            one = Alternatives();
            if (!Take(")", "")) throw Wrong("the ( has no )", token.Position);
        }
        else
        {
            one = Comparison();
        }
        _depth--;
        return one;
    }

    private Condition Comparison()
    {
        Token name = Next;
        if (name.Type != TokenType.Word)
            throw Wrong(name.Type == TokenType.End ? "a condition is missing at the end" : "a field is wanted here, like lun or initiator", name.Position);
        FilterField field = FilterFields.Find(name.Text) ?? throw NoField(name);
        _used.Add((field, name.Position));
        _next++;
        Token sign = Next;
        if (sign.IsWord("in"))
        {
            _next++;
            return Set(field);
        }
        if (sign.Type != TokenType.Symbol || sign.Text is "&&" or "||" or ")" or "!" or "(" or "{" or "}" or ",")
        {
            if (sign.Type is TokenType.Symbol && sign.Text is "&&" or "||" or ")" || sign.Type == TokenType.End || sign.IsWord("and") || sign.IsWord("or")) return new IsKnown(Everything(field));
            throw Wrong($"an operator is wanted after {field.Name} (== != < <= > >= ~ !~ in)", sign.Position);
        }
        _next++;
        Token value = Next;
        if (value.Type is not (TokenType.Word or TokenType.Text)) throw Wrong($"a value is missing ({Literals.Right(field)})", value.Position);
        _next++;
        return sign.Text switch
        {
            "==" => Equal(field, [value]),
            "!=" => new Not(Equal(field, [value])),
            "~" => Found(field, value, sign),
            "!~" => new Not(Found(field, value, sign)),
            _ => Compare(field, sign, value),
        };
    }

    private Condition Set(FilterField field)
    {
        if (!Take("{", "")) throw Wrong("{ is wanted after in, like lun in {1,2,5..9}", Next.Position);
        var values = new List<Token>();
        do
        {
            if (Next.Type is not (TokenType.Word or TokenType.Text)) throw Wrong($"a value is missing ({Literals.Right(field)})", Next.Position);
            values.Add(Next);
            _next++;
        }
        while (Take(",", ""));
        return Take("}", "") ? Equal(field, values) : throw Wrong(", or } is wanted", Next.Position);
    }

    // True or false of whatever has the field at all.
    private static Condition Everything(FilterField field) =>
        field.Type == FilterType.Operation ? new Operations(_ => true)
        : field.Number is { } number ? new Within(number, [(double.NegativeInfinity, double.PositiveInfinity)]) : new OneOf(field.Text!, []);

    private Condition Equal(FilterField field, List<Token> values) => field.Type switch
    {
        FilterType.Text => new OneOf(field.Text!, [.. values.Select(v => v.Text)]),
        FilterType.Address => new InNetworks(field.Text!, [.. values.Select(v => Network.TryParse(v.Text, out Network network) ? network : throw NoValue(field, v))]),
        FilterType.Operation => Operation(field, values),
        FilterType.Word => new Within(field.Number!, [.. values.Select(v => Literals.Word(field, v.Text) is var w && !double.IsNaN(w) ? (w, w) : throw NoValue(field, v))]),
        _ => new Within(field.Number!, [.. values.Select(v => Range(field, v))]),
    };

    private (double, double) Range(FilterField field, Token value)
    {
        (double from, double to) = Literals.Range(field.Type, value.Text);
        if (double.IsNaN(from) || double.IsNaN(to)) throw NoValue(field, value);
        return from <= to ? (from, to) : throw Wrong($"the range {value.Text} is empty ({field.Name} from less to more is wanted)", value.Position);
    }

    // The words read, write and other are asked of the kind, which what was counted apart has, too.
    private Condition Operation(FilterField field, List<Token> values)
    {
        List<Condition> any = [.. values.Select(v => Literals.Word(FilterFields.Kind, v.Text) is var kind && !double.IsNaN(kind)
            ? (Condition)new Within(FilterFields.Kind.Number!, [(kind, kind)])
            : new Operations(OperationRule(field, v)))];
        return any.Count == 1 ? any[0] : new Any([.. any]);
    }

    private Func<ushort, bool> OperationRule(FilterField field, Token value)
    {
        string word = value.Text;
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            string[] parts = word.ToLowerInvariant().Split('/');
            if (parts.Length > 2 || parts.Any(p => p.Length != 4 || !p.StartsWith("0x", StringComparison.Ordinal) || !char.IsAsciiHexDigit(p[2]) || !char.IsAsciiHexDigit(p[3]))) throw NoValue(field, value);
            byte opcode = Convert.ToByte(parts[0], 16);
            int action = parts.Length == 2 ? Convert.ToByte(parts[1], 16) : -1;
            return operation => operation >> 8 == opcode && (action < 0 || (operation & 0xff) == action);
        }
        foreach (CommandRow row in Command.Rows)
            if (row.Name.Equals(word, StringComparison.OrdinalIgnoreCase))
                return operation => Command.Name(operation).Equals(word, StringComparison.OrdinalIgnoreCase);
        throw NoValue(field, value);
    }

    private Condition Found(FilterField field, Token pattern, Token sign)
    {
        Regex regex = RegexOf(pattern);
        return field.Type switch
        {
            FilterType.Text or FilterType.Address => new Matches(field.Text!, regex),
            FilterType.Operation => new Operations(operation => regex.IsMatch(Command.Name(operation)) || regex.IsMatch(Command.Hex(operation))),
            FilterType.Word => new Within(field.Number!, [.. field.Words.Where(w => regex.IsMatch(w.Word)).Select(w => ((double)w.Value, (double)w.Value))]),
            _ => throw Wrong($"{field.Name} has no text to search ({Operators(field)} are for it)", sign.Position),
        };
    }

    private Regex RegexOf(Token pattern)
    {
        try
        {
            return new Regex(pattern.Text, Options);
        }
        catch (RegexParseException e)
        {
            // Between quotes there may be backslashes that were taken away before; a position within the token is right all the same.
            int inside = pattern.Position + (pattern.Type == TokenType.Text ? 1 : 0) + e.Offset;
            throw Wrong("this is no regular expression", Math.Min(inside, _text.Length));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw Wrong("this regular expression is too large, or looks around or back", pattern.Position);
        }
    }

    private Ordered Compare(FilterField field, Token sign, Token value)
    {
        if (field.Type is not (FilterType.Number or FilterType.Duration or FilterType.Size))
            throw Wrong($"{field.Name} has no order ({Operators(field)} are for it)", sign.Position);
        double number = Literals.Number(field.Type, value.Text);
        if (double.IsNaN(number)) throw NoValue(field, value);
        return new Ordered(field.Number!, sign.Text[0] == '<', sign.Text.Length == 2, number);
    }

    private static string Operators(FilterField field) => field.Type switch
    {
        FilterType.Number or FilterType.Duration or FilterType.Size => "== != < <= > >= in",
        FilterType.Sense => "== != in",
        _ => "== != ~ !~ in",
    };

    private bool Take(string symbol, string word)
    {
        if (!Next.IsSymbol(symbol) && !(word.Length > 0 && Next.IsWord(word))) return false;
        _next++;
        return true;
    }

    private FilterException NoField(Token name)
    {
        string near = Near.Of(name.Text, FilterFields.Names);
        return Wrong(near.Length > 0 ? $"there is no field {name.Text} ({near}?)" : $"there is no field {name.Text} ({string.Join(", ", FilterFields.Names)} are)", name.Position);
    }

    private FilterException NoValue(FilterField field, Token value)
    {
        IEnumerable<string> words = field.Type == FilterType.Word ? field.Words.Select(w => w.Word)
            : field.Type == FilterType.Operation ? [.. FilterFields.Kind.Words.Select(w => w.Word), .. Command.Rows.ToArray().Select(r => r.Name)] : [];
        string near = Near.Of(value.Text, words);
        return Wrong($"{value.Text} is no value of {field.Name} ({(near.Length > 0 ? near + "? " : "")}{Literals.Right(field)} is wanted)", value.Position);
    }

    private FilterException Wrong(string problem, int position) => new(problem, _text, position);
}
