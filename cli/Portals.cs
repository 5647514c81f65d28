using System.Globalization;
using System.Net;
using Iscsitop.Target.Server;

namespace Iscsitop.Cli;

/// <summary>Where a target listens: <c>192.0.2.1</c>, <c>192.0.2.1:3260</c>, <c>::1</c>, <c>[::1]:3260</c>.</summary>
internal static class Portals
{
    /// <summary>Reads a portal; the port is 3260 unless given, 0 for any free one.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static IPEndPoint Parse(string text)
    {
        (string host, string port) = Split(text);
        if (host.Length == 0) throw Wrong(text, "the address is missing; 127.0.0.1 is this machine only, 0.0.0.0 every IPv4 address");
        // IPAddress takes 1 for 0.0.0.1 and 010 for 8; here an address is what it looks like.
        if (!IPAddress.TryParse(host, out IPAddress? address) || (!host.Contains(':') && address.ToString() != host))
            throw Wrong(text, "an address and no name, like 127.0.0.1:3260 or [::1]:3260");
        if (!ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number))
            throw Wrong(text, "a port from 0 to 65535");
        return new IPEndPoint(address, number);
    }

    /// <summary>
    /// Refuses portals that other machines reach while a target there asks no initiator who it is: an open port would be
    /// an open disk.
    /// </summary>
    public static void RequireGuard(TargetOptions options)
    {
        foreach (PortalGroup group in options.AllPortalGroups)
            foreach (IPEndPoint portal in group.Portals.Where(p => !IPAddress.IsLoopback(p.Address)))
                if (options.AllTargets.FirstOrDefault(t => !t.IsGuarded && (t.PortalGroups.Count == 0 || t.PortalGroups.Contains(group.Tag))) is { } open)
                    throw new UsageException($"portal {portal} can be reached from other machines, and any initiator could log in to {open.Name}: {(options.Targets.Count > 0 ? "list its initiators, give it an account" : "use a loopback address")}, or say --insecure-allow-remote");
    }

    private static (string Host, string Port) Split(string text)
    {
        string standard = TargetOptions.DefaultPort.ToString(CultureInfo.InvariantCulture);
        if (text.StartsWith('[') && text.IndexOf(']', StringComparison.Ordinal) is > 0 and var close)
        {
            string rest = text[(close + 1)..];
            return (text[1..close], rest.Length == 0 ? standard : rest.StartsWith(':') ? rest[1..] : "");
        }
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        bool bareV6 = colon >= 0 && text.IndexOf(':', colon + 1) >= 0;
        return colon < 0 || bareV6 ? (text, standard) : (text[..colon], text[(colon + 1)..]);
    }

    private static UsageException Wrong(string text, string right) => Values.Wrong("portal", text, right);
}
