using Iscsitop.Engine.Filtering;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Engine.Checking;

/// <summary>
/// From an expression to a tree:
/// <c>any = all {("||" | "or") all}</c>, <c>all = one {("&amp;&amp;" | "and") one}</c>, <c>one = ("!" | "not") one | "(" any ")" | comparison</c>,
/// <c>comparison = metric ["." direction] ["(" selector ")"] operator value ["for" time]</c>. A selector is a filter in which a comma is
/// <c>&amp;&amp;</c> and <c>=</c> is <c>==</c>.
/// </summary>
internal sealed class CheckParser
{
    private const string Example = "like p99.read > 20ms";

    private readonly string _text;
    private readonly bool _changes;
    private readonly List<Token> _tokens;
    private readonly List<Term> _comparisons = [];
    private int _next;
    private int _depth;

    public CheckParser(string text, bool changes)
    {
        (_text, _changes) = (text, changes);
        if (text.Length > Parser.MaxLength) throw Wrong($"the condition is longer than {Parser.MaxLength} characters", Parser.MaxLength);
        _tokens = Lexer.Cut(text, assigns: true);
    }

    public IReadOnlyList<Term> Comparisons => _comparisons;

    private Token Next => _tokens[_next];

    public Check.Node Parse()
    {
        if (Next.Type == TokenType.End) throw Wrong($"the condition is empty (a comparison is wanted, {Example})", 0);
        Check.Node all = Alternatives();
        return Next.Type == TokenType.End ? all : throw Wrong(Next.IsSymbol(")") ? "there is no ( for this )" : "&& or || is wanted before this", Next.Position);
    }

    private Check.Node Alternatives()
    {
        var parts = new List<Check.Node> { Together() };
        while (Take("||", "or")) parts.Add(Together());
        return parts.Count == 1 ? parts[0] : new Check.Alternatives([.. parts]);
    }

    private Check.Node Together()
    {
        var parts = new List<Check.Node> { One() };
        while (Take("&&", "and")) parts.Add(One());
        return parts.Count == 1 ? parts[0] : new Check.Together([.. parts]);
    }

    private Check.Node One()
    {
        if (++_depth > Parser.MaxDepth) throw Wrong($"more than {Parser.MaxDepth} brackets within each other", Next.Position);
        Token token = Next;
        Check.Node one;
        if (Take("!", "not"))
        {
            one = new Check.Contrary(One());
        }
        else if (Take("(", ""))
        {
            one = Alternatives();
            if (!Take(")", "")) throw Wrong("the ( has no )", token.Position);
        }
        else
        {
            _comparisons.Add(Term());
            one = new Check.Leaf(_comparisons[^1]);
        }
        _depth--;
        return one;
    }

    private Term Term()
    {
        Token name = Next;
        if (name.Type != TokenType.Word) throw Wrong(name.Type == TokenType.End ? "a comparison is missing at the end" : $"a metric is wanted here, {Example}", name.Position);
        (Metric metric, CommandKind? direction) = Named(name);
        _next++;
        Filter? selector = Take("(", "") ? Selector(_tokens[_next - 1]) : null;
        Token sign = Next;
        if (sign.Type != TokenType.Symbol || sign.Text is not (">" or ">=" or "<" or "<=" or "==" or "!=")) throw Wrong($"a comparison is wanted after {metric.Name} (> >= < <= == !=)", sign.Position);
        _next++;
        Token value = Next;
        if (value.Type != TokenType.Word) throw Wrong($"a value is missing ({Limits.Right(metric.Quantity)})", value.Position);
        _next++;
        bool change = Limits.IsChange(value.Text);
        if (change && !_changes) throw Wrong("a change in percent is for two spans of time (iscsitop diff)", value.Position);
        double limit = change ? Limits.Change(value.Text) : Limits.Value(metric.Quantity, value.Text);
        if (double.IsNaN(limit)) throw Wrong($"{value.Text} is no value of {metric.Name} ({Limits.Right(metric.Quantity)} is wanted)", value.Position);
        (TimeSpan time, string text) = Next.IsWord("for") ? Time() : (TimeSpan.Zero, "");
        return new Term(metric) { Direction = direction, Selector = selector, Sign = sign.Text, Limit = limit, LimitText = value.Text, IsChange = change, For = time, ForText = text };
    }

    // p99.9 is a name, too.
    private (Metric, CommandKind?) Named(Token name)
    {
        if (CheckMetrics.Find(name.Text) is { } metric) return (metric, null);
        int dot = name.Text.LastIndexOf('.');
        metric = CheckMetrics.Find(dot < 0 ? name.Text : name.Text[..dot]);
        if (metric is null)
        {
            string near = Near.Of(dot < 0 ? name.Text : name.Text[..dot], CheckMetrics.Names);
            throw Wrong($"there is no metric {name.Text} ({(near.Length > 0 ? near + "?" : string.Join(", ", CheckMetrics.Names) + " are")})", name.Position);
        }
        if (!metric.Directed) throw Wrong($"{metric.Name} has no direction", name.Position + dot);
        return name.Text[(dot + 1)..] switch
        {
            "read" => (metric, CommandKind.Read),
            "write" => (metric, CommandKind.Write),
            "other" => (metric, CommandKind.Other),
            _ => throw Wrong($"{name.Text[(dot + 1)..]} is no direction (read, write or other is)", name.Position + dot + 1),
        };
    }

    // Up to the bracket that closes; what is inside is a filter.
    private Filter Selector(Token open)
    {
        var inside = new List<Token>();
        for (int depth = 0, braces = 0; ; _next++)
        {
            Token token = Next;
            if (token.Type == TokenType.End) throw Wrong("the ( has no )", open.Position);
            if (token.IsSymbol(")") && depth-- == 0) break;
            if (token.IsSymbol("(")) depth++;
            braces += token.IsSymbol("{") ? 1 : token.IsSymbol("}") ? -1 : 0;
            inside.Add(token.IsSymbol("=") ? token with { Text = "==" } : token.IsSymbol(",") && braces == 0 ? token with { Text = "&&" } : token);
        }
        Token close = Next;
        _next++;
        if (inside.Count == 0) throw Wrong("the selector is empty (a condition is wanted, like lun=3)", close.Position);
        inside.Add(new Token(TokenType.End, "", close.Position));
        var parser = new Parser(_text, inside);
        var filter = Filter.Of(_text[(open.Position + 1)..close.Position].Trim(), parser);
        foreach ((FilterField field, int position) in parser.Used)
            if (field.Level is not (FilterLevel.Connection or FilterLevel.Cell))
                throw Wrong($"{field.Name} is no part of a selector (those of connections and units are; -Y is for all commands)", position);
        return filter;
    }

    private (TimeSpan, string) Time()
    {
        if (_changes) throw Wrong("between two spans of time nothing lasts", Next.Position);
        _next++;
        Token value = Next;
        double ns = value.Type == TokenType.Word ? Limits.Time(value.Text) : double.NaN;
        if (!(ns is > 0 and <= Limits.LongestTime)) throw Wrong($"a time is wanted after for ({Limits.RightTime})", value.Position);
        _next++;
        return (TimeSpan.FromTicks((long)(ns / 100)), value.Text);
    }

    private bool Take(string symbol, string word)
    {
        if (!Next.IsSymbol(symbol) && !(word.Length > 0 && Next.IsWord(word))) return false;
        _next++;
        return true;
    }

    private FilterException Wrong(string problem, int position) => new(problem, _text, position);
}
