namespace Iscsitop.Target.Server;

/// <summary>A CHAP name and its secret. Never printed: the secret is not part of its text.</summary>
public sealed class ChapAccount(string user, byte[] secret)
{
    /// <summary>CHAP_N.</summary>
    public string User { get; } = user;

    internal byte[] Secret { get; } = secret;

    /// <inheritdoc/>
    public override string ToString() => User;
}

/// <summary>What a login must prove, and what we prove in turn (RFC 7143 §12.1.3).</summary>
/// <param name="Incoming">Accounts of which the initiator must prove one; empty asks for nothing.</param>
/// <param name="Outgoing">Our own, for initiators that ask us to prove who we are (mutual CHAP); null when we have none.</param>
public sealed record Authentication(IReadOnlyList<ChapAccount> Incoming, ChapAccount? Outgoing = null)
{
    /// <summary>Anybody may log in.</summary>
    public static Authentication None { get; } = new([]);

    /// <summary>Whether the initiator must prove anything.</summary>
    public bool Required => Incoming.Count > 0;

    /// <summary>Whether one secret serves both directions, which RFC 7143 §9.2.1 forbids.</summary>
    public bool SharesSecret => Outgoing is { } ours && Incoming.Any(a => System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(a.Secret, ours.Secret));
}
