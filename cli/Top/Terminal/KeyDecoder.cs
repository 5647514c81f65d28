using System.Text;

namespace Iscsitop.Cli.Top.Terminal;

/// <summary>What the mouse did.</summary>
internal enum Pointer : byte
{
    None,
    Click,
    DoubleClick,
    WheelUp,
    WheelDown,
}

/// <summary>A key, as a character of <see cref="Keys"/>, or what the mouse did at a cell.</summary>
internal readonly record struct Keystroke(char Key, Pointer Pointer = Pointer.None, int X = 0, int Y = 0);

/// <summary>
/// Makes keys of the bytes a terminal sends: UTF-8, the sequences of xterm and the Linux console (ECMA-48 §5.4), and mouse
/// reports of xterm's mode 1006. What it does not know it swallows whole.
/// </summary>
internal sealed class KeyDecoder
{
    /// <summary>A sequence is longer than this only when it is none.</summary>
    private const int Longest = 64;

    private const int DoubleClickTime = 400;
    private const int Motion = 32;
    private const int Wheel = 64;

    // The final byte of CSI and SS3 sequences.
    private static readonly (char Final, char Key)[] s_finals =
    [
        ('A', Keys.Up), ('B', Keys.Down), ('C', Keys.Right), ('D', Keys.Left), ('H', Keys.Home), ('F', Keys.End),
        ('P', Keys.F1), ('Z', Keys.ShiftTab),
    ];

    // The first parameter of CSI sequences that end with ~.
    private static readonly (int Number, char Key)[] s_numbers =
    [
        (1, Keys.Home), (3, Keys.Backspace), (4, Keys.End), (5, Keys.PageUp), (6, Keys.PageDown), (7, Keys.Home), (8, Keys.End),
        (11, Keys.F1), (17, Keys.F6),
    ];

    private readonly byte[] _held = new byte[Longest];
    private int _heldLength;
    private long _clickTime = long.MinValue / 2;
    private (int X, int Y) _clickAt;

    /// <summary>Whether the beginning of a sequence is waiting for its rest, which may be an Esc that has none.</summary>
    public bool Holds => _heldLength > 0;

    /// <summary>Adds the keys of bytes that were read.</summary>
    /// <param name="bytes">What was read.</param>
    /// <param name="milliseconds">When, for double clicks.</param>
    /// <param name="into">Where keys are added.</param>
    public void Decode(ReadOnlySpan<byte> bytes, long milliseconds, List<Keystroke> into)
    {
        while (bytes.Length > 0)
        {
            int room = Math.Min(Longest - _heldLength, bytes.Length);
            bytes[..room].CopyTo(_held.AsSpan(_heldLength));
            bytes = bytes[room..];
            _heldLength += room;
            int done = 0;
            while (done < _heldLength && Take(_held.AsSpan(done, _heldLength - done), milliseconds, into) is > 0 and int n) done += n;
            if (done == 0 && _heldLength == Longest) done = Longest;
            _held.AsSpan(done, _heldLength - done).CopyTo(_held);
            _heldLength -= done;
        }
    }

    /// <summary>Nothing followed in time: an Esc was the key, anything else is no sequence.</summary>
    public void GiveUp(List<Keystroke> into)
    {
        if (_heldLength == 1 && _held[0] == Keys.Esc) into.Add(new Keystroke(Keys.Esc));
        _heldLength = 0;
    }

    // How many bytes the first key took; 0 when there are too few.
    private int Take(ReadOnlySpan<byte> bytes, long milliseconds, List<Keystroke> into)
    {
        if (bytes[0] == Keys.Esc) return bytes.Length == 1 ? 0 : Escape(bytes, milliseconds, into);
        if (bytes[0] < 0x80)
        {
            char key = bytes[0] switch { (byte)'\n' => Keys.Enter, 0x7f => Keys.Backspace, byte b => (char)b };
            if (key != '\0') into.Add(new Keystroke(key));
            return 1;
        }
        var status = Rune.DecodeFromUtf8(bytes, out Rune rune, out int used);
        if (status == System.Buffers.OperationStatus.NeedMoreData) return 0;
        if (status == System.Buffers.OperationStatus.Done && rune.IsBmp && rune.Value is >= 0xa0 and not (>= 0xe000 and < 0xf900)) into.Add(new Keystroke((char)rune.Value));
        return used;
    }

    private int Escape(ReadOnlySpan<byte> bytes, long milliseconds, List<Keystroke> into)
    {
        switch (bytes[1])
        {
            case (byte)'[':
                return Control(bytes, milliseconds, into);
            case (byte)'O':
                if (bytes.Length < 3) return 0;
                Add(s_finals, (char)bytes[2], into);
                return 3;
            default:                                                 // two keys, or Alt and a key: nobody can tell
                into.Add(new Keystroke(Keys.Esc));
                return 1;
        }
    }

    // ECMA-48 §5.4: parameter bytes 30-3F, intermediate bytes 20-2F, a final byte 40-7E.
    private int Control(ReadOnlySpan<byte> bytes, long milliseconds, List<Keystroke> into)
    {
        if (bytes.Length < 3) return 0;
        if (bytes[2] == '[')                                         // the Linux console's function keys
        {
            if (bytes.Length < 4) return 0;
            if (bytes[3] == 'A') into.Add(new Keystroke(Keys.F1));
            return 4;
        }
        int end = 2;
        while (end < bytes.Length && bytes[end] is >= 0x20 and < 0x40) end++;
        if (end == bytes.Length) return 0;
        if (bytes[end] is < 0x40 or > 0x7e) return end;              // none after all: what broke it is a key of its own
        ReadOnlySpan<byte> parameters = bytes[2..end];
        char final = (char)bytes[end];
        if (parameters.Length > 0 && parameters[0] == '<') Mouse(parameters[1..], final, milliseconds, into);
        else if (final == '~') Add(s_numbers, Number(ref parameters), into);
        else Add(s_finals, final, into);
        return end + 1;
    }

    // ESC [ < button ; column ; row, M for pressed and m for released, from 1.
    private void Mouse(ReadOnlySpan<byte> parameters, char final, long milliseconds, List<Keystroke> into)
    {
        int button = Number(ref parameters), x = Number(ref parameters) - 1, y = Number(ref parameters) - 1;
        if (final != 'M' || x < 0 || y < 0 || (button & Motion) != 0) return;
        if ((button & Wheel) != 0)
        {
            if ((button & 3) < 2) into.Add(new Keystroke('\0', (button & 3) == 0 ? Pointer.WheelUp : Pointer.WheelDown, x, y));
            return;
        }
        if ((button & 3) != 0) return;
        bool twice = milliseconds - _clickTime <= DoubleClickTime && _clickAt == (x, y);
        into.Add(new Keystroke('\0', twice ? Pointer.DoubleClick : Pointer.Click, x, y));
        (_clickTime, _clickAt) = (twice ? long.MinValue / 2 : milliseconds, (x, y));
    }

    // A decimal parameter and the semicolon behind it; -1 for none.
    private static int Number(ref ReadOnlySpan<byte> parameters)
    {
        int end = parameters.IndexOf((byte)';');
        ReadOnlySpan<byte> digits = end < 0 ? parameters : parameters[..end];
        parameters = end < 0 ? default : parameters[(end + 1)..];
        return System.Buffers.Text.Utf8Parser.TryParse(digits, out int value, out int used) && used == digits.Length ? value : -1;
    }

    private static void Add<T>((T Sent, char Key)[] table, T sent, List<Keystroke> into) where T : struct, IEquatable<T>
    {
        foreach ((T known, char key) in table)
            if (known.Equals(sent))
            {
                into.Add(new Keystroke(key));
                return;
            }
    }
}
