using System.Text;
using Iscsitop.Engine.D.Execution;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

internal sealed partial class Compiler
{
    private static DType SizeType { get; } = new(DKind.Integer, "size_t", 8);

    private Value Cast(CastExpression cast)
    {
        DType type = Resolve(cast.Type);
        Value operand = Compile(cast.Operand);
        if (type.Kind == DKind.Void) return Value.Doing(cast, operand.AsStatement(), operand.Records);
        if (type.IsString) return IsTextual(operand) || operand.Type.Kind == DKind.Pointer || operand.IsNull ? Value.Of(type, cast, TextOf(operand)) : throw BadCast(operand, type, cast);
        if (type.Kind == DKind.Pointer && operand.Text is { } text) return Value.Of(type, cast, m => text(m) is { IsEmpty: false } kept ? m.Scratch.Keep(kept) : 0);
        if (!type.IsScalar || operand.Number is null || operand.Type.Kind == DKind.Struct) throw BadCast(operand, type, cast);
        return operand.Constant is { } known ? Value.Known(type, cast, known) : Value.Of(type, cast, operand.As(type)) with { IsArgument = operand.IsArgument && type.Kind == DKind.Pointer && type.Element!.Name == operand.Type.Element!.Name };
    }

    private DCompileException BadCast(Value operand, DType type, CastExpression cast) =>
        Error("D_CAST_INVAL", $"invalid cast expression: \"{operand.Type.Name}\" to \"{type.Name}\"", cast.Line);

    private Value StringOf(StringofExpression of)
    {
        Value operand = Compile(of.Operand);
        if (operand.Type.IsString) return operand with { Source = of };
        if (operand.Number is null || operand.Type.Kind == DKind.Struct)
            throw Error("D_STRINGOF_TYPE", $"cannot convert expression of type {operand.Type.Name} to string", of.Line);
        NumberOf address = operand.Number;
        return Value.Of(DType.String, of, m => m.TextAt(address(m)));
    }

    private long SizeOf(SizeofExpression size)
    {
        if (size.Type is { } written)
        {
            DType type = Resolve(written);
            return type.IsString ? options.StrSize : type.Kind == DKind.Void ? throw Error("D_SIZEOF_TYPE", "cannot apply sizeof to a void type", size.Line) : type.Size;
        }
        // Nothing is computed: a literal has its characters, as in C.
        Value operand = Compile(size.Operand!);
        if (operand.Literal is { } literal) return Encoding.UTF8.GetByteCount(literal) + 1;
        return operand.Type.IsString ? options.StrSize : operand.Type.Size;
    }

    private Value Offset(OffsetofExpression offset)
    {
        DType type = Resolve(offset.Type);
        DMember member = type.Members.FirstOrDefault(m => m.Name == offset.Member)
            ?? throw Error(type.Kind == DKind.Struct ? "D_OFFSETOF_MEMB" : "D_OFFSETOF_TYPE",
                type.Kind == DKind.Struct ? $"{offset.Member} is not a member of {Tagged(type)}" : $"offsetof operand must be of struct or union type, not {type.Name}", offset.Line);
        return Value.Known(SizeType, offset, member.Offset);
    }
}
