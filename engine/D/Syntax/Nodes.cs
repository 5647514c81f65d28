namespace Iscsitop.Engine.D.Syntax;

/// <summary>A program as it was written: what stands at its top level, in order.</summary>
/// <param name="Items">Clauses, declarations, inlines and pragmas.</param>
internal sealed record Script(IReadOnlyList<TopLevel> Items);

/// <summary>What stands at the top level.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record TopLevel(int Line)
{
    /// <summary>File of the line, when a line marker of the preprocessor named one; else "".</summary>
    public string File { get; init; } = "";
}

/// <summary>Descriptions, a predicate and actions.</summary>
/// <param name="Probes">At least one.</param>
/// <param name="Predicate">Null for none.</param>
/// <param name="Actions">Null when there are no braces: the default action.</param>
/// <param name="Line">Line of the first description.</param>
internal sealed record Clause(IReadOnlyList<ProbeDescription> Probes, Expression? Predicate, IReadOnlyList<Expression>? Actions, int Line) : TopLevel(Line);

/// <summary>A declaration of a variable: <c>string names[uchar_t];</c>, <c>self int x;</c>, <c>this string s;</c>.</summary>
/// <param name="Scope">Where it lives.</param>
/// <param name="Type">Its type, of the values of an associative array.</param>
/// <param name="Name">Its name.</param>
/// <param name="Keys">Key types of an associative array, null for a scalar.</param>
/// <param name="Line">Where.</param>
internal sealed record VariableDeclaration(VariableScope Scope, TypeName Type, string Name, IReadOnlyList<TypeName>? Keys, int Line) : TopLevel(Line);

/// <summary><c>inline type name = expression;</c>, with parameters when it is an array-like inline.</summary>
internal sealed record InlineDeclaration(TypeName Type, string Name, IReadOnlyList<(TypeName Type, string Name)>? Parameters, Expression Value, int Line) : TopLevel(Line);

/// <summary>A typedef, enum, struct or union.</summary>
/// <param name="Type">The type with its body.</param>
/// <param name="Name">The typedef's name, null for a tagged type alone.</param>
/// <param name="Line">Where.</param>
internal sealed record TypeDeclaration(TypeName Type, string? Name, int Line) : TopLevel(Line);

/// <summary><c>#pragma D option name=value</c>; other pragmas are left out.</summary>
internal sealed record OptionPragma(string Name, string? Value, int Line) : TopLevel(Line);

/// <summary>Where a variable lives.</summary>
internal enum VariableScope
{
    Global,
    Self,
    This,
}

/// <summary>
/// A probe description: four fields, filled from the right, each a glob or exact; empty matches anything. Macro variables are expanded.
/// Text is what was written, for messages; Id a probe's number, when that is what was written.
/// </summary>
internal sealed record ProbeDescription(string Provider, string Module, string Function, string Name, string Text, int Line, int? Id = null)
{
    /// <summary>All four fields with their colons, as messages show them.</summary>
    public string Full => $"{Provider}:{Module}:{Function}:{Name}";
}

/// <summary>
/// A type as it was written: base words (<c>unsigned int</c>, <c>struct foo</c>, a typedef), pointers, array bounds, and members or
/// enumerators when it has a body.
/// </summary>
/// <param name="Words">The base, single blanks between words: "unsigned long long", "struct x", "uint8_t", "string".</param>
/// <param name="Pointers">How many <c>*</c>.</param>
/// <param name="Bounds">Array bounds, outermost first; empty for none.</param>
/// <param name="Line">Where.</param>
internal sealed record TypeName(string Words, int Pointers, IReadOnlyList<Expression> Bounds, int Line)
{
    /// <summary>Members of a struct or union with a body, else null.</summary>
    public IReadOnlyList<(TypeName Type, string Name)>? Members { get; init; }

    /// <summary>Enumerators of an enum with a body; a value is null when it follows the one before.</summary>
    public IReadOnlyList<(string Name, Expression? Value)>? Enumerators { get; init; }
}

/// <summary>An expression, or what stands as a statement: in D these are the same.</summary>
/// <param name="Line">Where it begins, from 1.</param>
internal abstract record Expression(int Line);

/// <summary>An integer; its type follows from its size and suffix as in C (int, long, unsigned with u, ...). Characters are of type int.</summary>
internal sealed record IntegerLiteral(ulong Value, DType Type, int Line) : Expression(Line);

/// <summary>A string, escapes resolved.</summary>
internal sealed record StringLiteral(string Value, int Line) : Expression(Line);

/// <summary>A name: variable, inline, constant, enumerator, built-in.</summary>
internal sealed record NameExpression(string Name, int Line) : Expression(Line);

/// <summary><c>self->x</c> or <c>this->x</c>.</summary>
internal sealed record ScopedName(VariableScope Scope, string Name, int Line) : Expression(Line);

/// <summary><c>`name</c> or <c>module`name</c>: a kernel variable.</summary>
internal sealed record KernelName(string Module, string Name, int Line) : Expression(Line);

/// <summary><c>@name[keys]</c>; the anonymous one is <c>_</c>. Keys are null when no brackets were written.</summary>
internal sealed record AggregationReference(string Name, IReadOnlyList<Expression>? Keys, int Line) : Expression(Line)
{
    /// <summary>The keys as they were written.</summary>
    public IReadOnlyList<string> KeyTexts { get; init; } = [];
}

/// <summary><c>e[i]</c> or <c>e[i, j]</c>.</summary>
internal sealed record IndexExpression(Expression Of, IReadOnlyList<Expression> Indices, int Line) : Expression(Line);

/// <summary><c>e.m</c> or <c>e->m</c>.</summary>
internal sealed record MemberExpression(Expression Of, string Member, bool Arrow, int Line) : Expression(Line);

/// <summary><c>f(a, b)</c>.</summary>
internal sealed record CallExpression(string Function, IReadOnlyList<Expression> Arguments, int Line) : Expression(Line);

/// <summary>A prefix operator: <c>+ - ! ~ * &amp; ++ --</c>.</summary>
internal sealed record UnaryExpression(string Operator, Expression Operand, int Line) : Expression(Line);

/// <summary>A postfix <c>++</c> or <c>--</c>.</summary>
internal sealed record PostfixExpression(string Operator, Expression Operand, int Line) : Expression(Line);

/// <summary>A binary operator, <c>^^</c> and the comma among them.</summary>
internal sealed record BinaryExpression(string Operator, Expression Left, Expression Right, int Line) : Expression(Line);

/// <summary>An assignment (<c>=</c>, <c>+=</c> and so on); also of an aggregating function to an aggregation.</summary>
internal sealed record AssignmentExpression(string Operator, Expression Left, Expression Right, int Line) : Expression(Line);

/// <summary><c>c ? a : b</c>; a and b may be actions.</summary>
internal sealed record ConditionalExpression(Expression Condition, Expression Then, Expression Else, int Line) : Expression(Line);

/// <summary><c>(type)e</c>.</summary>
internal sealed record CastExpression(TypeName Type, Expression Operand, int Line) : Expression(Line);

/// <summary><c>sizeof (type)</c> or <c>sizeof e</c>: one of both is null.</summary>
internal sealed record SizeofExpression(TypeName? Type, Expression? Operand, int Line) : Expression(Line);

/// <summary><c>offsetof(type, member)</c>.</summary>
internal sealed record OffsetofExpression(TypeName Type, string Member, int Line) : Expression(Line);

/// <summary><c>stringof e</c> or <c>stringof(e)</c>.</summary>
internal sealed record StringofExpression(Expression Operand, int Line) : Expression(Line);
