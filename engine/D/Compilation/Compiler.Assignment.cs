using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal sealed partial class Compiler
{
    private Value Assign(AssignmentExpression assignment)
    {
        string op = assignment.Operator[..^1];
        CheckLvalue(assignment.Left, assignment.Operator, assignment.Line);
        if (op.Length > 0) return AssignComputed(assignment, op);
        Value right = Compile(assignment.Right);
        if (right.Type.Kind is DKind.Void or DKind.Struct)
            throw Error("D_OP_INCOMPAT", $"operands have incompatible types: \"{Text(assignment.Left)}\" = \"{right.Type.Name}\"", assignment.Line);
        DType first = right.Type.Kind == DKind.Array ? right.Type.Element!.PointerTo() : right.Type;
        Place place = Target(assignment.Left, first);
        if (!Assignable(place.Type, right)) throw Incompatible("=", place.Type, right, assignment.Line);
        ActionOf? locate = place.Locate;
        if (place.SetText is { } set)
        {
            TextOf text = TextOf(right);
            return Value.Of(place.Type, assignment, m =>
            {
                ReadOnlySpan<byte> value = text(m);
                locate?.Invoke(m);
                set(m, value);
                return value;
            });
        }
        NumberOf number = right.As(place.Type);
        StoreNumber store = place.Store!;
        return Value.Of(place.Type, assignment, m =>
        {
            long value = number(m);
            locate?.Invoke(m);
            store(m, value);
            return value;
        });
    }

    // x += 1: a variable that was not there is of 64 bits, for it is a sum.
    private Value AssignComputed(AssignmentExpression assignment, string op)
    {
        Place place = Target(assignment.Left, DType.Int64);
        if (place.SetText is not null) throw Incompatible(assignment.Operator, place.Type, Compile(assignment.Right), assignment.Line);
        Value before = Value.Of(place.Type, assignment.Left, place.Load!);
        Value after = Binary(assignment, op, before, Compile(assignment.Right));
        NumberOf number = after.As(place.Type);
        (ActionOf? locate, StoreNumber store) = (place.Locate, place.Store!);
        return Value.Of(place.Type, assignment, m =>
        {
            locate?.Invoke(m);
            long value = number(m);
            store(m, value);
            return value;
        });
    }

    /// <summary>++ and --.</summary>
    private Value Step(Expression at, Expression operand, string op, bool before)
    {
        CheckLvalue(operand, op, at.Line);
        Place place = Target(operand, DType.Int64);
        if (!place.Type.IsScalar) throw Error("D_OP_SCALAR", $"operator {op} requires operand of scalar type", at.Line);
        long by = place.Type.Kind == DKind.Pointer ? Math.Max(1, place.Type.Element!.Size) : 1;
        if (op == "--") by = -by;
        NumberOf old = place.Load!;
        DType type = place.Type;
        (ActionOf? locate, StoreNumber store) = (place.Locate, place.Store!);
        bool narrow = type is { Kind: DKind.Integer, Size: < 8 };
        return Value.Of(type, at, m =>
        {
            locate?.Invoke(m);
            long was = old(m), now = narrow ? Numbers.Fit(was + by, type) : was + by;
            store(m, now);
            return before ? now : was;
        });
    }

    private void CheckLvalue(Expression target, string op, int line)
    {
        bool lvalue = target switch
        {
            NameExpression name => !_parameters.ContainsKey(name.Name) && Names.Find(name.Name) is null && name.Name is not ("curcpu" or "args")
                && !_inlines.ContainsKey(name.Name) && !_types.Enumerators.ContainsKey(name.Name),
            ScopedName => true,
            IndexExpression { Of: NameExpression { Name: "args" } } => false,
            IndexExpression { Of: NameExpression name } => Names.Find(name.Name) is null && !_inlines.ContainsKey(name.Name),
            IndexExpression or UnaryExpression { Operator: "*" } or MemberExpression => true,
            _ => false,
        };
        if (!lvalue) throw Error("D_OP_LVAL", $"operator {op} requires modifiable lvalue as an operand", line);
    }

    /// <summary>The place that is assigned; a variable that was not there comes to be.</summary>
    private Place Target(Expression target, DType first)
    {
        bool variable = target is NameExpression or ScopedName || target is IndexExpression index && IsElement(index);
        if (!variable) return InMemory(target);
        (VariableScope scope, string name, IReadOnlyList<Expression>? keys) = Parts(target);
        if (_variables.Find(scope, name) is { } there) return PlaceOf(there, keys, target);
        // A thing that is assigned NULL first says nothing of itself: a number of 64 bits.
        Value[] values = [.. (keys ?? []).Select(Compile)];
        foreach (Value key in values)
            if (key.Type.Kind is DKind.Void or DKind.Struct) throw Error("D_KEY_TYPE", $"{Variables.Shown(scope, name)}[ ] key may not be of type {key.Type.Name}", target.Line);
        List<DType>? types = keys is null ? null : [.. values.Select(k => k.Type.Kind == DKind.Array ? k.Type.Element!.PointerTo() : k.Type)];
        return PlaceOf(_variables.Declare(scope, name, first, types, target.Line), keys, target);
    }

    private static string Text(Expression e) => e switch
    {
        NameExpression name => name.Name,
        ScopedName scoped => Variables.Shown(scoped.Scope, scoped.Name),
        IndexExpression index => Text(index.Of),
        _ => "expression",
    };
}
