namespace Iscsitop.Target.Iscsi;

/// <summary>Serial number arithmetic over 32 bits (RFC 1982), as RFC 7143 §4.2.2 compares CmdSN, StatSN and DataSN.</summary>
public static class Sn
{
    /// <summary>Whether <paramref name="a"/> comes before <paramref name="b"/>.</summary>
    public static bool Before(uint a, uint b) => (int)(a - b) < 0;

    /// <summary>Whether <paramref name="a"/> comes after <paramref name="b"/>.</summary>
    public static bool After(uint a, uint b) => (int)(a - b) > 0;
}
