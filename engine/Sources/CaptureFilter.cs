namespace Iscsitop.Engine.Sources;

/// <summary>
/// Filters in the words of pcap-filter(7) that let through what the decoder can use: the ports over IPv4 and IPv6, with up to two VLAN
/// tags, and what has no ports to look at, because the filter machine cannot go there.
/// </summary>
internal static class CaptureFilter
{
    // A fragment behind the first has no TCP header (RFC 791 §3.2), and headers of IPv6 before TCP move it: hop-by-hop, routing,
    // fragment, authentication, destination options (RFC 8200 §4.1).
    private const string Portless = "(ip proto 6 and ip[6:2] & 0x1fff != 0) or ip6[6] == 0 or ip6[6] == 43 or ip6[6] == 44 or ip6[6] == 51 or ip6[6] == 60";

    /// <summary>The whole filter.</summary>
    /// <param name="ports">TCP ports; all of TCP when there are none.</param>
    /// <param name="user">The user's filter, "" for none.</param>
    /// <param name="tags">Whether the link type can have VLAN tags: libpcap refuses the word for others.</param>
    public static string Build(IReadOnlyList<ushort> ports, string user, bool tags)
    {
        string tcp = ports.Count == 0 ? "tcp" : string.Join(" or ", ports.Select(p => $"tcp port {p}"));
        string plain = $"{tcp} or {Portless}";
        // Each "vlan" makes all that follows look behind one more tag, whatever the parentheses say. So ours come last, and the
        // user's own "vlan" counts for ours too.
        string ours = tags ? $"({plain} or (vlan and ({plain} or (vlan and ({plain})))))" : $"({plain})";
        return string.IsNullOrWhiteSpace(user) ? ours : $"({user}) and {ours}";
    }
}
