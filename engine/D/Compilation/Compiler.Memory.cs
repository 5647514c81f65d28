using System.Buffers.Binary;
using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal sealed partial class Compiler
{
    private Value Indexed(IndexExpression index)
    {
        if (index.Of is NameExpression { Name: "args" }) return Argument(index);
        if (index.Of is KernelName kernel && index.Indices.Count == 1) return KernelElement(kernel, Compile(index.Indices[0]), index);
        Value of = Compile(index.Of);
        if (!IsPointer(of)) throw Error("D_OP_ARRFUN", $"operator [ ] requires an array or pointer, not \"{of.Type.Name}\"", index.Line);
        if (index.Indices.Count != 1) throw Error("D_PROTO_LEN", $"operator [ ] takes 1 index, {index.Indices.Count} passed", index.Line);
        return Dereference(PointerArithmetic(index, "+", of, Compile(index.Indices[0])), index);
    }

    /// <summary>args[n]: its type is that of all probes the description matches.</summary>
    private Value Argument(IndexExpression index)
    {
        if (index.Indices.Count != 1 || Compile(index.Indices[0]) is not { Constant: { } n })
            throw Error("D_ARGS_IDX", "index is not an integer constant for args[ ]", index.Line);
        IReadOnlyList<IReadOnlyList<DType>> probes = _context.Arguments;
        if (probes.All(p => n < 0 || n >= p.Count))
            throw Error("D_ARGS_IDX", $"index {n} is out of range for {_context.Description} args[ ]", index.Line);
        DType? type = null;
        foreach (IReadOnlyList<DType> probe in probes)
        {
            if (n >= probe.Count || type is not null && type != probe[(int)n])
                throw Error("D_ARGS_MULTI", $"args[ ] may not be referenced because probe description {_context.Description} matches an unstable set of probes", index.Line);
            type = probe[(int)n];
        }
        long address = Machine.ArgsAddress + n * Machine.ArgsPage;
        _stability = _stability.And(Stability.OfArguments(ProbeSource.Engine));
        return Value.Of(type!.PointerTo(), index, _ => address) with { IsArgument = true };
    }

    private Value Member(MemberExpression member)
    {
        Value of = Compile(member.Of);
        DType? structure = member.Arrow ? of.Type.Kind == DKind.Pointer ? of.Type.Element : null : of.Type;
        if (structure?.Kind != DKind.Struct)
            throw Error(member.Arrow ? "D_OP_PTR" : "D_OP_SOU", $"operator {(member.Arrow ? "->" : ".")} cannot be applied to \"{of.Type.Name}\": it must be {(member.Arrow ? "a pointer to " : "")}a struct or union", member.Line);
        NumberOf address = of.Number!;
        if (ProviderTypes.FieldsOf(structure) is { } fields)
        {
            Field field = fields.FirstOrDefault(f => f.Name == member.Member) ?? throw NoMember(member, structure);
            if (field.Text is { } text) return Value.Of(field.Type, member, of.IsArgument ? text : m => Argument(m, structure, address(m)) ? text(m) : default);
            NumberOf number = field.Number!;
            return Value.Of(field.Type, member, of.IsArgument ? number : m => Argument(m, structure, address(m)) ? number(m) : 0);
        }
        DMember row = structure.Members.FirstOrDefault(m => m.Name == member.Member) ?? throw NoMember(member, structure);
        return Loaded(row.Type, member, Plus(address, row.Offset));
    }

    private DCompileException NoMember(MemberExpression member, DType structure) =>
        Error("D_TYPE_MEMBER", $"{member.Member} is not a member of {Tagged(structure)}", member.Line);

    // A pointer that was kept: it must be to what the probe that fires has there.
    private static bool Argument(Machine m, DType structure, long address)
    {
        IReadOnlyList<DType> arguments = ProviderTypes.Arguments(m.Probe.Entry);
        long n = (address - Machine.ArgsAddress) / Machine.ArgsPage;
        if (address == Machine.ArgsAddress + n * Machine.ArgsPage && n >= 0
            && (n < arguments.Count && ProviderTypes.FieldsOf(arguments[(int)n]) == ProviderTypes.FieldsOf(structure) || n == Machine.MaxArgs && structure == ProviderTypes.Processor))
            return true;
        throw DFault.At(m, address);
    }

    private Value Dereference(Value pointer, Expression at)
    {
        if (!IsPointer(pointer)) throw Error("D_OP_PTR", $"operator * must be applied to a pointer, not \"{pointer.Type.Name}\"", at.Line);
        DType type = pointer.Type.Element!;
        if (type.Kind == DKind.Void || type is { Kind: DKind.Struct, Size: 0 })
            throw Error("D_OP_VOID", $"cannot dereference pointer to {type.Name}", at.Line);
        return Loaded(type, at, pointer.Number!) with { IsArgument = pointer.IsArgument };
    }

    /// <summary>What is at an address; arrays and structs are their address.</summary>
    private static Value Loaded(DType type, Expression at, NumberOf address)
    {
        bool signed = type.Signed;
        return type switch
        {
            { Kind: DKind.String } => Value.Of(type, at, m => m.TextAt(address(m))),
            { Kind: DKind.Struct or DKind.Array } => Value.Of(type, at, address),
            { Size: 1 } => Value.Of(type, at, signed ? m => (sbyte)m.Memory(address(m), 1)[0] : m => m.Memory(address(m), 1)[0]),
            { Size: 2 } => Value.Of(type, at, m => Numbers.Load(m.Memory(address(m), 2), signed)),
            { Size: 4 } => Value.Of(type, at, m => Numbers.Load(m.Memory(address(m), 4), signed)),
            _ => Value.Of(type, at, m => Numbers.Load(m.Memory(address(m), 8), signed)),
        };
    }

    private static NumberOf Plus(NumberOf address, long offset) => offset == 0 ? address : m => address(m) + offset;

    private Value PointerArithmetic(Expression at, string op, Value left, Value right)
    {
        if (IsPointer(left) && IsPointer(right))
        {
            if (op != "-" || left.Type.Element!.Size != right.Type.Element!.Size) throw Incompatible(op, left.Type, right, at.Line);
            long apart = Math.Max(1, left.Type.Element.Size);
            (NumberOf from, NumberOf to) = (right.Number!, left.Number!);
            return Value.Of(DType.Long, at, m => (to(m) - from(m)) / apart);
        }
        if (!IsPointer(left) && op == "-") throw Incompatible(op, left.Type, right, at.Line);
        (Value pointer, Value index) = IsPointer(left) ? (left, right) : (right, left);
        if (!index.Type.IsInteger) throw Incompatible(op, left.Type, right, at.Line);
        long step = Math.Max(1, pointer.Type.Element!.Size);
        if (op == "-") step = -step;
        (NumberOf address, NumberOf by) = (pointer.Number!, index.Number!);
        DType type = pointer.Type.Kind == DKind.Array ? pointer.Type.Element.PointerTo() : pointer.Type;
        if (index.Constant is { } constant) return Value.Of(type, at, Plus(address, constant * step)) with { IsArgument = constant == 0 && pointer.IsArgument };
        return Value.Of(type, at, step == 1 ? m => address(m) + by(m) : m => address(m) + by(m) * step);
    }

    private Value AddressOf(UnaryExpression unary)
    {
        Value operand = Compile(unary.Operand);
        // What lies in memory is what is reached through a pointer.
        bool inMemory = unary.Operand is MemberExpression { Of: var of } && ProviderTypes.FieldsOf(Structure(of)) is null
            || unary.Operand is UnaryExpression { Operator: "*" } || unary.Operand is IndexExpression index && !IsElement(index);
        if (!inMemory) throw Error("D_OP_LVAL", "operator & requires an lvalue in memory as an operand", unary.Line);
        if (unary.Operand is UnaryExpression { Operator: "*" } star) return Compile(star.Operand);
        if (operand.Type.Kind is DKind.Struct or DKind.Array) return Value.Of(operand.Type.PointerTo(), unary, operand.Number!);
        (DType type, NumberOf address) = Address(unary.Operand);
        return Value.Of(type.PointerTo(), unary, address);
    }

    private DType Structure(Expression of) => Compile(of).Type is { Kind: DKind.Pointer, Element: { } element } ? element : Compile(of).Type;

    /// <summary>The address of what is reached through a pointer.</summary>
    private (DType Type, NumberOf Address) Address(Expression target)
    {
        switch (target)
        {
            case UnaryExpression { Operator: "*" } star when Compile(star.Operand) is var pointer && IsPointer(pointer):
                return (pointer.Type.Element!, pointer.Number!);
            case IndexExpression { Indices: [var at] } index when Compile(index.Of) is var of && IsPointer(of):
                return (of.Type.Element!, PointerArithmetic(index, "+", of, Compile(at)).Number!);
            case MemberExpression member when Structure(member.Of) is { Kind: DKind.Struct } structure && ProviderTypes.FieldsOf(structure) is null:
                DMember row = structure.Members.FirstOrDefault(m => m.Name == member.Member) ?? throw NoMember(member, structure);
                return (row.Type, Plus(Compile(member.Of).Number!, row.Offset));
            default:
                throw Error("D_OP_LVAL", "operator = requires modifiable lvalue as an operand", target.Line);
        }
    }

    /// <summary>Memory that is assigned: only what alloca() gave can be.</summary>
    private Place InMemory(Expression target)
    {
        (DType type, NumberOf address) = Address(target);
        if (!type.IsScalar) throw Error("D_OP_LVAL", "operator = requires modifiable lvalue as an operand", target.Line);
        long at = 0;
        (int size, bool signed) = (type.Size, type.Signed);
        return new Place(type, m => at = address(m))
        {
            Load = m => Numbers.Load(m.Memory(at, size), signed),
            Store = (m, value) =>
            {
                Span<byte> bytes = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
                bytes[..size].CopyTo(m.Writable(at, size));
            },
        };
    }
}
