using System.Text;

namespace Iscsitop.Engine.D.Syntax;

/// <summary>Types, and what is declared with them.</summary>
internal sealed partial class Parser
{
    private static readonly string[] s_attributes = ["unsigned", "signed", "short", "long"];

    // One specifier may declare several names: int a, b; each is an item of its own.
    private TopLevel Declaration()
    {
        int line = _token.Line;
        VariableScope scope = VariableScope.Global;
        bool typedef = false;
        TypeName type = Specifiers(word =>
        {
            if (word == "typedef") typedef = true;
            else if (word is "auto" or "register" or "static") throw Error($"invalid declaration class {word}: not supported in D", "D_DECL_BADCLASS");
            else if (word != "extern") scope = word == "self" ? VariableScope.Self : VariableScope.This;
        });
        TopLevel? item = null;
        if (_token.Is(";"))
        {
            if (type.Members is null && type.Enumerators is null && !type.Words.Contains(' ')) throw Error("useless declaration", "D_DECL_USELESS");
            item = new TypeDeclaration(type, null, line);
        }
        else
        {
            do
            {
                if (_token.Is(",")) Next();
                if (item is not null) _items.Add(item with { File = _lexer.File });
                item = Declared(scope, typedef, type, line);
            }
            while (_token.Is(","));
            if (!_token.Is(";")) throw Unexpected();
        }
        NextOutside();
        return item;
    }

    private TopLevel Declared(VariableScope scope, bool typedef, TypeName type, int line)
    {
        type = Pointers(type);
        string name = ExpectName();
        if (typedef)
        {
            _lexer.TypeNames.Add(name);
            return new TypeDeclaration(Bounds(type), name, line);
        }
        if (_token.Is("(")) throw Error("function declarations are not supported");
        if (!_token.Is("[") || !TypeFollows()) return new VariableDeclaration(scope, Bounds(type), name, null, line);
        Next();
        var keys = new List<TypeName>();
        do
        {
            if (_token.Is(",")) Next();
            keys.Add(TypeNameOnly());
        }
        while (_token.Is(","));
        Expect("]");
        return new VariableDeclaration(scope, type, name, keys, line);
    }

    // a[int] is an associative array, a[10] an array.
    private bool TypeFollows()
    {
        Token open = _token;
        Lexer.Place mark = _lexer.Mark();
        Next();
        bool type = _token.Kind == TokenKind.Word && !_token.IsWord("sizeof") && !_token.IsWord("offsetof");
        _lexer.Return(mark);
        _token = open;
        return type;
    }

    private InlineDeclaration Inline()
    {
        int line = _token.Line;
        Next();
        TypeName type = Pointers(Specifiers(null));
        string name = ExpectName();
        List<(TypeName Type, string Name)>? parameters = null;
        if (Accept("["))
        {
            parameters = [];
            do
            {
                if (_token.Is(",")) Next();
                parameters.Add((Pointers(Specifiers(null)), ExpectName()));
            }
            while (_token.Is(","));
            Expect("]");
        }
        Expect("=");
        Expression value = Assignment();
        if (!_token.Is(";")) throw Unexpected();
        NextOutside();
        return new(type, name, parameters, value, line);
    }

    // A type without a name behind it: in casts, sizeof, keys.
    private TypeName TypeNameOnly() => Bounds(Pointers(Specifiers(null)));

    // Qualifiers say nothing here and are left out.
    private TypeName Specifiers(Action<string>? onClass)
    {
        int line = _token.Line;
        var words = new List<string>();
        for (; _token.Kind == TokenKind.Word; Next())
        {
            string word = _token.Text;
            if (Words.IsQualifier(word)) continue;
            if (onClass is not null && Words.IsClass(word)) onClass(word);
            else if (word is "struct" or "union" && words.Count == 0) return Composite(word, line);
            else if (word == "enum" && words.Count == 0) return Enumeration(line);
            else if (Words.IsBase(word)) words.Add(word);
            else if (words.Count > 0 || Words.IsReserved(word)) break;
            else
            {
                Next();
                return new(word, 0, [], line);
            }
        }
        if (words.Count == 0) throw Unexpected();
        return new(Ordered(words), 0, [], line);
    }

    // long unsigned int and unsigned long int are one type, and written one way.
    private string Ordered(List<string> words)
    {
        string[] rest = [.. words.Where(w => !s_attributes.Contains(w))];
        int longs = words.Count(w => w == "long"), shorts = words.Count(w => w == "short"), signs = words.Count(w => w is "signed" or "unsigned");
        if (rest.Length > 1 || longs > 2 || shorts > 1 || signs > 1 || (longs > 0 && shorts > 0)) throw Error("invalid type combination", "D_DECL_COMBO");
        if (rest is ["float" or "double"]) throw Error("floating-point types are not permitted");
        if (rest.Length == 1 && rest[0] != "int" && longs + shorts > 0)
            throw Error("long and short may be used with integer types only", "D_DECL_LONGINT");
        if (rest.Length == 1 && rest[0] is not ("int" or "char") && signs > 0)
            throw Error("signed and unsigned may be used with integer types only", "D_DECL_SIGNINT");
        var text = new StringBuilder();
        if (words.Contains("unsigned")) text.Append("unsigned ");
        else if (words.Contains("signed") && rest is ["char"]) text.Append("signed ");
        if (shorts > 0) text.Append("short");
        else if (longs > 0) text.Append(longs == 1 ? "long" : "long long");
        else text.Append(rest.Length == 0 ? "int" : rest[0]);
        return text.ToString();
    }

    private TypeName Composite(string kind, int line)
    {
        Next();
        string tag = _token.Kind == TokenKind.Word ? ExpectName() : "";
        var type = new TypeName(tag.Length == 0 ? kind : $"{kind} {tag}", 0, [], line);
        if (!_token.Is("{")) return tag.Length == 0 ? throw Unexpected() : type;
        Enter();
        Next();
        var members = new List<(TypeName Type, string Name)>();
        while (!Accept("}"))
        {
            TypeName member = Specifiers(null);
            do
            {
                if (_token.Is(",")) Next();
                TypeName pointed = Pointers(member);
                string name = ExpectName();
                if (_token.Is(":")) throw Error("bit-fields are not supported");
                members.Add((Bounds(pointed), name));
            }
            while (_token.Is(","));
            Expect(";");
        }
        _nesting--;
        return type with { Members = members };
    }

    private TypeName Enumeration(int line)
    {
        Next();
        string tag = _token.Kind == TokenKind.Word ? ExpectName() : "";
        var type = new TypeName(tag.Length == 0 ? "enum" : $"enum {tag}", 0, [], line);
        if (!_token.Is("{")) return tag.Length == 0 ? throw Unexpected() : type;
        var values = new List<(string Name, Expression? Value)>();
        do
        {
            Next();
            if (_token.Is("}") && values.Count > 0) break;
            string name = ExpectName();
            values.Add((name, Accept("=") ? Assignment() : null));
        }
        while (_token.Is(","));
        Expect("}");
        return type with { Enumerators = values };
    }

    private TypeName Pointers(TypeName type)
    {
        int pointers = 0;
        for (; _token.Is("*") || (_token.Kind == TokenKind.Word && Words.IsQualifier(_token.Text)); Next())
            if (_token.Is("*"))
                pointers++;
        if (pointers > 16) throw Error("type has too many levels of pointers");
        return pointers == 0 ? type : type with { Pointers = type.Pointers + pointers };
    }

    private TypeName Bounds(TypeName type)
    {
        if (!_token.Is("[")) return type;
        var bounds = new List<Expression>();
        while (_token.Is("["))
        {
            List<Expression> bound = List("]");
            if (bound.Count != 1) throw Error("array declaration requires one dimension", "D_DECL_ARRNULL");
            bounds.Add(bound[0]);
            if (bounds.Count > 16) throw Error("type has too many dimensions");
        }
        return type with { Bounds = bounds };
    }
}
