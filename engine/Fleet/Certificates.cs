using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Iscsitop.Engine.Fleet;

/// <summary>Why a server's certificate is not believed, in one sentence.</summary>
internal static class Certificates
{
    /// <summary>What is wrong with it, and what would help.</summary>
    /// <param name="certificate">The certificate.</param>
    /// <param name="chain">Those that vouch for it.</param>
    /// <param name="errors">What was found.</param>
    public static string Mistrust(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 own || (errors & SslPolicyErrors.RemoteCertificateNotAvailable) != 0) return "it shows no certificate";
        X509ChainStatusFlags wrong = X509ChainStatusFlags.NoError;
        foreach (X509ChainStatus status in chain?.ChainStatus ?? []) wrong |= status.Status;
        if ((wrong & X509ChainStatusFlags.NotTimeValid) != 0)
            return string.Create(CultureInfo.InvariantCulture, $"its certificate is valid from {own.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} to {own.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC only");
        if ((wrong & X509ChainStatusFlags.Revoked) != 0) return "its certificate was revoked";
        // Whoever makes it trusted would meet the wrong name next.
        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0) return $"its certificate is of another name: {Names(own)}";
        return (wrong & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0
            ? $"its certificate is not trusted: {(own.Subject == own.Issuer ? "it is signed by itself" : $"nobody here knows {own.Issuer}")} ({Help})"
            : $"its certificate is not trusted ({wrong})";
    }

    private static string Help => OperatingSystem.IsLinux() ? "SSL_CERT_FILE may name a file with who is to be trusted" : "the system's store says who is";

    private static string Names(X509Certificate2 certificate)
    {
        string[] names = [.. certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SelectMany(e => e.EnumerateDnsNames().Concat(e.EnumerateIPAddresses().Select(a => a.ToString())))];
        return names.Length > 0 ? string.Join(", ", names.Take(8)) + (names.Length > 8 ? " ..." : "") : certificate.Subject;
    }
}
