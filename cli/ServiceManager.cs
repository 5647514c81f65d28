using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli;

/// <summary>Tells the service manager how we are: datagrams to the socket that NOTIFY_SOCKET names (sd_notify(3)). Without one it says nothing.</summary>
internal sealed class ServiceManager(string? socket)
{
    /// <summary>The one that has started us, if any.</summary>
    public static ServiceManager FromEnvironment() => new(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <summary>It runs, or runs again after a reload.</summary>
    public void Ready(string status) => Tell($"READY=1\nSTATUS={status}");

    /// <summary>It reads its configuration again.</summary>
    public void Reloading() => Tell(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={Clock.Now / 1000}"));

    /// <summary>It ends.</summary>
    public void Stopping(string status) => Tell($"STOPPING=1\nSTATUS={status}");

    private void Tell(string state)
    {
        if (string.IsNullOrEmpty(socket)) return;
        try
        {
            using var to = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // A leading @ stands for the NUL of Linux's abstract names.
            to.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(socket[0] == '@' ? '\0' + socket[1..] : socket));
        }
        catch (Exception e) when (e is SocketException or ArgumentException or PlatformNotSupportedException)
        {
            // Who does not listen misses it; we serve all the same.
        }
    }
}
