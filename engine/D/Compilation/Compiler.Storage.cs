using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal delegate void StoreNumber(Machine machine, long value);

internal delegate void StoreText(Machine machine, ReadOnlySpan<byte> value);

internal sealed partial class Compiler
{
    /// <summary>A place that can be read and assigned.</summary>
    /// <param name="Type">Of what is there.</param>
    /// <param name="Locate">Comes before both; null when there is nothing to find.</param>
    private sealed record Place(DType Type, ActionOf? Locate)
    {
        public NumberOf? Load { get; init; }

        public StoreNumber? Store { get; init; }

        public TextOf? LoadText { get; init; }

        public StoreText? SetText { get; init; }
    }

    /// <summary>A variable is read.</summary>
    private Value Read(Expression expression)
    {
        if (expression is IndexExpression index && !IsElement(index)) return Indexed(index);
        (VariableScope scope, string name, IReadOnlyList<Expression>? keys) = Parts(expression);
        if (keys is not null && scope == VariableScope.Global && _inlines.TryGetValue(name, out InlineDeclaration? inline)) return Expand(inline, keys, expression);
        if (_variables.Find(scope, name) is not { } variable)
        {
            if (keys is null && scope == VariableScope.Global) throw Error("D_IDENT_UNDEF", $"failed to resolve {name}: Unknown variable name", expression.Line);
            throw Error("D_VAR_UNDEF", $"{Variables.Shown(scope, name)} has not yet been declared or assigned", expression.Line);
        }
        Place place = PlaceOf(variable, keys, expression);
        if (place.LoadText is { } text) return Value.Of(variable.Type, expression, After(place.Locate, text));
        return Value.Of(variable.Type, expression, After(place.Locate, place.Load!));
    }

    private static NumberOf After(ActionOf? first, NumberOf number) => first is null ? number : m => { first(m); return number(m); };

    private static TextOf After(ActionOf? first, TextOf text) => first is null ? text : m => { first(m); return text(m); };

    // Whether brackets are an associative array's: what is before them is the bare name of none that has a value.
    private bool IsElement(IndexExpression index) => index.Of switch
    {
        NameExpression name => name.Name != "args" && !_parameters.ContainsKey(name.Name) && Names.Find(name.Name) is null
            && !(_variables.Find(VariableScope.Global, name.Name) is { Keys: null } scalar && scalar.Type.Kind == DKind.Pointer)
            && !(_inlines.TryGetValue(name.Name, out InlineDeclaration? inline) && inline.Parameters is null),
        ScopedName scoped => !(_variables.Find(scoped.Scope, scoped.Name) is { Keys: null } scalar && scalar.Type.Kind == DKind.Pointer),
        _ => false,
    };

    private static (VariableScope Scope, string Name, IReadOnlyList<Expression>? Keys) Parts(Expression expression) => expression switch
    {
        NameExpression name => (VariableScope.Global, name.Name, null),
        ScopedName scoped => (scoped.Scope, scoped.Name, null),
        IndexExpression index => Parts(index.Of) with { Keys = index.Indices },
        _ => throw new InvalidOperationException("no variable"),
    };

    private Place PlaceOf(Variable variable, IReadOnlyList<Expression>? keys, Expression at)
    {
        if ((keys is null) != (variable.Keys is null))
            throw keys is null
                ? Error("D_KEY_NONE", $"{variable.Shown} may not be used as a scalar: it is an associative array", at.Line)
                : Error("D_KEY_SCALAR", $"{variable.Shown} is a scalar and may not be indexed", at.Line);
        return variable.Dynamic ? Element(variable, Keys(variable, keys ?? [], at)) : Scalar(variable);
    }

    private static Place Scalar(Variable variable)
    {
        int slot = variable.Slot;
        DType type = variable.Type;
        if (type.IsString)
            return new Place(type, null) { LoadText = m => m.Texts[slot].Value, SetText = (m, v) => m.Texts[slot].Set(m.Cut(v)) };
        return new Place(type, null) { Load = m => m.Numbers[slot], Store = (m, v) => m.Numbers[slot] = v };
    }

    // Its key is the variable's id, for self-> the thread, and the keys' values.
    private static Place Element(Variable variable, PieceOf[] keys)
    {
        var key = new RecordWriter();
        int id = variable.Slot;
        bool self = variable.Scope == VariableScope.Self;
        PieceOf? only = keys.Length == 1 ? keys[0] : null;
        ActionOf locate = m =>
        {
            key.Clear();
            key.Number(id, 4);
            if (self) key.Number(m.Thread, 8);
            if (only is not null) only(m, key);
            else foreach (PieceOf piece in keys) piece(m, key);
        };
        if (variable.Type.IsString)
            return new Place(variable.Type, locate) { LoadText = m => m.Dynamic.Text(key.Written), SetText = (m, v) => m.Dynamic.Store(key.Written, m.Cut(v)) };
        return new Place(variable.Type, locate) { Load = m => m.Dynamic.Number(key.Written), Store = (m, v) => m.Dynamic.Store(key.Written, v) };
    }

    private PieceOf[] Keys(Variable variable, IReadOnlyList<Expression> keys, Expression at)
    {
        IReadOnlyList<DType> expected = variable.Keys ?? [];
        if (keys.Count != expected.Count)
            throw Error("D_PROTO_LEN", $"{variable.Shown}[ ] prototype mismatch: {keys.Count} {(keys.Count == 1 ? "key" : "keys")} passed, {expected.Count} expected", at.Line);
        var pieces = new PieceOf[keys.Count];
        for (int i = 0; i < pieces.Length; i++)
        {
            Value key = Compile(keys[i]);
            if (!Assignable(expected[i], key))
                throw Error("D_PROTO_ARG", $"{variable.Shown}[ ] key #{i + 1} is incompatible with prototype:\n\tprototype: {expected[i].Name}\n\t      key: {key.Type.Name}", at.Line);
            pieces[i] = Piece(key, expected[i]);
        }
        return pieces;
    }

    /// <summary>Writes a value into a record as a type has it.</summary>
    private static PieceOf Piece(Value value, DType type)
    {
        if (type.IsString)
        {
            TextOf text = TextOf(value);
            return (m, into) => into.Text(m.Cut(text(m)));
        }
        int size = type.Size;
        if (type.Kind is DKind.Struct or DKind.Array)
        {
            NumberOf address = value.Number!;
            return (m, into) => into.Bytes(m.Memory(address(m), size));
        }
        NumberOf number = value.As(type);
        return (m, into) => into.Number(number(m), size);
    }

    /// <summary>Whether a variable of a type may be given a value.</summary>
    private static bool Assignable(DType type, Value value)
    {
        if (value.IsNull && type.Kind is DKind.String or DKind.Pointer && value.IsNull) return true;
        return type.Kind switch
        {
            DKind.Integer => value.Type.IsInteger,
            DKind.String => IsTextual(value),
            DKind.Pointer => value.Type.IsInteger || IsPointer(value)
                && (type.Element!.Kind == DKind.Void || value.Type.Element!.Kind == DKind.Void || type.Element.Name == value.Type.Element.Name
                    || type.Element is { Kind: DKind.Integer } a && value.Type.Element is { Kind: DKind.Integer } b && a.Size == b.Size),
            _ => false,
        };
    }
}
