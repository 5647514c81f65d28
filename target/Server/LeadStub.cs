// STAND-IN: the shapes the command line is coded against until the target arrives. To be deleted at the merge.
using System.Net;
using System.Net.Sockets;
using Iscsitop.Target.Probes;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Target.Server;

public sealed record LunSpec(int Lun)
{
    public static bool TryParse(string text, out LunSpec spec, out string error)
    {
        spec = new LunSpec(0);
        bool right = text.Split('=', 2) is [var n, ['r', 'a', 'm', ':', ..] or ['f', 'i', 'l', 'e', ':', ..]] && int.TryParse(n, out int lun) && (spec = new LunSpec(lun)) is not null;
        error = right ? "" : "expected N=ram:SIZE or N=file:PATH[,size=SIZE][,ro]";
        return right;
    }
}

public sealed class TargetOptions
{
    public const int DefaultPort = 3260;

    public IReadOnlyList<IPEndPoint> Portals { get; init; } = [new IPEndPoint(IPAddress.Loopback, DefaultPort)];

    public string Name { get; init; } = "iqn.2026-01.io.github.iscsitop:target";

    public IReadOnlyList<LunSpec> Luns { get; init; } = [];
}

public sealed class TargetServer(TargetOptions options, ILoggerFactory loggers) : IDisposable
{
    private readonly List<TcpListener> _listeners = [];

    public Provider Provider { get; } = new("target");

    public ILoggerFactory Loggers => loggers;

    public IReadOnlyList<IPEndPoint> Portals { get; private set; } = [];

    public void Start()
    {
        foreach (IPEndPoint portal in options.Portals)
        {
            var listener = new TcpListener(portal);
            try
            {
                listener.Start();
            }
            catch (SocketException e)
            {
                throw new PortalException(portal, e);
            }
            _listeners.Add(listener);
        }
        Portals = [.. _listeners.Select(l => (IPEndPoint)l.LocalEndpoint)];
    }

    public void Stop(TimeSpan grace)
    {
        _ = grace;
        foreach (TcpListener listener in _listeners) listener.Dispose();
    }

    public void Dispose() => Stop(TimeSpan.Zero);
}

public sealed class PortalException(IPEndPoint portal, SocketException inner) : IOException($"portal {portal}: {inner.Message}", inner);
