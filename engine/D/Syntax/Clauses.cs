namespace Iscsitop.Engine.D.Syntax;

/// <summary>Descriptions, predicates, statements.</summary>
internal sealed partial class Parser
{
    // The most that a field of a description has, without NUL: provider, module, function, name.
    private static readonly int[] s_longest = [63, 63, 127, 63];

    private Clause Clause()
    {
        int line = _token.Line;
        var probes = new List<ProbeDescription> { Description() };
        while (_token.Is(","))
        {
            NextOutside();
            probes.Add(Description());
        }
        Expression? predicate = null;
        if (_token.Is("/")) predicate = Predicate();
        if (_token.Is("{")) return new(probes, predicate, Actions(), line);
        if (predicate is not null) throw _lexer.Error("D_SYNTAX", "expected actions { } following probe description and predicate", predicate.Line);
        if (_fromFile) throw _lexer.Error("D_SYNTAX", "expected predicate and/or actions following probe description", line);
        return new(probes, null, null, line);
    }

    private Expression Predicate()
    {
        _lexer.InPredicate = true;
        Next();
        Expression predicate = Expression();
        if (_token.Kind != TokenKind.PredicateEnd) throw Unexpected();
        _lexer.InPredicate = false;
        NextOutside();
        return predicate;
    }

    private List<Expression> Actions()
    {
        var actions = new List<Expression>();
        Next();
        while (!_token.Is("}"))
        {
            if (Accept(";")) continue;
            actions.Add(Expression());
            if (!_token.Is(";") && !_token.Is("}")) throw Unexpected();
        }
        NextOutside();
        return actions;
    }

    private ProbeDescription Description()
    {
        Token token = _token;
        if (token.Kind == TokenKind.Integer)
        {
            if (token.Value > int.MaxValue) throw Error($"probe identifier {token.Text} is out of range", "D_PDESC_INVAL");
            NextOutside();
            return new("", "", "", "", token.Text, token.Line, (int)token.Value);
        }
        if (token.Kind != TokenKind.Description)
        {
            // A list may name a probe that is called like a type: "BEGIN, string".
            if (token.Kind != TokenKind.Word) throw Unexpected();
        }
        string[] written = token.Text.Split(':');
        if (written.Length > 4) throw Invalid(token.Text, "Overspecified probe description");
        string[] fields = ["", "", "", ""];
        for (int i = 0; i < written.Length; i++)
        {
            int field = 4 - written.Length + i;
            fields[field] = Expand(token.Text, written[i]);
            if (fields[field].Length > s_longest[field]) throw Invalid(token.Text, "Probe description field is too long");
        }
        NextOutside();
        return new(fields[0], fields[1], fields[2], fields[3], token.Text, token.Line);
    }

    // What stands before and after $name in the same field is joined with what it stands for.
    private string Expand(string description, string field)
    {
        int dollar = field.IndexOf('$');
        if (dollar < 0) return field;
        int start = dollar + 1;
        if (start < field.Length && field[start] == '$') start++;
        int end = start;
        bool argument = start < field.Length && char.IsAsciiDigit(field[start]);
        while (end < field.Length && (argument ? char.IsAsciiDigit(field[end]) : char.IsAsciiLetterOrDigit(field[end]) || field[end] == '_')) end++;
        string value = _lexer.MacroText(field[start..end]) ?? throw Invalid(description, "Undefined macro variable in probe description");
        return field[..dollar] + value + Expand(description, field[end..]);
    }

    private DCompileException Invalid(string description, string why) => Error($"invalid probe description \"{description}\": {why}", "D_PDESC_INVAL");
}
