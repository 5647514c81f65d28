using System.Globalization;
using System.Numerics;
using CsCheck;

namespace Iscsitop.Tests.D;

/// <summary>Random expressions of integers, evaluated as compiled and by a second evaluator that knows C's rules as rows of a table.</summary>
[TestFixture]
public sealed class PromotionTests
{
    // Type, bits, signed: of variables and casts.
    private static readonly (string Name, int Bits, bool Signed)[] s_types =
    [
        ("char", 8, true), ("uint8_t", 8, false), ("short", 16, true), ("uint16_t", 16, false),
        ("int", 32, true), ("uint32_t", 32, false), ("int64_t", 64, true), ("uint64_t", 64, false),
    ];

    private static readonly string[] s_operators = ["+", "-", "*", "/", "%", "&", "|", "^", "<", "<=", ">", ">=", "==", "!=", "<<", ">>", "&&", "||", "^^"];

    /// <param name="Evaluate">Null where it faults.</param>
    private sealed record Tree(string Text, CType Type, Func<BigInteger?> Evaluate);

    private readonly record struct CType(int Bits, bool Signed)
    {
        public CType Promoted => Bits < 32 ? s_int : this;

        public BigInteger Fit(BigInteger value)
        {
            BigInteger modulus = BigInteger.One << Bits, low = ((value % modulus) + modulus) % modulus;
            return Signed && low >= modulus >> 1 ? low - modulus : low;
        }
    }

    private static readonly long[] s_edges = [long.MinValue, long.MaxValue, int.MaxValue, int.MinValue];
    private static readonly string[] s_unary = ["-", "~", "!", "+"];
    private static readonly CType s_int = new(32, true);

    private static Gen<Tree> Leaf => Gen.Select(Gen.Int[0, s_types.Length - 1], Gen.OneOf(Gen.Long, Gen.Long[-3, 3], Gen.Long[250, 260], Gen.Int[0, 3].Select(i => s_edges[i])),
        (type, value) => Cast(type, new Tree($"(zero+(int64_t)0x{value:x}ull)", new CType(64, true), () => value)));

    private static Gen<Tree> Any(int depth) => depth == 0 ? Leaf : Gen.Frequency(
        (1, Leaf),
        (6, Gen.Select(Gen.Int[0, s_operators.Length - 1], Any(depth - 1), Any(depth - 1), (op, a, b) => Binary(s_operators[op], a, b))),
        (1, Gen.Select(Gen.Int[0, s_types.Length - 1], Any(depth - 1), Cast)),
        (1, Gen.Select(Gen.Int[0, 3].Select(i => s_unary[i]), Any(depth - 1), Unary)),
        (1, Gen.Select(Any(depth - 1), Any(depth - 1), Any(depth - 1), Choice)));

    [Test]
    public void Compiled_is_what_C_says() => Any(4).Sample(tree =>
    {
        string expected = tree.Evaluate() is { } value ? value.ToString(CultureInfo.InvariantCulture) : "fault";
        // A variable keeps the compiler from knowing the values.
        var run = new Running($"BEGIN {{ zero = 0; printf(\"%d\", {tree.Text}); }}").Begin();
        Assert.That(run.Errors.Count > 0 ? "fault" : run.Output, Is.EqualTo(expected), tree.Text);
    }, iter: 1500);

    // Without divisions: one by 0 that is never reached is not compiled.
    [Test]
    public void Constants_are_folded_to_the_same() => Any(3).Where(t => !t.Text.Contains('/') && !t.Text.Contains('%')).Sample(tree =>
    {
        string text = tree.Text.Replace("zero+", "", StringComparison.Ordinal);
        Assert.That(Running.Value(text), Is.EqualTo(tree.Evaluate()!.Value.ToString(CultureInfo.InvariantCulture)), text);
    }, iter: 500);

    private static Tree Cast(int type, Tree of)
    {
        var to = new CType(s_types[type].Bits, s_types[type].Signed);
        return new($"(({s_types[type].Name}){of.Text})", to, () => of.Evaluate() is { } v ? to.Fit(v) : null);
    }

    private static Tree Unary(string op, Tree of)
    {
        CType type = op == "!" ? s_int : of.Type.Promoted;
        return new($"({op}{of.Text})", type, () => of.Evaluate() is not { } v ? null
            : op switch { "!" => v.IsZero ? 1 : 0, "-" => type.Fit(-v), "~" => type.Fit(-v - 1), _ => type.Fit(v) });
    }

    private static Tree Choice(Tree condition, Tree a, Tree b)
    {
        CType type = Common(a.Type, b.Type);
        return new($"({condition.Text} ? {a.Text} : {b.Text})", type,
            () => condition.Evaluate() is { } c && (c.IsZero ? b : a).Evaluate() is { } chosen ? type.Fit(chosen) : null);
    }

    private static Tree Binary(string op, Tree a, Tree b)
    {
        string text = $"({a.Text} {op} {b.Text})";
        CType common = Common(a.Type, b.Type);
        if (op is "&&" or "||")
            return new(text, s_int, () => a.Evaluate() is not { } x ? null : x.IsZero == (op == "&&") ? (op == "&&" ? 0 : 1) : b.Evaluate() is { } y ? (y.IsZero ? 0 : 1) : null);
        if (op is "<<" or ">>")
            return new(text, a.Type.Promoted, () => Both(a, b) is var (x, y) ? a.Type.Promoted.Fit(op == "<<" ? x << (int)(y & 63) : x >> (int)(y & 63)) : null);
        if (op == "^^") return new(text, s_int, () => Both(a, b) is var (x, y) ? (x.IsZero != y.IsZero ? 1 : 0) : null);
        bool compares = op is "<" or "<=" or ">" or ">=" or "==" or "!=";
        return new(text, compares ? s_int : common, () =>
        {
            if (Both(a, b) is not var (x, y)) return null;
            (BigInteger l, BigInteger r) = (common.Fit(x), common.Fit(y));
            if (op is "/" or "%" && r.IsZero) return null;
            return op switch
            {
                "<" => l < r ? 1 : 0,
                "<=" => l <= r ? 1 : 0,
                ">" => l > r ? 1 : 0,
                ">=" => l >= r ? 1 : 0,
                "==" => l == r ? 1 : 0,
                "!=" => l != r ? 1 : 0,
                "+" => common.Fit(l + r),
                "-" => common.Fit(l - r),
                "*" => common.Fit(l * r),
                "/" => common.Fit(BigInteger.Divide(l, r)),
                "%" => common.Fit(BigInteger.Remainder(l, r)),
                "&" => common.Fit(l & r),
                "|" => common.Fit(l | r),
                _ => common.Fit(l ^ r),
            };
        });
    }

    private static (BigInteger, BigInteger)? Both(Tree a, Tree b) => a.Evaluate() is { } x && b.Evaluate() is { } y ? (x, y) : null;

    private static CType Common(CType a, CType b)
    {
        (a, b) = (a.Promoted, b.Promoted);
        if (a.Bits == b.Bits) return new(a.Bits, a.Signed && b.Signed);
        return a.Bits > b.Bits ? a : b;
    }
}
