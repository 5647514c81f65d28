using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal sealed partial class Compiler
{
    /// <summary>An expression that has a value.</summary>
    private Value Compile(Expression expression)
    {
        bool statement = _statement;
        _statement = false;
        if (++_nodes > MaxNodes || ++_depth > MaxDepth) throw Error("D_TOOBIG", "expression is too large: inlines make it so", expression.Line);
        Value value = expression switch
        {
            IntegerLiteral literal => Value.Known(literal.Type, literal, (long)literal.Value),
            StringLiteral literal => Value.Known(literal, literal.Value),
            NameExpression name => Name(name),
            ScopedName or IndexExpression => Read(expression),
            KernelName kernel => Kernel(kernel),
            MemberExpression member => Member(member),
            CallExpression call => Function(call),
            UnaryExpression unary => Unary(unary),
            PostfixExpression postfix => Step(postfix, postfix.Operand, postfix.Operator, before: false),
            BinaryExpression { Operator: "," } comma => Comma(comma),
            BinaryExpression binary => Binary(binary, binary.Operator, Compile(binary.Left), Compile(binary.Right)),
            AssignmentExpression { Left: AggregationReference } aggregate => throw Error("D_AGG_NULL", "aggregations may be assigned in statements only", aggregate.Line),
            AssignmentExpression assignment => Assign(assignment),
            ConditionalExpression conditional => Conditional(conditional),
            CastExpression cast => Cast(cast),
            SizeofExpression size => Value.Known(SizeType, size, SizeOf(size)),
            OffsetofExpression offset => Offset(offset),
            StringofExpression of => StringOf(of),
            AggregationReference aggregation => throw Error("D_AGG_NULL", $"@{Shown(aggregation.Name)} must be assigned the result of an aggregating function", aggregation.Line),
            _ => throw Error("D_SYNTAX", "expression is not understood", expression.Line),
        };
        _depth--;
        _statement = statement;
        return value;
    }

    private Value Name(NameExpression name)
    {
        if (_parameters.TryGetValue(name.Name, out Value? parameter)) return parameter with { Source = name };
        if (Names.Find(name.Name) is { } row)
        {
            if (row.Missing.Length > 0) throw Error("D_UNAVAIL", row.Missing, name.Line);
            if (row.Constant is { } known) return Value.Known(row.Type, name, known);
            return row.Text is { } text ? Value.Of(row.Type, name, text) : Value.Of(row.Type, name, row.Number!);
        }
        if (name.Name == "curcpu") return Value.Of(ProviderTypes.Processor.PointerTo(), name, _ => Machine.ArgsAddress + Machine.MaxArgs * Machine.ArgsPage) with { IsArgument = true };
        if (_inlines.TryGetValue(name.Name, out InlineDeclaration? inline)) return Expand(inline, [], name);
        if (_types.Enumerators.TryGetValue(name.Name, out (DType Type, long Value) enumerator)) return Value.Known(enumerator.Type, name, enumerator.Value);
        return Read(name);
    }

    private Value Kernel(KernelName kernel)
    {
        _stability = _stability.And(Stability.Least);
        if (!KernelVariables.TryGetValue(kernel.Name, out string? text))
            throw Error("D_IDENT_UNDEF", $"failed to resolve {kernel.Module}`{kernel.Name}: Unknown variable name (there is no kernel here; -D {kernel.Name}=VALUE gives it one)", kernel.Line);
        return Literals.TryInteger(text, out long value)
            ? Value.Known(value is >= int.MinValue and <= int.MaxValue ? DType.Int : DType.Int64, kernel, value)
            : Value.Known(kernel, text);
    }

    // A number that -D gave is each of them; the load is what the host's is.
    private Value KernelElement(KernelName kernel, Value at, Expression index)
    {
        _stability = _stability.And(Stability.Least);
        if (KernelVariables.ContainsKey(kernel.Name) || kernel.Name != HostLoad.Name) return Kernel(kernel) with { Source = index };
        if (!at.Type.IsInteger) throw Error("D_OP_INT", "operator [ ] requires an index of integral type", index.Line);
        NumberOf which = at.Number!;
        return Value.Of(DType.UInt64, index, m => HostLoad.Average(which(m)) ?? throw DFault.At(m, which(m)));
    }

    /// <summary>What an inline stands for, with its parameters.</summary>
    private Value Expand(InlineDeclaration inline, IReadOnlyList<Expression> arguments, Expression at)
    {
        int expected = inline.Parameters?.Count ?? 0;
        if (arguments.Count != expected)
            throw Error("D_PROTO_LEN", $"{inline.Name}[ ] prototype mismatch: {arguments.Count} {(arguments.Count == 1 ? "key" : "keys")} passed, {expected} expected", at.Line);
        DType type = Resolve(inline.Type);
        Value[] given = [.. arguments.Select(Compile)];
        if (!_expanding.Add(inline.Name)) throw Error("D_INL_LOOP", $"inline {inline.Name} refers to itself", at.Line);
        var before = new Dictionary<string, Value>(_parameters);
        _parameters.Clear();
        for (int i = 0; i < expected; i++) _parameters[inline.Parameters![i].Name] = Converted(given[i], Resolve(inline.Parameters[i].Type), at);
        Value value = Converted(Compile(inline.Value), type, at);
        _parameters.Clear();
        foreach ((string name, Value old) in before) _parameters[name] = old;
        _expanding.Remove(inline.Name);
        return value;
    }

    private Value Converted(Value value, DType type, Expression at)
    {
        if (!Assignable(type, value)) throw Incompatible("=", type, value, at.Line);
        if (type.IsString) return value.Literal is { } known ? Value.Known(at, known) : Value.Of(type, at, TextOf(value));
        // A number that a constant's type cannot hold keeps its own, as with the original: 11000000000 of an int.
        if (value is { Constant: { } wide, Type.IsInteger: true } && type.IsInteger && Numbers.Fit(wide, type) != wide && value.Type.Size > type.Size)
            return value with { Source = at };
        return value.Constant is { } constant ? Value.Known(type, at, constant) : Value.Of(type, at, value.As(type)) with { IsArgument = value.IsArgument };
    }

    private Value Unary(UnaryExpression unary)
    {
        if (unary.Operator is "++" or "--") return Step(unary, unary.Operand, unary.Operator, before: true);
        if (unary.Operator == "&") return AddressOf(unary);
        Value operand = Compile(unary.Operand);
        if (unary.Operator == "*") return Dereference(operand, unary);
        if (unary.Operator == "!")
        {
            if (!operand.Type.IsScalar) throw Error("D_OP_SCALAR", "operator ! requires an operand of scalar type", unary.Line);
            NumberOf truth = operand.Number!;
            return operand.Constant is { } constant ? Value.Known(DType.Int, unary, constant == 0 ? 1 : 0) : Value.Of(DType.Int, unary, m => truth(m) == 0 ? 1 : 0);
        }
        if (!operand.Type.IsInteger) throw Error("D_OP_INT", $"operator {unary.Operator} requires an operand of integral type", unary.Line);
        DType type = Promotion.Of(operand.Type);
        NumberOf of = operand.As(type);
        NumberOf result = unary.Operator switch
        {
            "-" => Operators.Fitted(m => -of(m), type),
            "~" => Operators.Fitted(m => ~of(m), type),
            _ => of,
        };
        return Made(unary, type, result, operand, operand);
    }

    /// <summary>A binary operator on what is compiled; op= comes here too.</summary>
    private Value Binary(Expression at, string op, Value left, Value right)
    {
        if (left.Type.Kind == DKind.Void || right.Type.Kind == DKind.Void) throw Incompatible(op, left.Type, right, at.Line);
        if (Operators.Logic.TryGetValue(op, out Func<NumberOf, NumberOf, NumberOf>? logic))
        {
            if (!left.Type.IsScalar || !right.Type.IsScalar) throw Error("D_OP_SCALAR", $"operator {op} requires operands of scalar type", at.Line);
            return Made(at, DType.Int, logic(left.Number!, right.Number!), left, right);
        }
        if (Operators.Comparisons.TryGetValue(op, out IntegerOperator? comparison)) return Comparison(at, op, comparison, left, right);
        bool shift = Operators.Shifts.TryGetValue(op, out IntegerOperator? made);
        if (!shift && !Operators.Arithmetic.TryGetValue(op, out made)) throw Error("D_SYNTAX", $"operator {op} is not understood", at.Line);
        if (op is "+" or "-" && (IsPointer(left) || IsPointer(right))) return PointerArithmetic(at, op, left, right);
        if (!left.Type.IsInteger || !right.Type.IsInteger)
            throw op is "+" or "-" && (left.Type.IsString || right.Type.IsString) ? Incompatible(op, left.Type, right, at.Line)
                : Error("D_OP_INT", $"operator {op} requires operands of {(op is "+" or "-" or "*" or "/" ? "arithmetic" : "integral")} type", at.Line);
        DType type = shift ? Promotion.Of(left.Type) : Promotion.Of(left.Type, right.Type);
        if (op is "/" or "%" && right.Constant == 0) throw Error("D_DIV_ZERO", "expression contains division by zero", at.Line);
        NumberOf result = made!.Make(left.As(type), shift ? right.Number! : right.As(type), type.Signed);
        return Made(at, type, made.Overflows ? Operators.Fitted(result, type) : result, left, right);
    }

    private Value Comparison(Expression at, string op, IntegerOperator comparison, Value left, Value right)
    {
        if (IsTextual(left) && (IsTextual(right) || right.IsNull) || left.IsNull && IsTextual(right))
            if (left.Type.IsString || right.Type.IsString)
                return Value.Of(DType.Int, at, Operators.TextComparisons[op](TextOf(left), TextOf(right)));
        if (left.Type.IsInteger && right.Type.IsInteger)
        {
            DType common = Promotion.Of(left.Type, right.Type);
            return Made(at, DType.Int, comparison.Make(left.As(common), right.As(common), common.Signed), left, right);
        }
        if (!IsPointer(left) && !left.Type.IsInteger || !IsPointer(right) && !right.Type.IsInteger) throw Incompatible(op, left.Type, right, at.Line);
        return Made(at, DType.Int, comparison.Make(left.Number!, right.Number!, false), left, right);
    }

    /// <summary>A number that is known when all it is made of is.</summary>
    private static Value Made(Expression at, DType type, NumberOf number, Value left, Value right)
    {
        if (left.Constant is null || right.Constant is null) return Value.Of(type, at, number);
        return Value.Known(type, at, number(null!));
    }

    private Value Conditional(ConditionalExpression conditional)
    {
        bool statement = _statement;
        Value condition = Compile(conditional.Condition);
        if (!condition.Type.IsScalar) throw Error("D_OP_SCALAR", "operator ?: operand must be of scalar type", conditional.Line);
        NumberOf truth = condition.Number!;
        Value then = statement ? Statement(conditional.Then) : Compile(conditional.Then);
        Value otherwise = statement ? Statement(conditional.Else) : Compile(conditional.Else);
        bool records = then.Records || otherwise.Records;
        if (statement)
        {
            (ActionOf yes, ActionOf no) = (then.AsStatement(), otherwise.AsStatement());
            return Value.Doing(conditional, m => { if (truth(m) != 0) yes(m); else no(m); }, records);
        }
        if (then.Type.IsInteger && otherwise.Type.IsInteger)
        {
            DType type = Promotion.Of(then.Type, otherwise.Type);
            (NumberOf yes, NumberOf no) = (then.As(type), otherwise.As(type));
            if (condition.Constant is { } known && (known != 0 ? then : otherwise).Constant is { } chosen) return Value.Known(type, conditional, chosen);
            return Value.Of(type, conditional, m => truth(m) != 0 ? yes(m) : no(m));
        }
        if ((then.Type.IsString || otherwise.Type.IsString) && (IsTextual(then) || then.IsNull) && (IsTextual(otherwise) || otherwise.IsNull))
        {
            (TextOf yes, TextOf no) = (TextOf(then), TextOf(otherwise));
            return Value.Of(DType.String, conditional, m => truth(m) != 0 ? yes(m) : no(m));
        }
        if ((IsPointer(then) || then.IsNull) && (IsPointer(otherwise) || otherwise.IsNull))
        {
            (NumberOf yes, NumberOf no) = (then.Number!, otherwise.Number!);
            return Value.Of(then.IsNull ? otherwise.Type : then.Type, conditional, m => truth(m) != 0 ? yes(m) : no(m));
        }
        throw Error("D_OP_INCOMPAT", $"operator ?: operands must have compatible types: \"{then.Type.Name}\" : \"{otherwise.Type.Name}\"", conditional.Line);
    }

    private static string Tagged(DType type) => type.Name.Contains(' ', StringComparison.Ordinal) ? type.Name : "struct " + type.Name;

    private static bool IsPointer(Value value) => value.Type.Kind is DKind.Pointer or DKind.Array;

    // A string, or what C has instead of them.
    private static bool IsTextual(Value value) => value.Type.IsString || IsPointer(value) && value.Type.Element is { Kind: DKind.Integer, Size: 1 };

    private static TextOf TextOf(Value value)
    {
        if (value.Text is { } text) return text;
        if (value.IsNull) return _ => default;
        NumberOf address = value.Number!;
        return m => m.TextAt(address(m));
    }
}
