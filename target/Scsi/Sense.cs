namespace Iscsitop.Target.Scsi;

/// <summary>Sense key in bits 23–16, additional sense code in 15–8, qualifier in 7–0 (SPC-4 §4.5.6, Annex D).</summary>
internal enum SenseCode
{
    NoSense = 0x000000,
    InvalidOpcode = 0x052000,
    LbaOutOfRange = 0x052100,
    InvalidFieldInCdb = 0x052400,
    LunNotSupported = 0x052500,
}

/// <summary>The sense data of one command, reused.</summary>
internal sealed class Sense
{
    /// <summary>What went wrong; <see cref="SenseCode.NoSense"/> when nothing did.</summary>
    public SenseCode Code { get; private set; }

    public void Clear() => Code = SenseCode.NoSense;

    public void Set(SenseCode code) => Code = code;

    public void PointTo(bool inCdb, int atByte, int bit) => Code = inCdb && atByte >= 0 && bit >= 0 ? Code : Code;

    /// <summary>Writes it, in fixed (70h) or descriptor (72h) format.</summary>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> into, bool descriptorFormat) => Code == 0 ? 0 : 0;
}
