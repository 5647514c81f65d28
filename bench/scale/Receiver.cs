using System.Net;
using System.Net.Sockets;

namespace Iscsitop.Bench.Scale;

/// <summary>A receiver of OTLP that is of no use: it takes connections and never answers, or is always too busy.</summary>
internal static class Receiver
{
    public static void Run(int port, bool busy)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        var silent = new List<Socket>();
        while (true)
        {
            Socket peer = listener.AcceptSocket();
            if (busy) _ = Task.Run(() => Refuse(peer));
            else silent.Add(peer);
        }
    }

    // The answer may come before the whole request has; what comes yet is read, or the answer would be lost.
    private static void Refuse(Socket peer)
    {
        byte[] buffer = new byte[1 << 20];
        try
        {
            using (peer)
            {
                if (peer.Receive(buffer) == 0) return;
                peer.Send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8);
                peer.Shutdown(SocketShutdown.Send);
                while (peer.Receive(buffer) > 0) ;
            }
        }
        catch (SocketException)
        {
            // It has gone.
        }
    }
}
