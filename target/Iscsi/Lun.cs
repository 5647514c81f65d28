namespace Iscsitop.Target.Iscsi;

/// <summary>The 8-byte LUN field of SAM-5 §4.7 and the numbers people say.</summary>
public static class Lun
{
    /// <summary>What an observer shows when the LUN of a PDU is not known.</summary>
    public const ulong Unknown = ulong.MaxValue;

    /// <summary>Highest number of the flat space addressing method.</summary>
    public const int Max = 16383;

    /// <summary>Decodes peripheral (00) and flat space (01) addressing of a single level.</summary>
    /// <returns>The number; for a hierarchical, well-known or extended LUN false and the raw field.</returns>
    public static bool TryDecode(ulong field, out ulong number)
    {
        uint first = (uint)(field >> 48);
        bool single = (field & 0x0000ffffffffffff) == 0 && first >> 14 <= 1 && (first >> 14 == 1 || first >> 8 == 0);
        number = single ? first & 0x3fff : field;
        return single;
    }

    /// <summary>The LUN of a PDU as a number, as the field stands where it is no single-level LUN, <see cref="Unknown"/> where the PDU has none.</summary>
    public static ulong Of(Bhs bhs)
    {
        if (Pdu.At(bhs.Bytes[0]).Lun == 0) return Unknown;
        // A field whose last bytes alone are set is no LUN of its number.
        return TryDecode(bhs.LunField, out ulong number) || number > Max ? number : Unknown;
    }

    /// <summary>The field of what <see cref="Of"/> gave.</summary>
    public static ulong ToField(ulong number) => number <= Max ? Encode((int)number) : number;

    /// <summary>Encodes 0–255 as peripheral, 256–16383 as flat space addressing.</summary>
    public static ulong Encode(int number)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)number, (uint)Max, nameof(number));
        return (ulong)(number < 256 ? number : 0x4000 | number) << 48;
    }
}
