using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>From a tree to closures: one for a program, whose sources are given to it in order.</summary>
internal sealed partial class Compiler(DOptions options)
{
    // Nothing in D loops, so what a clause may cost is what it is made of; inlines of inlines could make that anything.
    private const int MaxNodes = 100_000;

    // Closures call one another as deep as the tree is.
    private const int MaxDepth = 1000;

    private readonly TypeTable _types = new();
    private readonly Variables _variables = new();
    private readonly Dictionary<string, InlineDeclaration> _inlines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Value> _parameters = new(StringComparer.Ordinal);
    private readonly HashSet<string> _expanding = [];
    private readonly List<Aggregation> _aggregations = [];
    private readonly Dictionary<string, int> _aggregationIds = new(StringComparer.Ordinal);
    private Context _context = Context.None;
    private AggregationBudget? _budget;
    private bool _statement;
    private int _nodes;
    private int _depth;
    private Stability _stability = Stability.Most;

    /// <summary>Values of kernel variables, for the source that is compiled.</summary>
    public IReadOnlyDictionary<string, string> KernelVariables { get; set; } = new Dictionary<string, string>();

    /// <summary>What variables there are.</summary>
    public Variables Variables => _variables;

    /// <summary>All aggregations, by id.</summary>
    public IReadOnlyList<Aggregation> Aggregations => _aggregations;

    /// <summary>What their memory is bounded by.</summary>
    public AggregationBudget Budget => _budget ??= new(options.AggSize);

    /// <summary>Which part of a clause is compiled, for messages.</summary>
    public ClausePart Part { get; private set; }

    /// <summary>A declaration of a variable.</summary>
    public void Declare(VariableDeclaration declaration)
    {
        DType type = Resolve(declaration.Type);
        List<DType>? keys = declaration.Keys is { } written ? [.. written.Select(Resolve)] : null;
        if (type.Kind is DKind.Struct or DKind.Array or DKind.Void)
            throw Error("D_DECL_TYPE", $"{declaration.Name} cannot have type {type.Name} here: variables are integers, strings and pointers", declaration.Line);
        if (Names.Find(declaration.Name) is not null && declaration.Scope == VariableScope.Global)
            throw Error("D_DECL_IDRED", $"identifier redeclared: {declaration.Name}", declaration.Line);
        _variables.Declare(declaration.Scope, declaration.Name, type, keys, declaration.Line);
    }

    /// <summary>A typedef, enum, struct or union.</summary>
    public void Declare(TypeDeclaration declaration)
    {
        DType type = Resolve(declaration.Type);
        if (declaration.Name is { } name) _types.Name(name, type);
    }

    /// <summary>An inline; it is compiled where it is used, and once here to see whether it can be.</summary>
    public void Declare(InlineDeclaration declaration)
    {
        _nodes = _depth = 0;
        DType type = Resolve(declaration.Type);
        if (declaration.Parameters is null)
        {
            Value value = Compile(declaration.Value);
            if (!Assignable(type, value)) throw Incompatible("=", type, value, declaration.Line, $"inline {declaration.Name} definition uses incompatible types: ");
        }
        _inlines[declaration.Name] = declaration;
    }

    /// <summary>A clause at one of its descriptions.</summary>
    /// <param name="clause">The clause.</param>
    /// <param name="description">Which.</param>
    /// <param name="arguments">The types of args[] of each probe it matches.</param>
    public ClauseCode Compile(Clause clause, ProbeDescription description, IReadOnlyList<IReadOnlyList<DType>> arguments)
    {
        _context = new Context(description.Full, arguments);
        _nodes = _depth = 0;
        _stability = Stability.Most;
        NumberOf? predicate = null;
        if (clause.Predicate is { } condition)
        {
            Part = ClausePart.Predicate;
            Value value = Compile(condition);
            if (!value.Type.IsScalar) throw Error("D_PRED_SCALAR", "predicate result must be of scalar type", condition.Line);
            predicate = value.Number;
        }
        Part = ClausePart.Actions;
        // Nothing to do is the default action too: a line that says the probe fired.
        bool records = clause.Actions is null or { Count: 0 };
        var statements = new List<ActionOf>();
        foreach (Expression action in clause.Actions ?? [])
        {
            Value value = Statement(action);
            records |= value.Records;
            statements.Add(value.AsStatement());
        }
        Part = ClausePart.None;
        _context = Context.None;
        return new ClauseCode(description, predicate, [.. statements], records) { Stability = _stability };
    }

    /// <summary>An expression where actions may stand too.</summary>
    private Value Statement(Expression expression)
    {
        _statement = true;
        Value value = expression switch
        {
            AssignmentExpression { Left: AggregationReference reference } assignment => Aggregate(assignment, reference),
            AggregationReference bare => throw Error("D_AGG_NULL", $"@{Shown(bare.Name)} must be assigned the result of an aggregating function", bare.Line),
            CallExpression call => Call(call),
            ConditionalExpression conditional => Conditional(conditional),
            BinaryExpression { Operator: "," } comma => Comma(comma),
            _ => Compile(expression),
        };
        _statement = false;
        return value;
    }

    private Value Comma(BinaryExpression comma)
    {
        bool statement = _statement;
        Value left = statement ? Statement(comma.Left) : Compile(comma.Left);
        Value right = statement ? Statement(comma.Right) : Compile(comma.Right);
        ActionOf first = left.AsStatement();
        bool records = left.Records || right.Records;
        if (right.Act is { } act) return Value.Doing(comma, m => { first(m); act(m); }, records);
        if (right.Text is { } text) return Value.Of(right.Type, comma, m => { first(m); return text(m); }) with { Records = records };
        NumberOf number = right.Number!;
        return Value.Of(right.Type, comma, m => { first(m); return number(m); }) with { Records = records };
    }

    private DType Resolve(TypeName name) => _types.Resolve(name, e => Constant(e, "array dimension or enumerator"));

    private long Constant(Expression expression, string what) =>
        Compile(expression) is { Constant: { } known, Type.IsInteger: true } ? known : throw Error("D_DECL_CONST", $"{what} must be an integer constant", expression.Line);

    private DCompileException Error(string tag, string message, int line) => new(tag, message, line, Part);

    private DCompileException Incompatible(string op, DType left, Value right, int line, string before = "operands have incompatible types: ") =>
        Error("D_OP_INCOMPAT", $"{before}\"{left.Name}\" {op} \"{right.Type.Name}\"", line);

    /// <summary>Where a clause stands.</summary>
    private sealed record Context(string Description, IReadOnlyList<IReadOnlyList<DType>> Arguments)
    {
        public static readonly Context None = new("", []);
    }
}

/// <summary>A compiled clause at one of its descriptions.</summary>
/// <param name="Description">Where it fires.</param>
/// <param name="Predicate">Null for none.</param>
/// <param name="Statements">One after another.</param>
/// <param name="Records">Whether it has a heading.</param>
internal sealed record ClauseCode(ProbeDescription Description, NumberOf? Predicate, ActionOf[] Statements, bool Records)
{
    /// <summary>How stable what it names is.</summary>
    public Stability Stability { get; init; } = Stability.Most;
}
