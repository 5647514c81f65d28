using System.Runtime.InteropServices;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>
/// A login as both sides' texts tell it (RFC 7143 §6.3): who wants to log in to what, and what they agree upon by the rule of each
/// key. Keeps names and numbers only: what proves an identity is parsed with the rest and let go.
/// </summary>
internal sealed class WireLogin
{
    private readonly List<byte>[] _texts = [[], []];
    private readonly long[][] _sent = [Unsent(), Unsent()];
    private readonly int[] _chosen = [-1, -1];
    private readonly List<KeyValuePair<string, string>> _pairs = [];

    /// <param name="bhs">The first Login Request.</param>
    public WireLogin(ReadOnlySpan<byte> bhs)
    {
        var view = new Bhs(bhs);
        Itt = view.Itt;
        Cid = view.U16(20);
        Tsih = view.U16(14);
        Isid = Convert.ToHexStringLower(bhs[8..14]);
    }

    public uint Itt { get; }

    public ushort Cid { get; }

    /// <summary>The session to join, 0 for a new one.</summary>
    public ushort Tsih { get; }

    /// <summary>12 hex digits.</summary>
    public string Isid { get; }

    /// <summary>The initiator's name, "" while it was not seen or is none.</summary>
    public string Initiator { get; private set; } = "";

    /// <summary>The target's name, "" while it was not seen.</summary>
    public string Target { get; private set; } = "";

    /// <summary>Whether it is for discovery.</summary>
    public bool Discovery { get; private set; }

    /// <summary>The target's portal group, -1 while it was not seen.</summary>
    public int PortalGroup { get; private set; } = -1;

    /// <summary>Whether a text was seen that is whole and says who wants what.</summary>
    public bool Identifies => Initiator.Length > 0 && (Discovery || Target.Length > 0);

    /// <summary>Whether nothing of the target's texts was missing, so that it is known what was agreed.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Whether the initiator would have digests.</summary>
    public bool OffersHeaderDigest { get; private set; }

    /// <inheritdoc cref="OffersHeaderDigest"/>
    public bool OffersDataDigest { get; private set; }

    /// <summary>Takes the text of one PDU.</summary>
    /// <param name="from">Which way it went.</param>
    /// <param name="text">What was seen of it.</param>
    /// <param name="more">Whether the next PDU continues it (C).</param>
    /// <param name="complete">Whether that is all of it.</param>
    public void Take(Direction from, ReadOnlySpan<byte> text, bool more, bool complete)
    {
        List<byte> all = _texts[(int)from];
        if (!complete) IsComplete = false;
        if (all.Count + text.Length <= Text.MaxLength) all.AddRange(text);
        if (more) return;
        // What was read before an error stands: other targets may be more lenient than ours.
        Text.Parse(CollectionsMarshal.AsSpan(all), _pairs);
        foreach ((string key, string value) in _pairs) Take(from, key, value);
        _pairs.Clear();
        CollectionsMarshal.AsSpan(all).Clear();
        all.Clear();
    }

    /// <summary>What was agreed upon.</summary>
    /// <param name="session">What holds for the session that it joins, null for a new one.</param>
    public SessionParameters Agreed(SessionParameters? session) => new(
        HeaderDigest: _chosen[(int)Key.HeaderDigest] == LoginKeys.DigestCrc32C,
        DataDigest: _chosen[(int)Key.DataDigest] == LoginKeys.DigestCrc32C,
        ImmediateData: session?.ImmediateData ?? Result(Key.ImmediateData) != 0,
        InitialR2T: session?.InitialR2T ?? Result(Key.InitialR2T) != 0,
        MaxConnections: session?.MaxConnections ?? (ushort)Result(Key.MaxConnections),
        ErrorRecoveryLevel: session?.ErrorRecoveryLevel ?? (byte)Result(Key.ErrorRecoveryLevel),
        MaxOutstandingR2T: session?.MaxOutstandingR2T ?? (ushort)Result(Key.MaxOutstandingR2T),
        FirstBurstLength: session?.FirstBurstLength ?? Math.Min(Result(Key.FirstBurstLength), Result(Key.MaxBurstLength)),
        MaxBurstLength: session?.MaxBurstLength ?? Result(Key.MaxBurstLength),
        TargetMaxRecv: Declared(Direction.ToInitiator),
        InitiatorMaxRecv: Declared(Direction.ToTarget));

    private static long[] Unsent()
    {
        long[] values = new long[(int)Key.Other];
        Array.Fill(values, -1);
        return values;
    }

    private void Take(Direction from, string key, string value)
    {
        if (from == Direction.ToTarget && TakeName(key, value)) return;
        if (key == "TargetPortalGroupTag" && Text.TryNumber(value, out ulong tag)) PortalGroup = (ushort)tag;
        if (LoginKeys.Find(key) is not { Key: not Key.Other } row) return;
        long[] mine = _sent[(int)from];
        bool answers = _sent[1 - (int)from][(int)row.Key] >= 0;
        switch (row.Rule)
        {
            case Rule.List:
                mine[(int)row.Key] = 0;
                int choice = Array.IndexOf(row.Choices!, value);
                if (row.Key > Key.DataDigest) break;
                bool offered = !answers && value.Split(',').Contains("CRC32C");
                if (row.Key == Key.HeaderDigest) OffersHeaderDigest |= offered;
                else OffersDataDigest |= offered;
                if (answers) _chosen[(int)row.Key] = choice;
                break;
            case Rule.And or Rule.Or:
                if (value is "Yes" or "No") mine[(int)row.Key] = value == "Yes" ? 1 : 0;
                break;
            default:
                if (Text.TryNumber(value, out ulong number) && number >= row.Low && number <= row.High) mine[(int)row.Key] = (long)number;
                break;
        }
    }

    private bool TakeName(string key, string value)
    {
        switch (key)
        {
            case "InitiatorName":
                Initiator = Name(value);
                return true;
            case "TargetName":
                Target = Name(value);
                return true;
            case "SessionType":
                Discovery = value == "Discovery";
                return true;
            default:
                return false;
        }
    }

    private static string Name(string value) =>
        IscsiName.IsAcceptable(value) ? value : Text.Escape(value) is var name && name.Length > IscsiName.MaxLength ? name[..IscsiName.MaxLength] : name;

    // An answer that the result needs not may be left out: No to an AND, Yes to an OR (RFC 7143 §6.2.2).
    private uint Result(Key key)
    {
        long a = _sent[0][(int)key], b = _sent[1][(int)key];
        KeyRow row = LoginKeys.Rows[(int)key];
        bool both = a >= 0 && b >= 0;
        return row.Rule switch
        {
            Rule.Min when both => (uint)Math.Min(a, b),
            Rule.Max when both => (uint)Math.Max(a, b),
            Rule.And when both || a == 0 || b == 0 => a == 1 && b == 1 ? 1u : 0u,
            Rule.Or when both || a == 1 || b == 1 => a == 1 || b == 1 ? 1u : 0u,
            _ => row.Default,
        };
    }

    private uint Declared(Direction from) =>
        _sent[(int)from][(int)Key.MaxRecvDataSegmentLength] is var length and >= 0 ? (uint)length : LoginKeys.Rows[(int)Key.MaxRecvDataSegmentLength].Default;
}
