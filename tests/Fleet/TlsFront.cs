using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Iscsitop.Tests.Fleet;

/// <summary>TLS before a server of this machine.</summary>
internal sealed class TlsFront : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly int _behind;
    private readonly Task _serving;

    public TlsFront(int behind, X509Certificate2 certificate)
    {
        (_behind, _certificate) = (behind, certificate);
        _listener.Start();
        _serving = Serve();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public string Url => $"https://127.0.0.1:{Port}";

    /// <summary>A certificate with its key.</summary>
    /// <param name="name">An address or a DNS name.</param>
    /// <param name="by">Who signs it; null for itself.</param>
    /// <param name="days">Days from now until it ends; negative for one that has ended.</param>
    public static X509Certificate2 Certificate(string name, X509Certificate2? by = null, int days = 10)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out IPAddress? address)) names.AddIpAddress(address);
        else names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(by is null, false, 0, true));
        DateTimeOffset from = DateTimeOffset.UtcNow.AddDays(-20), to = DateTimeOffset.UtcNow.AddDays(days);
        if (by is null) return request.CreateSelfSigned(from, to);
        using X509Certificate2 signed = request.Create(by, by.NotBefore, by.NotAfter, [1, 2, 3, 4]);
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose()
    {
        _listener.Stop();
        _serving.Wait(TimeSpan.FromSeconds(10));
        _certificate.Dispose();
    }

    private async Task Serve()
    {
        while (true)
            try
            {
                TcpClient client = await _listener.AcceptTcpClientAsync();
                _ = One(client);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
    }

    private async Task One(TcpClient client)
    {
        try
        {
            using TcpClient from = client, to = new("127.0.0.1", _behind);
            using var secure = new SslStream(from.GetStream());
            await secure.AuthenticateAsServerAsync(_certificate);
            NetworkStream behind = to.GetStream();
            await Task.WhenAny(secure.CopyToAsync(behind), behind.CopyToAsync(secure));
        }
        catch (Exception e) when (e is IOException or AuthenticationException or SocketException or ObjectDisposedException)
        {
            // It did not like what it saw, which is what is tested.
        }
    }
}
