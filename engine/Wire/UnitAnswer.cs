using System.Buffers.Binary;
using System.Text;
using Text = Iscsitop.Target.Iscsi.Text;

namespace Iscsitop.Engine.Wire;

/// <summary>Commands whose answer says what a unit is.</summary>
internal enum UnitFact : byte
{
    None,

    /// <summary>INQUIRY, VPD page 80h: its serial number.</summary>
    Serial,

    /// <summary>INQUIRY, VPD page 83h: its designators.</summary>
    Designators,

    /// <summary>READ CAPACITY(10).</summary>
    Capacity10,

    /// <summary>READ CAPACITY(16).</summary>
    Capacity16,

    /// <summary>PERSISTENT RESERVE OUT: nothing, but its parameter list and its status tell who has reserved it.</summary>
    ReserveOut,

    /// <summary>RESERVE(6) and (10): the same by their status alone.</summary>
    Reserve,

    /// <summary>RELEASE(6) and (10).</summary>
    Release,

    /// <summary>PERSISTENT RESERVE IN, READ KEYS.</summary>
    ReadKeys,

    /// <summary>PERSISTENT RESERVE IN, READ RESERVATION.</summary>
    ReadReservation,

    /// <summary>PERSISTENT RESERVE IN, READ FULL STATUS.</summary>
    ReadFullStatus,
}

/// <summary>What an answer says of a unit.</summary>
/// <param name="Name">Its serial number, or a designator; "" when it says neither.</param>
/// <param name="IsSerial">Whether it is the serial number, which is what a unit is called by.</param>
/// <param name="BlockSize">Bytes of a logical block, 0 when it does not say.</param>
/// <param name="Identity">The best designator of the unit, <c>naa.6001...</c>; "" when it has none.</param>
/// <param name="Worth">How good a designator that is, 0 for none.</param>
internal readonly record struct UnitAnswer(string Name, bool IsSerial, int BlockSize, string Identity = "", int Worth = 0)
{
    /// <summary>Bytes of an answer that are looked at.</summary>
    public const int MaxLength = 512;

    /// <summary>What the answer to a command will say.</summary>
    /// <param name="cdb">16 bytes of CDB.</param>
    public static UnitFact Of(ReadOnlySpan<byte> cdb) => cdb[0] switch
    {
        0x12 when (cdb[1] & 1) != 0 => cdb[2] switch { 0x80 => UnitFact.Serial, 0x83 => UnitFact.Designators, _ => UnitFact.None },
        0x25 => UnitFact.Capacity10,
        0x9e when (cdb[1] & 0x1f) == 0x10 => UnitFact.Capacity16,
        0x16 or 0x56 => UnitFact.Reserve,
        0x17 or 0x57 => UnitFact.Release,
        0x5f => UnitFact.ReserveOut,
        0x5e => (cdb[1] & 0x1f) switch { 0 => UnitFact.ReadKeys, 1 => UnitFact.ReadReservation, 3 => UnitFact.ReadFullStatus, _ => UnitFact.None },
        _ => UnitFact.None,
    };

    /// <summary>Reads an answer; one that is malformed says nothing.</summary>
    public static UnitAnswer Read(UnitFact fact, ReadOnlySpan<byte> data) => fact switch
    {
        UnitFact.Serial when data.Length >= 4 && data[1] == 0x80 => new(Printable(Page(data)), true, 0),
        UnitFact.Designators when data.Length >= 4 && data[1] == 0x83 => Designators(Page(data)),
        UnitFact.Capacity10 when data.Length >= 8 => new("", false, Size(data[4..])),
        UnitFact.Capacity16 when data.Length >= 12 => new("", false, Size(data[8..])),
        _ => default(UnitAnswer) with { Name = "" },
    };

    private static ReadOnlySpan<byte> Page(ReadOnlySpan<byte> data) =>
        data.Slice(4, Math.Min(data.Length - 4, data[2] << 8 | data[3]));

    private static int Size(ReadOnlySpan<byte> at) => BinaryPrimitives.ReadUInt32BigEndian(at) is var size and > 0 and <= 1 << 24 ? (int)size : 0;

    /// <summary>The best designator of the unit itself: NAA, EUI-64, SCSI name string, then T10 (SPC-4 §7.8.6).</summary>
    private static UnitAnswer Designators(ReadOnlySpan<byte> list)
    {
        var best = new UnitAnswer("", false, 0);
        while (list.Length >= 4 && list.Length >= 4 + list[3])
        {
            ReadOnlySpan<byte> value = list.Slice(4, list[3]);
            int type = list[1] & 0x0f;
            int worth = (list[1] & 0x30) != 0 || value.IsEmpty ? 0 : type switch { 3 => 4, 2 => 3, 8 => 2, 1 => 1, _ => 0 };
            if (worth > best.Worth) best = Designator(value, worth);
            list = list[(4 + list[3])..];
        }
        return best;
    }

    private static UnitAnswer Designator(ReadOnlySpan<byte> value, int worth)
    {
        string text = worth switch { 4 => $"naa.{Convert.ToHexStringLower(value)}", 3 => $"eui.{Convert.ToHexStringLower(value)}", _ => Printable(value) };
        return new UnitAnswer(text, false, 0, worth == 1 ? $"t10.{text}" : text, worth);
    }

    private static string Printable(ReadOnlySpan<byte> text) => Text.Escape(Encoding.Latin1.GetString(text).Trim(' ', '\0'));
}
