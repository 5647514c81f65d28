namespace Iscsitop.Engine.Wire;

/// <summary>What a capture as a whole has seen and has not. Cumulative.</summary>
public record struct Coverage
{
    /// <summary>Packets looked at.</summary>
    public long Packets;

    /// <summary>Packets that the kernel or the interface lost; -1 when there is no such number.</summary>
    public long Dropped;

    /// <summary>Packets that are not TCP over IP, or are damaged, or of a kind we do not read (ESP, a link type).</summary>
    public long Undecodable;

    /// <summary>Packets of TCP connections that are not iSCSI.</summary>
    public long Foreign;

    /// <summary>IP fragments seen.</summary>
    public long Fragments;

    /// <summary>PDUs decoded.</summary>
    public long Pdus;

    /// <summary>Times a PDU's start was looked for anew.</summary>
    public long Resyncs;

    /// <summary>Payload bytes of iSCSI that the capture lacks: lost, or cut by its snap length.</summary>
    public long MissingBytes;

    /// <summary>Connections whose login was not seen.</summary>
    public long MidStream;

    /// <summary>Connections given up because there were too many, or their data too much to hold.</summary>
    public long Evicted;
}
