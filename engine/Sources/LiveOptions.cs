using Iscsitop.Engine.Wire;

namespace Iscsitop.Engine.Sources;

/// <summary>What is captured, and how.</summary>
/// <param name="Interface">The interface's name, or "any" where the system has that.</param>
public sealed record LiveOptions(string Interface)
{
    /// <summary>The longest snap length libpcap knows.</summary>
    public const int MaxSnapLength = 262144;

    /// <summary>Bytes kept of a packet. All by default: what the card or the kernel puts together holds many PDUs.</summary>
    public int SnapLength { get; init; } = MaxSnapLength;

    /// <summary>Bytes of the kernel's buffer, which bridges the time nobody reads.</summary>
    public int BufferBytes { get; init; } = 64 << 20;

    /// <summary>Whether the interface takes what is not addressed to it, which a mirror port needs.</summary>
    public bool Promiscuous { get; init; } = true;

    /// <summary>The user's filter, in the words of pcap-filter(7); "" for none. What it lets through is still limited to the ports.</summary>
    public string Filter { get; init; } = "";

    /// <summary>TCP ports of targets; all of TCP when there are none.</summary>
    public IReadOnlyList<ushort> Ports { get; init; } = WireOptions.DefaultPorts;
}

/// <summary>An interface that packets can be captured from.</summary>
/// <param name="Name">What it is called in <see cref="LiveOptions.Interface"/>.</param>
/// <param name="Description">More of it, "" where the system has no more; on Windows what people know it by.</param>
/// <param name="Loopback">Whether it is the loopback interface.</param>
/// <param name="Up">Whether it is up.</param>
public sealed record CaptureInterface(string Name, string Description, bool Loopback, bool Up);

/// <summary>An interface cannot be captured from; the message names it and says why, or what is missing.</summary>
public sealed class CaptureException(string message) : IOException(message);

/// <summary>A filter is not one; the message has the expression and libpcap's words.</summary>
public sealed class CaptureFilterException(string message) : Exception(message);
