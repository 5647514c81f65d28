namespace Iscsitop.Engine.Wire;

/// <summary>What packets tell of one connection and no probe does. Cumulative; written and read by the engine's thread only.</summary>
internal sealed class WireFacts
{
    /// <summary>TCP payload bytes, by direction: to the target, to the initiator. Retransmissions count below, not here.</summary>
    public long BytesToTarget, BytesToInitiator;

    /// <summary>Payload bytes that were sent again.</summary>
    public long ResentToTarget, ResentToInitiator;

    /// <summary>Segments that had some of them, both ways.</summary>
    public long Retransmits;

    /// <summary>Times a receiver closed its window.</summary>
    public long ZeroWindows;

    /// <summary>Gaps of 35–45 ms or 190–210 ms between the last byte sent and its ACK while data was pending (views: DACK).</summary>
    public long DelayedAcks;

    /// <summary>Packets that came twice, as loopback and bridges show them; they are no retransmissions.</summary>
    public long Duplicates;

    /// <summary>Payload bytes that the capture lacks: lost, or cut by its snap length.</summary>
    public long MissingBytes;

    /// <summary>Times a PDU's start was looked for anew after bytes were missing.</summary>
    public long Resyncs;

    /// <summary>Headers and data segments whose CRC32C did not match.</summary>
    public long HeaderDigestErrors, DataDigestErrors;

    /// <summary>Reject PDUs, and SNACKs: they have no probe.</summary>
    public long Rejects, Snacks;
}
