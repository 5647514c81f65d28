using System.Collections.Frozen;
using Iscsitop.Target.Probes;

namespace Iscsitop.Target.Iscsi;

/// <summary>The keys of RFC 7143 §13 that leave a value behind.</summary>
internal enum Key : byte
{
    HeaderDigest,
    DataDigest,
    MaxConnections,
    InitialR2T,
    ImmediateData,
    MaxRecvDataSegmentLength,
    MaxBurstLength,
    FirstBurstLength,
    DefaultTime2Wait,
    DefaultTime2Retain,
    MaxOutstandingR2T,
    DataPduInOrder,
    DataSequenceInOrder,
    ErrorRecoveryLevel,
    TaskReporting,
    ProtocolLevel,
    Other,
}

/// <summary>How the two sides' values become one: the result function of a key.</summary>
internal enum Rule : byte
{
    Min,
    Max,
    And,
    Or,

    /// <summary>The first of the peer's list that we have; the value is its index in ours.</summary>
    List,

    /// <summary>A number that needs no answer.</summary>
    Declare,

    /// <summary>A text that needs no answer and is looked at elsewhere.</summary>
    Text,

    /// <summary>Obsolete, and a boolean once: answered No.</summary>
    ObsoleteNo,

    /// <summary>Obsolete otherwise: answered Reject.</summary>
    ObsoleteReject,
}

/// <summary>When a key may be sent (RFC 7143 §13: LO, IO, ALL, FFPO).</summary>
internal enum KeyUse : byte
{
    Leading,
    Login,
    All,
    FullFeature,
}

/// <summary>One row of the key table.</summary>
internal sealed record KeyRow(
    Key Key, string Name, Rule Rule, KeyUse Use, uint Default = 0, uint Low = 0, uint High = 0, uint Ours = 0, string[]? Choices = null);

/// <summary>What a negotiation left behind; starts with the standard's defaults.</summary>
internal sealed class Parameters
{
    private readonly uint[] _values = new uint[(int)Key.Other];

    public Parameters()
    {
        foreach (KeyRow row in LoginKeys.Rows)
            if (row.Key != Key.Other)
                _values[(int)row.Key] = row.Default;
    }

    /// <summary>Starts a further connection of a session: what the leading one agreed upon for all holds.</summary>
    public Parameters(Parameters session)
        : this()
    {
        foreach (KeyRow row in LoginKeys.Rows)
            if (row.Key != Key.Other && row.Use == KeyUse.Leading)
                _values[(int)row.Key] = session[row.Key];
        Joined = true;
    }

    /// <summary>Whether this is a further connection's, which leaves the session's values alone.</summary>
    public bool Joined { get; }

    /// <summary>Our MaxConnections.</summary>
    public uint MaxConnections { get; init; } = 1;

    /// <summary>What observers are told of it.</summary>
    public SessionParameters Agreed => new(
        HeaderDigest: this[Key.HeaderDigest] == LoginKeys.DigestCrc32C,
        DataDigest: this[Key.DataDigest] == LoginKeys.DigestCrc32C,
        ImmediateData: this[Key.ImmediateData] != 0,
        InitialR2T: this[Key.InitialR2T] != 0,
        MaxConnections: (ushort)this[Key.MaxConnections],
        ErrorRecoveryLevel: (byte)this[Key.ErrorRecoveryLevel],
        MaxOutstandingR2T: (ushort)this[Key.MaxOutstandingR2T],
        FirstBurstLength: this[Key.FirstBurstLength],
        MaxBurstLength: this[Key.MaxBurstLength],
        TargetMaxRecv: LoginKeys.MaxRecvDataSegmentLength,
        InitiatorMaxRecv: this[Key.MaxRecvDataSegmentLength]);

    /// <summary>The value; booleans are 0 and 1. MaxRecvDataSegmentLength is the initiator's.</summary>
    public uint this[Key key]
    {
        get => _values[(int)key];
        set => _values[(int)key] = value;
    }
}

/// <summary>The key table and the one loop that negotiates by it.</summary>
internal static class LoginKeys
{
    /// <summary>The longest data segment we receive: our MaxRecvDataSegmentLength.</summary>
    public const int MaxRecvDataSegmentLength = 262144;

    /// <summary>The longest value of a simple key (RFC 7143 §6.1).</summary>
    public const int MaxValueLength = 255;

    /// <summary>Index of CRC32C in the values of HeaderDigest and DataDigest.</summary>
    public const uint DigestCrc32C = 1;

    private const uint Max24 = (1 << 24) - 1;

    private static readonly string[] s_digests = ["None", "CRC32C"];

    public static readonly KeyRow[] Rows =
    [
        new(Key.HeaderDigest, "HeaderDigest", Rule.List, KeyUse.Login, Choices: s_digests),
        new(Key.DataDigest, "DataDigest", Rule.List, KeyUse.Login, Choices: s_digests),
        new(Key.MaxConnections, "MaxConnections", Rule.Min, KeyUse.Leading, 1, 1, 65535),
        new(Key.InitialR2T, "InitialR2T", Rule.Or, KeyUse.Leading, 1, Ours: 0),
        new(Key.ImmediateData, "ImmediateData", Rule.And, KeyUse.Leading, 1, Ours: 1),
        new(Key.MaxRecvDataSegmentLength, "MaxRecvDataSegmentLength", Rule.Declare, KeyUse.All, 8192, 512, Max24),
        new(Key.MaxBurstLength, "MaxBurstLength", Rule.Min, KeyUse.Leading, 262144, 512, Max24, 1 << 20),
        new(Key.FirstBurstLength, "FirstBurstLength", Rule.Min, KeyUse.Leading, 65536, 512, Max24, 262144),
        new(Key.DefaultTime2Wait, "DefaultTime2Wait", Rule.Max, KeyUse.Leading, 2, 0, 3600, 2),
        new(Key.DefaultTime2Retain, "DefaultTime2Retain", Rule.Min, KeyUse.Leading, 20, 0, 3600, 0),
        new(Key.MaxOutstandingR2T, "MaxOutstandingR2T", Rule.Min, KeyUse.Leading, 1, 1, 65535, 16),
        new(Key.DataPduInOrder, "DataPDUInOrder", Rule.Or, KeyUse.Leading, 1, Ours: 1),
        new(Key.DataSequenceInOrder, "DataSequenceInOrder", Rule.Or, KeyUse.Leading, 1, Ours: 1),
        new(Key.ErrorRecoveryLevel, "ErrorRecoveryLevel", Rule.Min, KeyUse.Leading, 0, 0, 2, 0),
        new(Key.TaskReporting, "TaskReporting", Rule.List, KeyUse.Leading, Choices: ["RFC3720"]),
        new(Key.ProtocolLevel, "iSCSIProtocolLevel", Rule.Min, KeyUse.Leading, 1, 0, 31, 1),
        new(Key.Other, "AuthMethod", Rule.Text, KeyUse.Login),
        new(Key.Other, "CHAP_A", Rule.Text, KeyUse.Login),
        new(Key.Other, "CHAP_I", Rule.Text, KeyUse.Login),
        new(Key.Other, "CHAP_C", Rule.Text, KeyUse.Login),
        new(Key.Other, "CHAP_N", Rule.Text, KeyUse.Login),
        new(Key.Other, "CHAP_R", Rule.Text, KeyUse.Login),
        new(Key.Other, "InitiatorName", Rule.Text, KeyUse.Login),
        new(Key.Other, "InitiatorAlias", Rule.Text, KeyUse.All),
        new(Key.Other, "TargetName", Rule.Text, KeyUse.Login),
        new(Key.Other, "SessionType", Rule.Text, KeyUse.Leading),
        new(Key.Other, "SendTargets", Rule.Text, KeyUse.FullFeature),
        new(Key.Other, "X#NodeArchitecture", Rule.Text, KeyUse.All),
        new(Key.Other, "IFMarker", Rule.ObsoleteNo, KeyUse.Login),
        new(Key.Other, "OFMarker", Rule.ObsoleteNo, KeyUse.Login),
        new(Key.Other, "IFMarkInt", Rule.ObsoleteReject, KeyUse.Login),
        new(Key.Other, "OFMarkInt", Rule.ObsoleteReject, KeyUse.Login),
    ];

    private static readonly FrozenDictionary<string, KeyRow> s_byName = Rows.ToFrozenDictionary(r => r.Name, StringComparer.Ordinal);

    /// <summary>Finds a key's row.</summary>
    public static KeyRow? Find(string name) => s_byName.GetValueOrDefault(name);

    /// <summary>Negotiates what a peer offered: sets <paramref name="parameters"/> and composes the answer.</summary>
    /// <param name="pairs">The peer's pairs, each key once.</param>
    /// <param name="fullFeature">Whether this is a Text negotiation of the full feature phase, where login's keys have no place.</param>
    /// <param name="parameters">Changed when nothing is wrong only.</param>
    /// <param name="answer">Gets our side.</param>
    /// <returns>Null, or what is wrong.</returns>
    public static string? Negotiate(List<KeyValuePair<string, string>> pairs, bool fullFeature, Parameters parameters, TextBuilder answer)
    {
        // FirstBurstLength may not exceed MaxBurstLength (RFC 7143 §13.14), so it is settled last.
        string? firstBurst = null;
        foreach ((string name, string value) in pairs)
            if (value is "Reject" or "Irrelevant" or "NotUnderstood") return $"{name} was offered the reserved value {value}";
        foreach ((string name, string value) in pairs)
        {
            KeyRow? row = Find(name);
            if (row is null) answer.Add(name, "NotUnderstood");
            else if (fullFeature && row.Use is KeyUse.Leading or KeyUse.Login) answer.Add(name, "Reject");
            else if (parameters.Joined && row.Use == KeyUse.Leading && row.Rule != Rule.Text) answer.Add(name, "Reject");
            else if (row.Rule == Rule.Text) continue;
            else if (row.Key == Key.FirstBurstLength) firstBurst = value;
            else Settle(row, value, row.High, parameters, answer);
        }
        KeyRow first = s_byName["FirstBurstLength"];
        uint maxBurst = parameters[Key.MaxBurstLength];
        if (firstBurst is not null) Settle(first, firstBurst, first.High, parameters, answer, maxBurst);
        parameters[Key.FirstBurstLength] = Math.Min(parameters[Key.FirstBurstLength], maxBurst);
        return null;
    }

    private static void Settle(KeyRow row, string value, uint high, Parameters parameters, TextBuilder answer, uint atMost = uint.MaxValue)
    {
        string? result = row.Rule switch
        {
            Rule.Min or Rule.Max or Rule.Declare => Number(row, value, high, parameters, atMost),
            Rule.And or Rule.Or => Boolean(row, value, parameters),
            Rule.List => Choose(row, value, parameters),
            Rule.ObsoleteNo => "No",
            _ => "Reject",
        };
        if (result is not null) answer.Add(row.Name, result);
    }

    private static string? Number(KeyRow row, string value, uint high, Parameters parameters, uint atMost)
    {
        if (!Text.TryNumber(value, out ulong number) || number < row.Low || number > high) return "Reject";
        uint result = row.Rule switch
        {
            Rule.Min => Math.Min((uint)number, Math.Min(row.Key == Key.MaxConnections ? parameters.MaxConnections : row.Ours, atMost)),
            Rule.Max => Math.Max((uint)number, row.Ours),
            _ => (uint)number,
        };
        parameters[row.Key] = result;
        return row.Rule == Rule.Declare ? null : result.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static string Boolean(KeyRow row, string value, Parameters parameters)
    {
        if (value is not ("Yes" or "No")) return "Reject";
        bool theirs = value == "Yes";
        bool ours = row.Ours != 0;
        bool result = row.Rule == Rule.And ? theirs && ours : theirs || ours;
        parameters[row.Key] = result ? 1u : 0u;
        return result ? "Yes" : "No";
    }

    private static string Choose(KeyRow row, string value, Parameters parameters)
    {
        foreach (string offer in value.Split(','))
        {
            int index = Array.IndexOf(row.Choices!, offer);
            if (index < 0) continue;
            if (row.Key != Key.Other) parameters[row.Key] = (uint)index;
            return offer;
        }
        return "Reject";
    }
}
