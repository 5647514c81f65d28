using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Wire;

/// <summary>What all connections of a decoder share.</summary>
internal sealed class WireContext(Provider provider, WireOptions options)
{
    /// <summary>What has been seen and what has not, counted in place.</summary>
    public Coverage Coverage;

    /// <summary>Where events go.</summary>
    public Provider Provider => provider;

    /// <summary>What is taken for iSCSI.</summary>
    public WireOptions Options => options;

    /// <summary>Connections known to be iSCSI, by the provider's id.</summary>
    public Dictionary<uint, WireConnection> Connections { get; } = [];
}
