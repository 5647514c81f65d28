namespace Iscsitop.Engine;

/// <summary>Reads sense data in either format (SPC-4 §4.5.2, §4.5.3).</summary>
internal static class SenseData
{
    /// <summary>Sense key &lt;&lt; 16 | ASC &lt;&lt; 8 | ASCQ; 0 for what is not there.</summary>
    public static uint Code(ReadOnlySpan<byte> sense) => sense.IsEmpty ? 0 : (uint)((sense[0] & 0x7f) switch
    {
        0x70 or 0x71 when sense.Length >= 3 => (sense[2] & 0xf) << 16 | At(sense, 12) << 8 | At(sense, 13),
        0x72 or 0x73 when sense.Length >= 2 => (sense[1] & 0xf) << 16 | At(sense, 2) << 8 | At(sense, 3),
        _ => 0,
    });

    private static int At(ReadOnlySpan<byte> sense, int at) => at < sense.Length ? sense[at] : 0;
}
