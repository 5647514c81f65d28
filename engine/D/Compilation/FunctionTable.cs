using System.Buffers.Binary;
using Iscsitop.Engine.D.Execution;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>A function that has a value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">Types in words, as messages show them; with a question mark what may be left out.</param>
/// <param name="Make">Compiles a call.</param>
internal sealed record FunctionRow(string Name, string[] Parameters, Func<Call, Value> Make);

/// <summary>The functions of D, a row each.</summary>
internal static class FunctionTable
{
    private const string Text = "string";
    private const string Int = "int64_t";
    private const string OptionalInt = "int64_t?";
    private const string Pointer = "void *";

    private static readonly DType s_size = new(DKind.Integer, "size_t", 8);

    private static readonly FunctionRow[] s_rows =
    [
        new("strlen", [Text], c => Number(c, s_size, c.Text(0) is var s ? m => m.Cut(s(m)).Length : null!)),
        new("strjoin", [Text, Text], c => Two(c, Strings.Join)),
        new("strchr", [Text, Int], c => Searched(c, Strings.From)),
        new("strrchr", [Text, Int], c => Searched(c, Strings.FromLast)),
        new("strstr", [Text, Text], c => Two(c, (_, a, b) => Strings.From(a, b))),
        new("strtok", [Text, Text], c => Two(c, Strings.Token)),
        new("substr", [Text, Int, OptionalInt], Substring),
        new("index", [Text, Text, OptionalInt], c => Found(c, Strings.Index, 0)),
        new("rindex", [Text, Text, OptionalInt], c => Found(c, Strings.LastIndex, int.MaxValue)),
        new("basename", [Text], c => One(c, Paths.Base)),
        new("dirname", [Text], c => One(c, Paths.Directory)),
        new("cleanpath", [Text], c => One(c, Paths.Clean)),
        new("lltostr", [Int, OptionalInt], Digits),
        new("tolower", [Text], c => One(c, (m, s) => Strings.Changed(m, s, 'A', 'Z'))),
        new("toupper", [Text], c => One(c, (m, s) => Strings.Changed(m, s, 'a', 'z'))),
        new("inet_ntoa", [Pointer], c => Address(c, 0, 4)),
        new("inet_ntoa6", [Pointer], c => Address(c, 0, 16)),
        new("inet_ntop", [Int, Pointer], NetworkText),
        new("htons", [Int], c => Swapped(c, DType.UInt16)),
        new("htonl", [Int], c => Swapped(c, DType.UInt32)),
        new("htonll", [Int], c => Swapped(c, DType.UInt64)),
        new("ntohs", [Int], c => Swapped(c, DType.UInt16)),
        new("ntohl", [Int], c => Swapped(c, DType.UInt32)),
        new("ntohll", [Int], c => Swapped(c, DType.UInt64)),
        new("rand", [], c => Number(c, DType.Int, Random)),
        new("alloca", [Int], c => Number(c, DType.Void.PointerTo(), c.Number(0) is var n ? m => m.Scratch.Allocate(n(m)) : null!)),
        new("bcopy", [Pointer, Pointer, Int], Copy),
        // Nobody's memory can be looked into from here: whatever the address is, nothing is there.
        new("copyin", [Pointer, Int], c => Number(c, DType.Void.PointerTo(), c.Number(0) is var a ? m => throw DFault.At(m, a(m)) : null!)),
        new("copyinstr", [Pointer, OptionalInt], c => c.Number(0) is var a ? Value.Of(DType.String, c.Source, (TextOf)(m => throw DFault.At(m, a(m)))) : null!),
        new("copyinto", [Pointer, Int, Pointer], c => c.Number(0) is var a ? Value.Doing(c.Source, m => throw DFault.At(m, a(m))) : null!),
        new("progenyof", [Int], c => Number(c, DType.Int, _ => 0)),
    ];

    private static readonly Dictionary<string, FunctionRow> s_byName = s_rows.ToDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FunctionRow> Rows => s_rows;

    public static FunctionRow? Find(string name) => s_byName.GetValueOrDefault(name);

    private delegate ReadOnlySpan<byte> OfOne(Machine machine, ReadOnlySpan<byte> text);

    private delegate ReadOnlySpan<byte> OfTwo(Machine machine, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second);

    private delegate ReadOnlySpan<byte> OfByte(ReadOnlySpan<byte> text, byte b);

    private delegate long Search(ReadOnlySpan<byte> text, ReadOnlySpan<byte> part, long start);

    private static Value Number(Call call, DType type, NumberOf number) => Value.Of(type, call.Source, number);

    private static Value One(Call call, OfOne function)
    {
        TextOf text = call.Text(0);
        return Value.Of(DType.String, call.Source, m => function(m, m.Cut(text(m))));
    }

    private static Value Two(Call call, OfTwo function)
    {
        (TextOf first, TextOf second) = (call.Text(0), call.Text(1));
        return Value.Of(DType.String, call.Source, m =>
        {
            ReadOnlySpan<byte> a = m.Cut(first(m));
            return function(m, a, m.Cut(second(m)));
        });
    }

    private static Value Searched(Call call, OfByte function)
    {
        (TextOf text, NumberOf b) = (call.Text(0), call.Number(1));
        return Value.Of(DType.String, call.Source, m => function(m.Cut(text(m)), (byte)b(m)));
    }

    private static Value Found(Call call, Search search, long absent)
    {
        (TextOf text, TextOf part, NumberOf start) = (call.Text(0), call.Text(1), call.Number(2, absent));
        return Number(call, DType.Int, m =>
        {
            ReadOnlySpan<byte> a = m.Cut(text(m));
            return search(a, m.Cut(part(m)), start(m));
        });
    }

    private static Value Substring(Call call)
    {
        (TextOf text, NumberOf index, NumberOf length) = (call.Text(0), call.Number(1), call.Number(2, int.MaxValue));
        return Value.Of(DType.String, call.Source, m => Strings.Part(m.Cut(text(m)), index(m), length(m)));
    }

    private static Value Digits(Call call)
    {
        (NumberOf value, NumberOf b) = (call.Number(0), call.Number(1, 10));
        return Value.Of(DType.String, call.Source, m => Strings.Digits(m, value(m), b(m)));
    }

    private static Value Address(Call call, int argument, int bytes)
    {
        NumberOf address = call.Number(argument);
        return Value.Of(DType.String, call.Source, m => Paths.Network(m, m.Memory(address(m), bytes)));
    }

    private static Value NetworkText(Call call)
    {
        (NumberOf family, NumberOf address) = (call.Number(0), call.Number(1));
        return Value.Of(DType.String, call.Source, m => family(m) switch
        {
            2 => Paths.Network(m, m.Memory(address(m), 4)),
            26 => Paths.Network(m, m.Memory(address(m), 16)),
            _ => throw DFault.Operation,
        });
    }

    private static Value Swapped(Call call, DType type)
    {
        NumberOf of = call.Number(0);
        return Number(call, type, type.Size switch
        {
            2 => m => BinaryPrimitives.ReverseEndianness((ushort)of(m)),
            4 => m => BinaryPrimitives.ReverseEndianness((uint)of(m)),
            _ => m => BinaryPrimitives.ReverseEndianness(of(m)),
        });
    }

    // xorshift64*: the same numbers in every run, so that a replay of a file is.
    private static long Random(Machine m)
    {
        ulong x = m.Random;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        m.Random = x;
        return (long)(x * 0x2545f4914f6cdd1d >> 33);
    }

    private static Value Copy(Call call)
    {
        (NumberOf from, NumberOf to, NumberOf count) = (call.Number(0), call.Number(1), call.Number(2));
        return Value.Doing(call.Source, m =>
        {
            (long source, long target, long n) = (from(m), to(m), count(m));
            if (n is < 0 or > int.MaxValue) throw DFault.At(m, source);
            m.Memory(source, (int)n).CopyTo(m.Writable(target, (int)n));
        });
    }
}
