using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Target.Server;

/// <summary>
/// The target's side of CHAP in one login (RFC 7143 §12.1.3, RFC 1994): we challenge, the initiator answers, and where it asks
/// us to, we answer its challenge, but never before its own answer was right.
/// </summary>
internal sealed class Chap(Authentication authentication)
{
    /// <summary>Bytes of a challenge or a response at most (RFC 7143 §12.1.3).</summary>
    private const int MaxBinary = 1024;

    // Challenges that wait for their answers: whoever sends one of them back wants us to answer it for him.
    private static readonly ConcurrentDictionary<string, byte> s_issued = new();

    // In the order of their numbers; the initiator's list says which it wants most.
    private static readonly Algorithm[] s_algorithms =
    [
#pragma warning disable CA5350, CA5351 // RFC 7143 §12.1.3 has MD5 for all and SHA1 beside it; initiators that know better offer better first.
        new(5, true, MD5.HashSizeInBytes, MD5.HashData),
        new(6, true, SHA1.HashSizeInBytes, SHA1.HashData),
#pragma warning restore CA5350, CA5351
        new(7, true, SHA256.HashSizeInBytes, SHA256.HashData),
        new(8, SHA3_256.IsSupported, SHA3_256.HashSizeInBytes, SHA3_256.HashData),
    ];

    private readonly byte[] _unknown = RandomNumberGenerator.GetBytes(16);
    private Algorithm? _algorithm;
    private byte[] _challenge = [];
    private byte _identifier;

    private delegate byte[] Hash(byte[] of);

    /// <summary>Whether the initiator has proved who it is, and we have answered what it asked.</summary>
    public bool Done { get; private set; }

    /// <summary>Whether the initiator has agreed to CHAP.</summary>
    public bool Begun { get; set; }

    /// <summary>The algorithms of ours, by number: 5 MD5, 6 SHA1, 7 SHA-256, 8 SHA3-256.</summary>
    public static IEnumerable<int> Algorithms => s_algorithms.Where(a => a.Available).Select(a => a.Number);

    /// <summary>One step: looks at what the initiator sent and composes the answer.</summary>
    /// <param name="value">The value of a key, null when it was not sent.</param>
    /// <param name="answer">Gets our side.</param>
    /// <returns>Null, or why the login fails.</returns>
    public (LoginStatus Status, string Reason)? Step(Func<string, string?> value, TextBuilder answer)
    {
        if (value("CHAP_A") is { } algorithms) return Offer(algorithms, answer);
        bool answers = value("CHAP_N") is not null || value("CHAP_R") is not null;
        if (!answers) return null;
        if (_algorithm is null || Done) return (LoginStatus.AuthenticationFailure, "a CHAP answer without a challenge");
        if (value("CHAP_N") is not { } name || value("CHAP_R") is not { } response) return (LoginStatus.MissingParameter, "CHAP_N or CHAP_R is missing");
        return Check(name, response) ?? AnswerTheirs(value("CHAP_I"), value("CHAP_C"), answer);
    }

    /// <summary>The login is over, and with it the challenge.</summary>
    public void End()
    {
        if (_challenge.Length > 0) s_issued.TryRemove(Convert.ToHexString(_challenge), out _);
    }

    private (LoginStatus, string)? Offer(string list, TextBuilder answer)
    {
        if (_algorithm is not null) return (LoginStatus.AuthenticationFailure, "CHAP_A was sent twice");
        foreach (string offer in list.Split(','))
        {
            _algorithm = Array.Find(s_algorithms, a => a.Available && offer == a.Number.ToString(CultureInfo.InvariantCulture));
            if (_algorithm is not null) break;
        }
        if (_algorithm is null) return (LoginStatus.AuthenticationFailure, $"CHAP_A={Iscsi.Text.Escape(list)} has no algorithm of ours");
        _challenge = RandomNumberGenerator.GetBytes(_algorithm.Length);
        _identifier = RandomNumberGenerator.GetBytes(1)[0];
        s_issued.TryAdd(Convert.ToHexString(_challenge), 0);
        answer.Add("CHAP_A", (uint)_algorithm.Number);
        answer.Add("CHAP_I", _identifier);
        answer.Add("CHAP_C", "0x" + Convert.ToHexStringLower(_challenge));
        return null;
    }

    // A wrong name and a wrong secret take the same time and get the same answer.
    private (LoginStatus, string)? Check(string name, string response)
    {
        byte[]? theirs = Decode(response, _algorithm!.Length);
        byte[] given = Encoding.UTF8.GetBytes(name);
        byte[] secret = _unknown;
        bool known = false;
        foreach (ChapAccount account in authentication.Incoming)
        {
            if (!CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(account.User))) continue;
            secret = account.Secret;
            // With one secret for both directions a challenge of ours could be answered by us (RFC 7143 §9.2.1).
            known = secret.Length > 0 && !(authentication.Outgoing is { } us && CryptographicOperations.FixedTimeEquals(secret, us.Secret));
        }
        byte[] ours = Response(_identifier, secret, _challenge);
        bool right = theirs is not null && CryptographicOperations.FixedTimeEquals(theirs, ours);
        return known && right ? null : (LoginStatus.AuthenticationFailure, "its CHAP name or response is wrong");
    }

    private (LoginStatus, string)? AnswerTheirs(string? identifier, string? challenge, TextBuilder answer)
    {
        if (identifier is null && challenge is null)
        {
            Done = true;
            return null;
        }
        if (identifier is null || challenge is null) return (LoginStatus.AuthenticationFailure, "CHAP_I or CHAP_C is missing");
        if (authentication.Outgoing is not { Secret.Length: > 0 } us) return (LoginStatus.AuthenticationFailure, "it asks us to prove who we are, and we have no name and secret for that");
        if (!Iscsi.Text.TryNumber(identifier, out ulong id) || id > byte.MaxValue) return (LoginStatus.InitiatorError, "its CHAP_I is no number from 0 to 255");
        byte[]? bytes = Decode(challenge);
        if (bytes is null || bytes.Length == 0) return (LoginStatus.InitiatorError, $"its CHAP_C is no binary value of up to {MaxBinary} bytes");
        // RFC 7143 §9.2.1: a challenge of ours that comes back, from this login or another, is an attempt to have us answer it.
        if (s_issued.ContainsKey(Convert.ToHexString(bytes))) return (LoginStatus.AuthenticationFailure, "its challenge is one of ours");
        byte[] response = Response((byte)id, us.Secret, bytes);
        answer.Add("CHAP_N", us.User);
        answer.Add("CHAP_R", "0x" + Convert.ToHexStringLower(response));
        Done = true;
        return null;
    }

    private byte[] Response(byte identifier, byte[] secret, byte[] challenge) => _algorithm!.Compute([identifier, .. secret, .. challenge]);

    // Hex or base64 (RFC 7143 §6.1); a length that cannot fit is refused before anything is decoded.
    private static byte[]? Decode(string value, int exactly = -1)
    {
        int most = exactly < 0 ? MaxBinary : exactly;
        string digits = value.Length > 2 ? value[2..] : "";
        byte[]? bytes = null;
        if (value.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            if (digits.Length % 2 == 0 && digits.Length <= 2 * most && digits.All(char.IsAsciiHexDigit)) bytes = Convert.FromHexString(digits);
        }
        else if (value.StartsWith("0b", StringComparison.OrdinalIgnoreCase) && digits.Length <= (most + 2) / 3 * 4)
        {
            var into = new byte[(most + 2) / 3 * 3];
            if (!digits.Any(char.IsWhiteSpace) && Convert.TryFromBase64String(digits, into, out int length)) bytes = into[..length];
        }
        return bytes is null || bytes.Length > most || (exactly >= 0 && bytes.Length != exactly) ? null : bytes;
    }

    private sealed record Algorithm(int Number, bool Available, int Length, Hash Compute);
}
