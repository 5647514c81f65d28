using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class ChapTests
{
    private const string Initiator = "InitiatorName=iqn.2026-01.test.example:h\0";
    private const string Names = Initiator + "TargetName=" + TestTarget.Name + "\0";
    private const byte SecurityToSecurity = 0x00, SecurityToOperational = 0x81, SecurityToFull = 0x83, OperationalToFull = 0x87;
    private static readonly byte[] s_secret = Encoding.ASCII.GetBytes("the initiator's secret");
    private static readonly byte[] s_ours = Encoding.ASCII.GetBytes("the target's own secret");
    private TestTarget _target = null!;
    private TestTarget _oneWay = null!;

    [OneTimeSetUp]
    public void Start()
    {
        ChapAccount[] incoming = [new("someone", Encoding.ASCII.GetBytes("another secret")), new("user", s_secret), new("0x1234", s_secret), new("0bAAAA", s_secret), new("empty", [])];
        _target = new TestTarget(Options(new Authentication(incoming, new ChapAccount("target", s_ours))));
        _oneWay = new TestTarget(Options(new Authentication(incoming)));
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _target.Dispose();
        _oneWay.Dispose();
    }

    [Test]
    public void The_right_secret_logs_in([Values(5, 6, 7, 8)] int algorithm, [Values("user", "0x1234", "0bAAAA")] string user, [Values] bool base64, [Values] bool mutual)
    {
        using RawPeer peer = _target.Connect();
        Challenge challenge = Begin(peer, algorithm.ToString(CultureInfo.InvariantCulture));
        Assert.That(challenge.Bytes, Has.Length.EqualTo(Hash(algorithm, []).Length));
        byte[] response = Hash(algorithm, [challenge.Identifier, .. s_secret, .. challenge.Bytes]);
        string theirs = mutual ? "CHAP_I=7\0CHAP_C=0xfeedface01\0" : "";
        string text = $"CHAP_N={user}\0CHAP_R={(base64 ? "0b" + Convert.ToBase64String(response) : "0x" + Convert.ToHexString(response))}\0{theirs}";
        Dictionary<string, string> answer = Step(peer, text, SecurityToOperational, out byte flags);
        Assert.That(flags, Is.EqualTo(SecurityToOperational));
        if (mutual)
        {
            Assert.That(answer["CHAP_N"], Is.EqualTo("target"));
            byte[] expected = Hash(algorithm, [7, .. s_ours, 0xfe, 0xed, 0xfa, 0xce, 0x01]);
            Assert.That(answer["CHAP_R"], Is.EqualTo("0x" + Convert.ToHexStringLower(expected)));
        }
        Step(peer, "", OperationalToFull, out flags);
        Assert.That(flags, Is.EqualTo(OperationalToFull));
    }

    [Test]
    public void Transit_is_withheld_until_the_initiator_has_proved_itself()
    {
        using RawPeer peer = _target.Connect();
        Step(peer, Names + "AuthMethod=CHAP\0", SecurityToFull, out byte flags);
        Assert.That(flags & 0x80, Is.Zero);
        Dictionary<string, string> offer = Step(peer, "CHAP_A=5\0", SecurityToFull, out flags);
        Assert.That(flags & 0x80, Is.Zero);
        byte[] response = Hash(5, [byte.Parse(offer["CHAP_I"], CultureInfo.InvariantCulture), .. s_secret, .. Convert.FromHexString(offer["CHAP_C"][2..])]);
        Step(peer, $"CHAP_N=user\0CHAP_R=0x{Convert.ToHexString(response)}\0", SecurityToFull, out flags);
        Assert.That(flags, Is.EqualTo(SecurityToFull));
    }

    [Test]
    public void The_initiators_order_of_algorithms_counts()
    {
        using RawPeer peer = _target.Connect();
        Step(peer, Names + "AuthMethod=None,CHAP\0", SecurityToSecurity, out _);
        Assert.That(Step(peer, "CHAP_A=99,8,7,5\0", SecurityToSecurity, out _)["CHAP_A"], Is.EqualTo("8"));
    }

    [TestCase("AuthMethod=None\0", SecurityToOperational, 0x0201, TestName = "Only None is offered")]
    [TestCase("", OperationalToFull, 0x0201, TestName = "The security stage is skipped")]
    [TestCase("", SecurityToFull, 0x0201, TestName = "No AuthMethod at all")]
    [TestCase("AuthMethod=KRB5,SRP\0", SecurityToOperational, 0x0201, TestName = "Methods we have not")]
    public void Who_does_not_authenticate_does_not_log_in(string keys, byte flags, int status)
    {
        using RawPeer peer = _target.Connect();
        peer.Send(RawPeer.LoginRequest(Names + keys, flags));
        Refused(peer, status);
    }

    [TestCase("56")]
    [TestCase("")]
    [TestCase("1")]
    [TestCase("05")]
    [TestCase("5 ")]
    public void An_algorithm_we_have_not_is_refused(string list)
    {
        using RawPeer peer = _target.Connect();
        Step(peer, Names + "AuthMethod=CHAP\0", SecurityToSecurity, out _);
        peer.Send(RawPeer.LoginRequest($"CHAP_A={list}\0", SecurityToSecurity));
        Refused(peer, 0x0201);
    }

    // {0} is the right response in hex, {1} in base64.
    [TestCase("CHAP_N=user\0CHAP_R=0x00112233445566778899aabbccddeeff\0", 0x0201, TestName = "A wrong response")]
    [TestCase("CHAP_N=nobody\0CHAP_R=0x{0}\0", 0x0201, TestName = "An unknown name")]
    [TestCase("CHAP_N=User\0CHAP_R=0x{0}\0", 0x0201, TestName = "A name in another case")]
    [TestCase("CHAP_N=empty\0CHAP_R=0x{0}\0", 0x0201, TestName = "An account without a secret")]
    [TestCase("CHAP_N=\0CHAP_R=0x{0}\0", 0x0201, TestName = "An empty name")]
    [TestCase("CHAP_N=user\0CHAP_R=0x{0}00\0", 0x0201, TestName = "A response that is too long")]
    [TestCase("CHAP_N=user\0CHAP_R=0x{0}0\0", 0x0201, TestName = "An odd number of digits")]
    [TestCase("CHAP_N=user\0CHAP_R={0}\0", 0x0201, TestName = "A response without prefix")]
    [TestCase("CHAP_N=user\0CHAP_R=0b{1}AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\0", 0x0201, TestName = "Base64 that is too long")]
    [TestCase("CHAP_N=user\0CHAP_R=0b!!!!\0", 0x0201, TestName = "No base64")]
    [TestCase("CHAP_N=user\0", 0x0207, TestName = "No response")]
    [TestCase("CHAP_R=0x{0}\0", 0x0207, TestName = "No name")]
    [TestCase("CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=1\0", 0x0201, TestName = "An identifier without a challenge")]
    [TestCase("CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=256\0CHAP_C=0x11\0", 0x0200, TestName = "An identifier beyond a byte")]
    [TestCase("CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=-1\0CHAP_C=0x11\0", 0x0200, TestName = "A negative identifier")]
    [TestCase("CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=1\0CHAP_C=0x\0", 0x0200, TestName = "An empty challenge")]
    [TestCase("CHAP_N=user\0CHAP_R=0x00\0CHAP_I=1\0CHAP_C=0x11\0", 0x0201, TestName = "We answer nobody who has not proved itself")]
    public void A_wrong_answer_is_refused(string text, int status)
    {
        using RawPeer peer = _target.Connect();
        Challenge challenge = Begin(peer, "5");
        byte[] right = Hash(5, [challenge.Identifier, .. s_secret, .. challenge.Bytes]);
        peer.Send(RawPeer.LoginRequest(text.Replace("{0}", Convert.ToHexString(right)).Replace("{1}", Convert.ToBase64String(right)), SecurityToOperational));
        Refused(peer, status);
    }

    [Test]
    public void Our_own_challenge_is_not_answered([Values] bool ofAnotherLogin)
    {
        using RawPeer other = _target.Connect();
        Challenge theirs = Begin(other, "5");
        using RawPeer peer = _target.Connect();
        Challenge challenge = Begin(peer, "5");
        byte[] right = Hash(5, [challenge.Identifier, .. s_secret, .. challenge.Bytes]);
        string back = Convert.ToHexString(ofAnotherLogin ? theirs.Bytes : challenge.Bytes);
        peer.Send(RawPeer.LoginRequest($"CHAP_N=user\0CHAP_R=0x{Convert.ToHexString(right)}\0CHAP_I=9\0CHAP_C=0x{back}\0", SecurityToOperational));
        Refused(peer, 0x0201);
    }

    [Test]
    public void Who_asks_us_to_prove_ourselves_is_refused_when_we_cannot()
    {
        using RawPeer peer = _oneWay.Connect();
        Challenge challenge = Begin(peer, "5");
        byte[] right = Hash(5, [challenge.Identifier, .. s_secret, .. challenge.Bytes]);
        peer.Send(RawPeer.LoginRequest($"CHAP_N=user\0CHAP_R=0x{Convert.ToHexString(right)}\0CHAP_I=9\0CHAP_C=0x11\0", SecurityToOperational));
        Refused(peer, 0x0201);
    }

    [Test]
    public void One_secret_for_both_directions_lets_nobody_in()
    {
        using var target = new TestTarget(Options(new Authentication([new("user", s_secret)], new ChapAccount("target", s_secret))));
        using RawPeer peer = target.Connect();
        Challenge challenge = Begin(peer, "7");
        byte[] right = Hash(7, [challenge.Identifier, .. s_secret, .. challenge.Bytes]);
        peer.Send(RawPeer.LoginRequest($"CHAP_N=user\0CHAP_R=0x{Convert.ToHexString(right)}\0", SecurityToOperational));
        Refused(peer, 0x0201);
    }

    [Test]
    public void Discovery_has_its_own_rule()
    {
        using var target = new TestTarget(new TargetOptions
        {
            Name = TestTarget.Name,
            Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
            Luns = TestTarget.Specs(),
            DiscoveryAuthentication = new Authentication([new("user", s_secret)]),
        });
        using (RawPeer normal = target.Connect().LoginOnly()) normal.Send(RawPeer.Bhs(Opcode.NopOut));
        using RawPeer peer = target.Connect();
        peer.Send(RawPeer.LoginRequest(Initiator + "SessionType=Discovery\0AuthMethod=None\0", SecurityToFull));
        Refused(peer, 0x0201);
    }

    [Test]
    public void No_two_challenges_are_alike()
    {
        var authentication = new Authentication([new("user", s_secret)]);
        var seen = new HashSet<string>();
        for (int i = 0; i < 10_000; i++)
        {
            var answer = new TextBuilder();
            var chap = new Chap(authentication);
            Assert.That(chap.Step(key => key == "CHAP_A" ? "5" : null, answer), Is.Null);
            Assert.That(seen.Add(Encoding.ASCII.GetString(answer.Span).Split("CHAP_C=")[1]));
            chap.End();
        }
    }

    [Test]
    public void An_account_never_shows_its_secret() =>
        Assert.That(new ChapAccount("user", s_secret).ToString() + new Authentication([new("user", s_secret)]), Does.Not.Contain("secret"));

    private static TargetOptions Options(Authentication authentication) => new()
    {
        Name = TestTarget.Name,
        Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
        Luns = TestTarget.Specs(),
        Authentication = authentication,
    };

    private static Challenge Begin(RawPeer peer, string algorithms)
    {
        Assert.That(Step(peer, Names + "AuthMethod=CHAP,None\0", SecurityToOperational, out byte flags)["AuthMethod"], Is.EqualTo("CHAP"));
        Assert.That(flags & 0x80, Is.Zero, "no transit yet");
        Dictionary<string, string> offer = Step(peer, $"CHAP_A={algorithms}\0", SecurityToSecurity, out _);
        Assert.That(offer["CHAP_A"], Is.EqualTo(algorithms));
        return new Challenge(byte.Parse(offer["CHAP_I"], CultureInfo.InvariantCulture), Convert.FromHexString(offer["CHAP_C"][2..]));
    }

    private static Dictionary<string, string> Step(RawPeer peer, string text, byte flags, out byte answered)
    {
        peer.Send(RawPeer.LoginRequest(text, flags));
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.Zero, "login status");
        answered = bhs[1];
        return Encoding.UTF8.GetString(data).Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
    }

    private static void Refused(RawPeer peer, int status)
    {
        (byte[] bhs, byte[] data) = peer.Expect(Opcode.LoginResponse);
        Assert.That(bhs[36] << 8 | bhs[37], Is.EqualTo(status));
        Assert.That(data, Is.Empty);
        peer.ExpectClosed();
    }

#pragma warning disable CA5350, CA5351 // What RFC 7143 has initiators do.
    private static byte[] Hash(int algorithm, byte[] of) => algorithm switch
    {
        5 => MD5.HashData(of),
        6 => SHA1.HashData(of),
        7 => SHA256.HashData(of),
        _ => SHA3_256.HashData(of),
    };
#pragma warning restore CA5350, CA5351

    private sealed record Challenge(byte Identifier, byte[] Bytes);
}
