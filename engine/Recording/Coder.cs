using System.Numerics;
using System.Text;
using System.Text.Unicode;

namespace Iscsitop.Engine.Recording;

/// <summary>What was to be decoded is none of our recordings', or is more than one has.</summary>
internal sealed class RecordingFormatException(string message) : FormatException(message);

/// <summary>
/// An adaptive binary arithmetic coder that goes both ways: one description of a record writes it and reads it back, so that the two
/// cannot differ. Each decision has a model that learns how likely it is; all models are forgotten at a block's begin
/// (docs/recording.md).
/// </summary>
internal sealed class Coder
{
    /// <summary>Models of one number: 64 for its length in bits, then 7 for each length's first three bits.</summary>
    private const int NumberModels = 64 + 64 * 8;

    private const int MostCount = 255;
    private const uint Even = 1u << 31;

    // A crafted block may hold a decision in a thousandth of a bit: so many it may have at most.
    private const long MostDecisions = 400_000_000;

    // And so much memory it may make a reader take: what is long may name more.
    private const long LeastMemory = 128 << 20;
    private const int MemoryPerByte = 32;

    // How much of the error a model learns, by how often it was used: 2^16 / (n + 1.5).
    private static readonly int[] s_rates = [.. Enumerable.Range(0, MostCount + 1).Select(n => 131072 / (2 * n + 3))];

    // 64 times the count expected, up to which a level goes.
    private static readonly int[] s_levels = [1, 2, 3, 5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640];

    // What a count is at its level before anything was learned.
    private static readonly uint[] s_chances = [.. Enumerable.Range(0, Decisions.Levels * Decisions.Unary).Select(i => Chance(i / Decisions.Unary, i % Decisions.Unary))];

    private readonly uint[] _numbers;
    private readonly uint[] _bits;
    private readonly uint[] _text = new uint[256 * 256];
    private byte[] _buffer = [];
    private int _at;
    private int _end;
    private uint _low, _high, _code;
    private long _decisions, _memory;

    /// <param name="numbers">Kinds of numbers there are.</param>
    /// <param name="bits">Kinds of single decisions there are.</param>
    public Coder(int numbers, int bits) => (_numbers, _bits) = (new uint[numbers * NumberModels], new uint[bits]);

    /// <summary>Whether it reads.</summary>
    public bool Decoding { get; private set; }

    /// <summary>Bytes written so far.</summary>
    public int Length => _at;

    /// <summary>Begins to write a block.</summary>
    public void BeginEncoding()
    {
        if (Decoding) _buffer = [];
        Decoding = false;
        Begin();
    }

    /// <summary>Begins to read a block's payload.</summary>
    public void BeginDecoding(byte[] payload, int length)
    {
        Decoding = true;
        (_buffer, _end) = (payload, length);
        Begin();
        _memory = LeastMemory + (long)length * MemoryPerByte;
        for (int i = 0; i < 4; i++) _code = _code << 8 | Next();
    }

    /// <summary>Ends writing.</summary>
    /// <returns>The bytes; valid until the next block.</returns>
    public ReadOnlyMemory<byte> End()
    {
        for (int i = 0; i < 4; i++, _low <<= 8) Put((byte)(_low >> 24));
        byte[] written = _buffer;
        return written.AsMemory(0, _at);
    }

    /// <summary>A reader is about to keep something of about so many bytes.</summary>
    /// <exception cref="RecordingFormatException">It is more than a block of this length has.</exception>
    public void Hold(int bytes)
    {
        if (Decoding && (_memory -= bytes) < 0) throw new RecordingFormatException("a block that takes too much memory");
    }

    /// <summary>One decision of a kind.</summary>
    public bool Bit(int kind, bool bit) => Bit(ref _bits[kind], bit);

    /// <summary>A number of a kind; small ones are cheap, and those that come often.</summary>
    public ulong Number(int kind, ulong value)
    {
        Span<uint> models = _numbers.AsSpan(kind * NumberModels, NumberModels);
        int bits = Decoding ? 0 : value == ulong.MaxValue ? 64 : BitOperations.Log2(value + 1);
        int length = 0;
        while (length < 64 && Bit(ref models[length], length < bits)) length++;
        if (length == 64) return ulong.MaxValue;
        ulong rest = Decoding ? 0 : value + 1 - (1UL << length);
        ulong read = 0;
        int node = 1;
        for (int i = length - 1; i >= 0; i--)
        {
            bool bit = (rest >> i & 1) != 0;
            if (node < 8)
            {
                bit = Bit(ref models[64 + length * 8 + node], bit);
                node = node * 2 + (bit ? 1 : 0);
            }
            else bit = Raw(bit);
            read = read << 1 | (bit ? 1u : 0);
        }
        return Decoding ? (1UL << length) - 1 + read : value;
    }

    /// <summary>A number that may be negative.</summary>
    public long Signed(int kind, long value)
    {
        ulong coded = Number(kind, (ulong)(value << 1 ^ value >> 63));
        return (long)(coded >> 1) ^ -(long)(coded & 1);
    }

    /// <summary>A number near what is expected of it.</summary>
    public long Near(int kind, long value, long expected) => unchecked(expected + Signed(kind, value - expected));

    /// <summary>A number that is not negative.</summary>
    /// <exception cref="RecordingFormatException">It is above <paramref name="most"/>.</exception>
    public int Count(int kind, int value, int most)
    {
        ulong count = Number(kind, (ulong)value);
        return count <= (ulong)most ? (int)count : throw new RecordingFormatException($"{count} of something there are {most} of at most");
    }

    /// <summary>A count of which something is expected, as chance lets it vary.</summary>
    /// <param name="decisions">Its models: those of <see cref="Decisions.Levels"/> levels.</param>
    /// <param name="value">The count.</param>
    /// <param name="expected">64 times what is expected.</param>
    public long Expected(int decisions, long value, long expected)
    {
        int level = 0;
        while (level < s_levels.Length && expected > s_levels[level]) level++;
        return level < s_levels.Length
            ? Unary(decisions + level * Decisions.Unary, value)
            : Near(Kinds.Density + Math.Min(BitOperations.Log2((ulong)expected) - 9, Kinds.Magnitudes - 1), value, expected >> 6);
    }

    /// <summary>A small count, step by step.</summary>
    public long Unary(int decisions, long value)
    {
        int i = 0;
        while (i < Decisions.Unary && Bit(ref _bits[decisions + i], i < value)) i++;
        return i < Decisions.Unary ? i : Decisions.Unary + (long)Number(Kinds.Escape, (ulong)(value - Decisions.Unary));
    }

    /// <summary>Bits that nothing is known of, the highest first.</summary>
    public ulong Raw(ulong value, int bits)
    {
        ulong read = 0;
        for (int i = bits - 1; i >= 0; i--) read = read << 1 | (Raw((value >> i & 1) != 0) ? 1u : 0);
        return read;
    }

    /// <summary>A byte, by the one before it.</summary>
    public byte Byte(byte value, byte before)
    {
        int node = 1;
        for (int i = 7; i >= 0; i--) node = node * 2 + (Bit(ref _text[before * 256 + node], (value >> i & 1) != 0) ? 1 : 0);
        return (byte)node;
    }

    /// <summary>A text: what it has in common with the one before it of its kind, and the rest; 1 KiB at most.</summary>
    public string Text(int kind, string value, string before)
    {
        Span<byte> last = stackalloc byte[StreamFormat.MaxString], text = stackalloc byte[StreamFormat.MaxString];
        int lastLength = Fit(before, last), length = Decoding ? 0 : Fit(value, text);
        int common = Count(kind, Decoding ? 0 : text[..length].CommonPrefixLength(last[..lastLength]), lastLength);
        length = common + Count(kind + 1, length - common, StreamFormat.MaxString - common);
        if (Decoding) last[..common].CopyTo(text);
        for (int i = common; i < length; i++) text[i] = Byte(text[i], i > 0 ? text[i - 1] : (byte)0);
        if (!Decoding) return value;
        if (length == lastLength && common == length) return before;
        Hold(2 * length + 32);
        return Encoding.UTF8.GetString(text[..length]);
    }

    // Names come bounded; what is longer loses its end, and never half a character.
    private static int Fit(string text, Span<byte> into)
    {
        Encoding.UTF8.TryGetBytes(text, into, out int length);
        if (length == 0 && text.Length > 0) Utf8.FromUtf16(text, into, out _, out length);
        return length;
    }

    private void Begin()
    {
        Array.Fill(_numbers, Even);
        Array.Fill(_bits, Even);
        for (int i = Decisions.Expected; i < Decisions.Differences; i += s_chances.Length) s_chances.CopyTo(_bits, i);
        Array.Fill(_text, Even);
        (_low, _high, _code, _at, _decisions) = (0, uint.MaxValue, 0, 0, 0);
    }

    // How likely a Poisson-distributed count goes on after k, made of nothing that two machines could compute differently.
    private static uint Chance(int level, int k)
    {
        double mean = (s_levels[level] + (level == 0 ? 0 : s_levels[level - 1])) / 128.0, term = 1, tail = 1;
        for (int j = 1; j < 60; j++) tail += term *= mean / (k + j);
        return (uint)((1 - 1 / tail) * 4194303) << 10 | 6;
    }

    // A model is 22 bits of how likely a 1 is, and 10 of how often it was used.
    private bool Bit(ref uint model, bool bit)
    {
        uint p = Math.Clamp(model >> 16, 32, 65504);
        bit = Split(p, bit);
        int count = (int)(model & 1023), likely = (int)(model >> 10);
        likely += (int)(((bit ? (1 << 22) - 1 : 0) - likely) * (long)s_rates[count] >> 16);
        model = (uint)likely << 10 | (uint)Math.Min(count + 1, MostCount);
        return bit;
    }

    private bool Raw(bool bit) => Split(32768, bit);

    // The interval is divided as the odds are, and what its two ends agree on is written.
    private bool Split(uint odds, bool bit)
    {
        uint middle = _low + (uint)((ulong)(_high - _low) * odds >> 16);
        if (Decoding)
        {
            if (++_decisions > MostDecisions) throw new RecordingFormatException("a block without end");
            bit = _code <= middle;
        }
        if (bit) _high = middle;
        else _low = middle + 1;
        while (((_low ^ _high) & 0xff000000) == 0)
        {
            if (Decoding) _code = _code << 8 | Next();
            else Put((byte)(_high >> 24));
            _low <<= 8;
            _high = _high << 8 | 255;
        }
        return bit;
    }

    // Behind the end there are zeros, for the last bytes of a block say nothing any more.
    private uint Next()
    {
        int at = _at++;
        if (at < _end) return _buffer[at];
        return at < _end + 8 ? 0u : throw new RecordingFormatException("a block that ends too early");
    }

    private void Put(byte b)
    {
        if (_at == _buffer.Length) Array.Resize(ref _buffer, Math.Max(4096, _buffer.Length * 2));
        _buffer[_at++] = b;
    }
}
