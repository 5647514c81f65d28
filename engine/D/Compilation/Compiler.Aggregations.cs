using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal sealed partial class Compiler
{
    // Name, fewest and most arguments.
    private static readonly (string Name, AggregatingFunction Function, int Least, int Most)[] s_aggregating =
    [
        ("count", AggregatingFunction.Count, 0, 0),
        ("sum", AggregatingFunction.Sum, 1, 1),
        ("avg", AggregatingFunction.Avg, 1, 1),
        ("min", AggregatingFunction.Min, 1, 1),
        ("max", AggregatingFunction.Max, 1, 1),
        ("stddev", AggregatingFunction.Stddev, 1, 1),
        ("quantize", AggregatingFunction.Quantize, 1, 2),
        ("lquantize", AggregatingFunction.Lquantize, 3, 5),
        ("llquantize", AggregatingFunction.Llquantize, 5, 6),
    ];

    /// <summary>A string that is written or pointed to.</summary>
    internal static TextOf AsText(Value value) => TextOf(value);

    private static bool IsAggregating(string name) => Array.Exists(s_aggregating, a => a.Name == name);

    private static string Shown(string name) => name == "_" ? "" : name;

    /// <summary>The place of an aggregation in the order of first appearance.</summary>
    private int IdOf(string name)
    {
        if (!_aggregationIds.TryGetValue(name, out int id)) _aggregationIds[name] = id = _aggregationIds.Count + 1;
        return id;
    }

    /// <summary>@name[keys] = function(arguments).</summary>
    private Value Aggregate(AssignmentExpression assignment, AggregationReference reference)
    {
        _statement = false;
        string shown = "@" + Shown(reference.Name);
        int id = IdOf(reference.Name);
        if (assignment.Operator != "=") throw Error("D_OP_LVAL", $"operator {assignment.Operator} requires modifiable lvalue as an operand", assignment.Line);
        if (assignment.Right is not CallExpression call || !IsAggregating(call.Function))
            throw Error("D_AGG_FUNC", $"{shown} must be assigned the result of an aggregating function", assignment.Line);
        (_, AggregatingFunction function, int least, int most) = Array.Find(s_aggregating, a => a.Name == call.Function);
        Prototype(call, most, least);
        Value? value = most == 0 ? null : Compile(call.Arguments[0]);
        if (value is { Type.IsScalar: false })
            throw Error("D_AGG_SCALAR", $"{call.Function}( ) argument #1 must be of scalar type", call.Line);
        (long[] parameters, NumberOf? weight) = Parameters(function, call);
        Value[] keys = [.. (reference.Keys ?? []).Select(Compile)];
        foreach (Value key in keys)
            if (key.Type.Kind == DKind.Void) throw Error("D_KEY_TYPE", $"{shown}[ ] key may not be of type void", reference.Line);
        Aggregation aggregation = Find(reference.Name) is { } there
            ? Same(there, function, parameters, keys, shown, call)
            : Make(reference, id, function, parameters, keys, value);
        return Value.Doing(assignment, Adding(aggregation, keys, value?.Number, weight));
    }

    private Aggregation? Find(string name) => _aggregations.Find(a => a.Shape.Name == "@" + name);

    private Aggregation Make(AggregationReference reference, int id, AggregatingFunction function, long[] parameters, Value[] keys, Value? value)
    {
        DType[] types = [.. keys.Select(k => k.Type.Kind == DKind.Array && k.Type.Element!.Size != 1 ? k.Type.Element.PointerTo() : k.Type)];
        var shape = new AggregationShape("@" + reference.Name, id, function, types, parameters, value?.Type is not { } type || type.Kind == DKind.Pointer || Promotion.Of(type).Signed) { KeyTexts = reference.KeyTexts };
        var aggregation = new Aggregation(shape, Budget);
        _aggregations.Add(aggregation);
        return aggregation;
    }

    private Aggregation Same(Aggregation there, AggregatingFunction function, long[] parameters, Value[] keys, string shown, CallExpression call)
    {
        AggregationShape shape = there.Shape;
        if (shape.Function != function)
            throw Error("D_AGG_REDEF", $"aggregation redefined: {shown}\n\t current: {shown} = {call.Function}( )\n\tprevious: {shown} = {NameOf(shape.Function)}( )", call.Line);
        if (!shape.Parameters.SequenceEqual(parameters))
            throw Error("D_" + NameOf(function)[..^4].ToUpperInvariant() + "_MATCH", $"{call.Function}( ) arguments of {shown} differ from those before", call.Line);
        if (keys.Length != shape.Keys.Count)
            throw Error("D_PROTO_LEN", $"{shown}[ ] prototype mismatch: {keys.Length} {(keys.Length == 1 ? "key" : "keys")} passed, {shape.Keys.Count} expected", call.Line);
        for (int i = 0; i < keys.Length; i++)
            if (!Assignable(shape.Keys[i], keys[i]) && shape.Keys[i].Name != keys[i].Type.Name)
                throw Error("D_PROTO_ARG", $"{shown}[ ] key #{i + 1} is incompatible with prototype:\n\tprototype: {shape.Keys[i].Name}\n\t      key: {keys[i].Type.Name}", call.Line);
        return there;
    }

    private static string NameOf(AggregatingFunction function) => Array.Find(s_aggregating, a => a.Function == function).Name;

    private static ActionOf Adding(Aggregation aggregation, Value[] keys, NumberOf? value, NumberOf? weight)
    {
        PieceOf[] pieces = [.. keys.Select((k, i) => Piece(k, aggregation.Shape.Keys[i]))];
        var key = new RecordWriter();
        return m =>
        {
            key.Clear();
            foreach (PieceOf piece in pieces) piece(m, key);
            aggregation.Add(key.Written, value is null ? 0 : value(m), weight is null ? 1 : weight(m));
        };
    }

    // base, limit, step; factor, low, high, steps; and the optional increment.
    private (long[] Parameters, NumberOf? Weight) Parameters(AggregatingFunction function, CallExpression call)
    {
        int count = function switch { AggregatingFunction.Lquantize => 3, AggregatingFunction.Llquantize => 4, _ => 0 };
        var parameters = new long[count];
        string tag = "D_" + call.Function.ToUpperInvariant() + "_";
        for (int i = 0; i < count; i++)
        {
            if (i + 1 >= call.Arguments.Count) parameters[i] = 1;
            else if (Compile(call.Arguments[i + 1]) is { Constant: { } known, Type.IsInteger: true }) parameters[i] = known;
            else throw Error(tag + "CONST", $"{call.Function}( ) argument #{i + 2} must be an integer constant", call.Line);
        }
        if (function == AggregatingFunction.Lquantize) CheckLinear(call, parameters);
        if (function == AggregatingFunction.Llquantize) CheckLogLinear(call, parameters);
        int at = count + 1;
        if (at >= call.Arguments.Count || function is not (AggregatingFunction.Quantize or AggregatingFunction.Lquantize or AggregatingFunction.Llquantize)) return (parameters, null);
        return (parameters, ScalarArgument(call, at).Number);
    }

    private void CheckLinear(CallExpression call, long[] p)
    {
        (long low, long high, long step) = (p[0], p[1], p[2]);
        if (low is < int.MinValue or > int.MaxValue) throw Error("D_LQUANT_BASEVAL", "lquantize( ) base (argument #2) must be a 32-bit quantity", call.Line);
        if (high is < int.MinValue or > int.MaxValue) throw Error("D_LQUANT_LIMVAL", "lquantize( ) limit (argument #3) must be a 32-bit quantity", call.Line);
        if (high < low) throw Error("D_LQUANT_MISMATCH", "lquantize( ) base (argument #2) must be less than limit (argument #3)", call.Line);
        if (step is < 1 or > ushort.MaxValue) throw Error("D_LQUANT_STEPVAL", "lquantize( ) step (argument #4) must be a non-zero positive 16-bit quantity", call.Line);
        if ((high - low) / step > ushort.MaxValue)
            throw Error("D_LQUANT_STEPLARGE", "lquantize( ) step (argument #4) too small: more than 65535 levels", call.Line);
    }

    private void CheckLogLinear(CallExpression call, long[] p)
    {
        (long factor, long low, long high, long steps) = (p[0], p[1], p[2], p[3]);
        if (factor is < 2 or > ushort.MaxValue) throw Error("D_LLQUANT_FACTORSMALL", "llquantize( ) factor (argument #2) must be two or more", call.Line);
        if (low is < 0 or > ushort.MaxValue) throw Error("D_LLQUANT_LOWVAL", "llquantize( ) low magnitude (argument #3) must be an unsigned 16-bit quantity", call.Line);
        if (high is < 0 or > ushort.MaxValue) throw Error("D_LLQUANT_HIGHVAL", "llquantize( ) high magnitude (argument #4) must be an unsigned 16-bit quantity", call.Line);
        if (low >= high) throw Error("D_LLQUANT_MAGRANGE", "llquantize( ) high magnitude (argument #4) must be greater than low magnitude (argument #3)", call.Line);
        if (steps is < 1 or > ushort.MaxValue) throw Error("D_LLQUANT_NSTEPVAL", "llquantize( ) number of steps (argument #5) must be a non-zero positive 16-bit quantity", call.Line);
        if (steps < factor || steps % factor != 0) throw Error("D_LLQUANT_FACTOREVEN", "llquantize( ) number of steps (argument #5) must be a multiple of its factor (argument #2)", call.Line);
        if (Math.Pow(factor, high + 1) >= Math.Pow(2, 63)) throw Error("D_LLQUANT_MAGTOOBIG", "llquantize( ) high magnitude (argument #4) is too large: its power does not fit into 64 bits", call.Line);
    }
}
