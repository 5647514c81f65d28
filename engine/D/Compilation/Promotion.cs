namespace Iscsitop.Engine.D.Compilation;

/// <summary>C's rules for the types of integers (ISO C99 §6.3.1): what is computed, and how wide.</summary>
internal static class Promotion
{
    /// <summary>What an integer becomes before anything is computed with it.</summary>
    public static DType Of(DType type) => type.Kind == DKind.Integer && type.Size < 4 ? DType.Int : type;

    /// <summary>The type that both sides of an operator become.</summary>
    public static DType Of(DType left, DType right)
    {
        (left, right) = (Of(left), Of(right));
        if (left.Size != right.Size) return left.Size > right.Size ? left : right;
        if (left.Signed == right.Signed) return left;
        return left.Signed ? right : left;
    }

    /// <summary>A value of one type as another holds it; nothing is done where every value stays as it is.</summary>
    public static bool Changes(DType from, DType to) =>
        to.Kind is DKind.Integer && to.Size < 8
        && !(from.Kind == DKind.Integer && (from.Size < to.Size && (!from.Signed || to.Signed) || from.Size == to.Size && from.Signed == to.Signed));
}
