namespace Iscsitop.Engine.Sources;

/// <summary>What becomes of a value in login text that is written to a file.</summary>
internal enum TextFate : byte
{
    /// <summary>It stays.</summary>
    Stays,

    /// <summary>It is a name: a pseudonym, when asked for.</summary>
    Name,

    /// <summary>It is a secret, or unknown: blanked always.</summary>
    Blank,
}

/// <summary>Takes secrets out of the text of Login and Text PDUs, and names when asked to. Lengths stay.</summary>
internal static class LoginText
{
    private const byte Blank = (byte)'x';

    // A key that is not here is blanked: nobody knows what a vendor's holds. CHAP_N is an account, CHAP_C and CHAP_R let one guess its secret.
    private static readonly (byte[] Key, TextFate Fate)[] s_keys =
    [
        .. Rows(TextFate.Name, "InitiatorName", "TargetName", "SendTargets", "InitiatorAlias", "TargetAlias", "TargetAddress"),
        .. Rows(TextFate.Stays, "AuthMethod", "CHAP_A", "CHAP_I", "SessionType", "TargetPortalGroupTag", "HeaderDigest", "DataDigest", "MaxConnections",
            "InitialR2T", "ImmediateData", "MaxRecvDataSegmentLength", "MaxBurstLength", "FirstBurstLength", "DefaultTime2Wait", "DefaultTime2Retain",
            "MaxOutstandingR2T", "DataPDUInOrder", "DataSequenceInOrder", "ErrorRecoveryLevel", "TaskReporting", "iSCSIProtocolLevel", "X#NodeArchitecture",
            "IFMarker", "OFMarker", "IFMarkInt", "OFMarkInt", "RDMAExtensions", "TargetRecvDataSegmentLength", "InitiatorRecvDataSegmentLength",
            "MaxOutstandingUnexpectedPDUs", "MaxAHSLength"),
    ];

    /// <summary>Redacts.</summary>
    /// <param name="text">Pairs, each with its NUL; the last may be cut.</param>
    /// <param name="continued">Whether the first is the rest of one that began elsewhere: it is blanked.</param>
    /// <param name="pseudonyms">What names become; null to keep them.</param>
    public static void Redact(Span<byte> text, bool continued, Pseudonyms? pseudonyms)
    {
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)0);
            bool cut = end < 0;
            if (cut) end = text.Length;
            Pair(text[..end], continued, cut, pseudonyms);
            continued = false;
            text = text[Math.Min(end + 1, text.Length)..];
        }
    }

    private static void Pair(Span<byte> pair, bool continued, bool cut, Pseudonyms? pseudonyms)
    {
        int equals = continued ? -1 : pair.IndexOf((byte)'=');
        Span<byte> value = pair[(equals + 1)..];
        switch (equals < 0 ? TextFate.Blank : FateOf(pair[..equals]))
        {
            case TextFate.Blank:
                value.Fill(Blank);
                break;
            case TextFate.Name when pseudonyms is not null && !value.SequenceEqual("All"u8):
                // Half a name would become something else than the whole one does.
                if (cut) value.Fill(Blank);
                else Name(value, pseudonyms);
                break;
        }
    }

    // TargetAddress ends in :port,tag, which stay.
    private static void Name(Span<byte> value, Pseudonyms pseudonyms)
    {
        int comma = value.LastIndexOf((byte)',');
        int colon = comma < 0 ? -1 : value[..comma].LastIndexOf((byte)':');
        pseudonyms.Name(colon > 0 ? value[..colon] : value);
    }

    private static TextFate FateOf(ReadOnlySpan<byte> key)
    {
        foreach ((byte[] known, TextFate fate) in s_keys)
            if (key.SequenceEqual(known)) return fate;
        return TextFate.Blank;
    }

    private static IEnumerable<(byte[], TextFate)> Rows(TextFate fate, params string[] keys) =>
        keys.Select(k => (System.Text.Encoding.ASCII.GetBytes(k), fate));
}
