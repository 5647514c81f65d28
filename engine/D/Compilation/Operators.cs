using Iscsitop.Engine.D.Execution;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>A binary operator on integers of one type, as closures.</summary>
/// <param name="Make">Of operands and whether their type has a sign.</param>
/// <param name="Overflows">Whether the result may be wider than the type.</param>
internal sealed record IntegerOperator(Func<NumberOf, NumberOf, bool, NumberOf> Make, bool Overflows = false);

/// <summary>The operators' closures. Operands are extended to 64 bits already.</summary>
internal static class Operators
{
    /// <summary>Operators whose operands become one type, and so does the result.</summary>
    public static readonly IReadOnlyDictionary<string, IntegerOperator> Arithmetic = new Dictionary<string, IntegerOperator>
    {
        ["+"] = new((a, b, _) => m => a(m) + b(m), Overflows: true),
        ["-"] = new((a, b, _) => m => a(m) - b(m), Overflows: true),
        ["*"] = new((a, b, _) => m => a(m) * b(m), Overflows: true),
        ["/"] = new((a, b, signed) => signed ? m => Divide(a(m), b(m)) : m => Divide((ulong)a(m), (ulong)b(m)), Overflows: true),
        ["%"] = new((a, b, signed) => signed ? m => Remainder(a(m), b(m)) : m => Remainder((ulong)a(m), (ulong)b(m))),
        ["&"] = new((a, b, _) => m => a(m) & b(m)),
        ["|"] = new((a, b, _) => m => a(m) | b(m)),
        ["^"] = new((a, b, _) => m => a(m) ^ b(m)),
    };

    /// <summary>Shifts: the result has the type of the left side. A count is taken as the machine takes it, modulo 64.</summary>
    public static readonly IReadOnlyDictionary<string, IntegerOperator> Shifts = new Dictionary<string, IntegerOperator>
    {
        ["<<"] = new((a, b, _) => m => a(m) << (int)b(m), Overflows: true),
        [">>"] = new((a, b, signed) => signed ? m => a(m) >> (int)b(m) : m => (long)((ulong)a(m) >> (int)b(m))),
    };

    /// <summary>Comparisons: the result is an int.</summary>
    public static readonly IReadOnlyDictionary<string, IntegerOperator> Comparisons = new Dictionary<string, IntegerOperator>
    {
        ["=="] = new((a, b, _) => m => a(m) == b(m) ? 1 : 0),
        ["!="] = new((a, b, _) => m => a(m) != b(m) ? 1 : 0),
        ["<"] = new((a, b, signed) => signed ? m => a(m) < b(m) ? 1 : 0 : m => (ulong)a(m) < (ulong)b(m) ? 1 : 0),
        ["<="] = new((a, b, signed) => signed ? m => a(m) <= b(m) ? 1 : 0 : m => (ulong)a(m) <= (ulong)b(m) ? 1 : 0),
        [">"] = new((a, b, signed) => signed ? m => a(m) > b(m) ? 1 : 0 : m => (ulong)a(m) > (ulong)b(m) ? 1 : 0),
        [">="] = new((a, b, signed) => signed ? m => a(m) >= b(m) ? 1 : 0 : m => (ulong)a(m) >= (ulong)b(m) ? 1 : 0),
    };

    /// <summary>The same of strings, by content.</summary>
    public static readonly IReadOnlyDictionary<string, Func<TextOf, TextOf, NumberOf>> TextComparisons = new Dictionary<string, Func<TextOf, TextOf, NumberOf>>
    {
        ["=="] = (a, b) => m => a(m).SequenceEqual(b(m)) ? 1 : 0,
        ["!="] = (a, b) => m => a(m).SequenceEqual(b(m)) ? 0 : 1,
        ["<"] = (a, b) => m => a(m).SequenceCompareTo(b(m)) < 0 ? 1 : 0,
        ["<="] = (a, b) => m => a(m).SequenceCompareTo(b(m)) <= 0 ? 1 : 0,
        [">"] = (a, b) => m => a(m).SequenceCompareTo(b(m)) > 0 ? 1 : 0,
        [">="] = (a, b) => m => a(m).SequenceCompareTo(b(m)) >= 0 ? 1 : 0,
    };

    /// <summary>Operators on truths; the right side is looked at only when it matters.</summary>
    public static readonly IReadOnlyDictionary<string, Func<NumberOf, NumberOf, NumberOf>> Logic = new Dictionary<string, Func<NumberOf, NumberOf, NumberOf>>
    {
        ["&&"] = (a, b) => m => a(m) != 0 && b(m) != 0 ? 1 : 0,
        ["||"] = (a, b) => m => a(m) != 0 || b(m) != 0 ? 1 : 0,
        ["^^"] = (a, b) => m => a(m) != 0 ^ b(m) != 0 ? 1 : 0,
    };

    /// <summary>What a type holds of a number.</summary>
    public static NumberOf Fitted(NumberOf of, DType type) => (type.Size, type.Signed) switch
    {
        (1, true) => m => (sbyte)of(m),
        (1, false) => m => (byte)of(m),
        (2, true) => m => (short)of(m),
        (2, false) => m => (ushort)of(m),
        (4, true) => m => (int)of(m),
        (4, false) => m => (uint)of(m),
        _ => of,
    };

    private static long Divide(long a, long b)
    {
        if (b == 0) throw DFault.Division;
        return b == -1 ? unchecked(-a) : a / b;
    }

    private static long Divide(ulong a, ulong b)
    {
        if (b == 0) throw DFault.Division;
        return (long)(a / b);
    }

    private static long Remainder(long a, long b)
    {
        if (b == 0) throw DFault.Division;
        return b == -1 ? 0 : a % b;
    }

    private static long Remainder(ulong a, ulong b)
    {
        if (b == 0) throw DFault.Division;
        return (long)(a % b);
    }
}
