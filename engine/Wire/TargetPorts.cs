namespace Iscsitop.Engine.Wire;

/// <summary>Which ends of connections are targets: those with a port that was named, and those that were seen to take a login.</summary>
internal sealed class TargetPorts
{
    /// <summary>Ends learnt at most; logins are recognised beyond it all the same.</summary>
    public const int MaxLearnt = 4096;

    private readonly ulong[] _named = new ulong[1024];
    private readonly ulong[] _learntPorts = new ulong[1024];
    private readonly HashSet<(Address Address, ushort Port)> _learnt = [];

    /// <param name="ports">The ports that were named.</param>
    public TargetPorts(IReadOnlyList<ushort> ports)
    {
        foreach (ushort port in ports) Set(_named, port);
    }

    /// <summary>Whether an end is a target's.</summary>
    public bool Has(in Address address, ushort port) => IsSet(_named, port) || (IsSet(_learntPorts, port) && _learnt.Contains((address, port)));

    /// <summary>An end took a login.</summary>
    public void Learn(in Address address, ushort port)
    {
        if (_learnt.Count >= MaxLearnt || !_learnt.Add((address, port))) return;
        Set(_learntPorts, port);
    }

    private static bool IsSet(ulong[] bits, ushort port) => (bits[port >> 6] >> port & 1) != 0;

    private static void Set(ulong[] bits, ushort port) => bits[port >> 6] |= 1UL << port;
}
