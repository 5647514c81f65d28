using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Server;
using Iscsitop.Tests.Server;
using P = Iscsitop.Tests.Server.RawPeer;

namespace Iscsitop.Tests.BadInput;

/// <summary>What is wrong in logins and in text.</summary>
internal static class LoginRows
{
    private const string Names = Hostile.Names;
    private const string GuardedName = "iqn.2026-01.test.example:guarded";
    private const string GuardedNames = "InitiatorName=" + Hostile.Initiator + "\0TargetName=" + GuardedName + "\0";
    private const byte Security = 0x00, ToOperational = 0x81, ToFull = 0x87, More = 0x44, Stay = 0x04;
    private static readonly byte[] s_secret = Encoding.ASCII.GetBytes("the initiator's secret");

    /// <summary>A target that asks who comes.</summary>
    public static TargetSpec Guarded { get; } = new(GuardedName)
    {
        Luns = TestTarget.Specs("0=ram:1MiB"),
        Authentication = new Authentication([new ChapAccount("user", s_secret)], new ChapAccount("target", Encoding.ASCII.GetBytes("the target's own secret"))),
    };

    public static IEnumerable<Row> All => [.. Texts(), .. Answers(), .. s_logins, .. Challenges(), .. s_text];

    // One request, its flags, and what it is refused with.
    private static IEnumerable<Row> Texts() =>
        from row in new (string Name, string Text, byte Flags, string Status)[]
        {
            ("L1 no InitiatorName", $"TargetName={TestTarget.Name}\0", ToFull, "0207"),
            ("L1 no TargetName", $"InitiatorName={Hostile.Initiator}\0", ToFull, "0207"),
            ("L2 an unknown target", $"InitiatorName={Hostile.Initiator}\0TargetName=iqn.2026-01.test.example:nowhere\0", ToFull, "0203"),
            ("L4 from stage 2", Names, 0x8b, "0200"),
            ("L4 from 1 to 0", Names, 0x84, "0200"),
            ("L4 from 3 to 3", Names, 0x8f, "0200"),
            ("L4 from 1 to 2", Names, 0x86, "0200"),
            ("L4 from 0 to 0", Names, 0x80, "0200"),
            ("L4 T and C", Names, 0xc7, "0200"),
            ("L9 a key without =", Names + "nonsense\0", ToFull, "0200"),
            ("L9 a value without key", Names + "=value\0", ToFull, "0200"),
            ("L9 nothing but NULs", "\0\0\0\0", ToFull, "0207"),
            ("L9 no NUL at the end", Names + "MaxBurstLength=512", ToFull, "0200"),
            ("L9 a key of 64 characters", Names + new string('K', 64) + "=1\0", ToFull, "0200"),
            ("L9 a key in lower case", Names + "maxburstlength=512\0", ToFull, "0200"),
            ("L9 a value of 256 characters", Names + $"InitiatorAlias={new string('v', 256)}\0", ToFull, "0200"),
            ("L9 a NUL too much in the middle", Names + "\0MaxBurstLength=512\0", ToFull, "0200"),
            ("L9 invalid UTF-8", Names + "InitiatorAlias=\xff\xfe\0", ToFull, "0200"),
            ("L10 a key twice", Names + "MaxBurstLength=512\0MaxBurstLength=512\0", ToFull, "0200"),
            ("L13 Reject offered", Names + "MaxBurstLength=Reject\0", ToFull, "0200"),
            ("L13 Irrelevant offered", Names + "InitialR2T=Irrelevant\0", ToFull, "0200"),
            ("L13 NotUnderstood offered", Names + "HeaderDigest=NotUnderstood\0", ToFull, "0200"),
            ("L16 KRB5 only", Names + "AuthMethod=KRB5\0", ToOperational, "0201"),
            ("L16 None where CHAP is asked for", GuardedNames + "AuthMethod=None\0", ToOperational, "0201"),
            ("L16 unknown methods", GuardedNames + "AuthMethod=X-com.example.free,KRB5\0", ToOperational, "0201"),
            ("L16 the stage is skipped", GuardedNames, ToFull, "0201"),
            ("L17 CHAP_N before CHAP_A", GuardedNames + "AuthMethod=CHAP\0CHAP_N=user\0CHAP_R=0x00\0", ToOperational, "0201"),
            ("L24 a name of 224 characters", Initiator(224), ToFull, "0200"),
            ("L24 a name of 4000 characters", Initiator(4000), ToFull, "0200"),
            ("L24 a space", $"InitiatorName=iqn.2026-01.test example\0TargetName={TestTarget.Name}\0", ToFull, "0200"),
            ("L24 a line feed", $"InitiatorName=iqn.2026-01.test:\nroot\0TargetName={TestTarget.Name}\0", ToFull, "0200"),
            ("L24 a path", $"InitiatorName=../../etc/passwd\0TargetName={TestTarget.Name}\0", ToFull, "0200"),
            ("L24 a slash", $"InitiatorName=iqn.2026-01.test:a/b\0TargetName={TestTarget.Name}\0", ToFull, "0200"),
        }
        select new Row(row.Name, p => p.SendLogin(row.Text, row.Flags), $"login {row.Status}, closed");

    // What a login that goes on is answered.
    private static IEnumerable<Row> Answers() =>
        from row in new (string Name, string Offer, string Answer)[]
        {
            ("L11 an empty number", "MaxBurstLength=", "MaxBurstLength=Reject"),
            ("L11 0x and no digits", "MaxBurstLength=0x", "MaxBurstLength=Reject"),
            ("L11 a negative number", "MaxBurstLength=-1", "MaxBurstLength=Reject"),
            ("L11 a sign", "MaxBurstLength=+512", "MaxBurstLength=Reject"),
            ("L11 2^64", "MaxBurstLength=18446744073709551616", "MaxBurstLength=Reject"),
            ("L11 leading zeros", "MaxBurstLength=00512", "MaxBurstLength=Reject"),
            ("L11 a space after it", "MaxBurstLength=8192 ", "MaxBurstLength=Reject"),
            ("L11 hex", "MaxBurstLength=0x1000", "MaxBurstLength=4096"),
            ("L11 511", "MaxBurstLength=511", "MaxBurstLength=Reject"),
            ("L11 16777216", "MaxBurstLength=16777216", "MaxBurstLength=Reject"),
            ("L11 0", "MaxOutstandingR2T=0", "MaxOutstandingR2T=Reject"),
            ("L12 FirstBurstLength beyond MaxBurstLength", "FirstBurstLength=65536\0MaxBurstLength=512", "FirstBurstLength=512"),
            ("L14 a long wait", "DefaultTime2Wait=3600\0DefaultTime2Retain=3600", "DefaultTime2Wait=3600"),
            ("L14 to retain for an hour", "DefaultTime2Wait=0\0DefaultTime2Retain=3600", "DefaultTime2Retain=0"),
            ("L14 a longer wait than there is", "DefaultTime2Wait=3601", "DefaultTime2Wait=Reject"),
            ("L14 recovery levels", "ErrorRecoveryLevel=2\0MaxOutstandingR2T=65535\0DataSequenceInOrder=No", "ErrorRecoveryLevel=0"),
            ("L15 a security key in the operational stage", "AuthMethod=None", "AuthMethod=None"),
            ("L24 a name of 223 characters", "", "TargetPortalGroupTag=1"),
            ("L24 a name in capitals", "", "TargetPortalGroupTag=1"),
            ("L24 %n in a name", "", "TargetPortalGroupTag=1"),
            ("L25 nobody is sent elsewhere", "", "no TargetAddress"),
        }
        let names = row.Name switch
        {
            "L24 a name of 223 characters" => Initiator(223),
            "L24 a name in capitals" => $"InitiatorName=IQN.2026-01.TEST:X\0TargetName={TestTarget.Name}\0",
            "L24 %n in a name" => $"InitiatorName=iqn.2026-01.test:%n%s%x\0TargetName={TestTarget.Name}\0",
            _ => Names,
        }
        select new Row(row.Name, p =>
        {
            p.SendLogin(names + (row.Offer.Length > 0 ? row.Offer + "\0" : "")).Next();
            p.NoteAnswer(row.Answer.StartsWith("no ", StringComparison.Ordinal) ? row.Answer[3..] : row.Answer.Split('=')[0]);
        }, $"login 0000, {row.Answer}, lives");

    private static readonly Row[] s_logins =
    [
        new("L3 a version we do not speak", p => p.Send(With(P.LoginRequest(Names), 3, 1)), "login 0205, closed"),
        new("L5 the ITT changes", p => Twice(p, 19), "login 0000, login 0200, closed"),
        new("L5 the ISID changes", p => Twice(p, 13), "login 0000, login 0200, closed"),
        new("L5 the CID changes", p => Twice(p, 21), "login 0000, login 0200, closed"),
        new("L5 the TSIH changes", p => Twice(p, 15), "login 0000, login 0200, closed"),
        new("L6 a TSIH nobody gave", p => p.Send(P.LoginRequest(Names, tsih: 0x7777)), "login 020a, closed"),
        new("L7 the same CID takes the connection over", p =>
        {
            p.Send(P.LoginRequest(Names, cid: 1)).Next();
            p.Again().Send(P.LoginRequest(Names, cid: 1, tsih: p.Tsih)).Next();
        }, "login 0000 x2, lives"),
        new("L7 more connections than agreed", p =>
        {
            p.Send(P.LoginRequest(Names, cid: 1)).Next();
            p.Again().Send(P.LoginRequest(Names, cid: 2, tsih: p.Tsih));
        }, "login 0000, login 0206, closed"),
        new("L7 more connections than there may be", p =>
        {
            p.Send(P.LoginRequest(Names + "MaxConnections=2\0", cid: 1)).Next();
            p.Again().Send(P.LoginRequest(Names, cid: 2, tsih: p.Tsih)).Next();
            p.Again().Send(P.LoginRequest(Names, cid: 3, tsih: p.Tsih));
        }, "login 0000 x2, login 0206, closed"),
        new("L8 T is never set", p => Repeat(p, 64, i => P.LoginRequest(i == 0 ? Names : "", Stay)), "login 0000 x64, login 0200, closed"),
        new("L8 C for ever", p => Repeat(p, 64, i => P.LoginRequest("X", More)), "login 0000 x64, login 0200, closed"),
        new("L8 C and nothing for ever", p => Repeat(p, 64, _ => P.LoginRequest("", More)), "login 0000 x64, login 0200, closed"),
        new("L8 silence after the first request", p => p.SendLogin(Names, Stay).Next(), "login 0000, closed") { Stalls = true },
        new("L10 a key again in the next request", p =>
        {
            p.SendLogin(Names + "MaxBurstLength=512\0", Stay).Next();
            p.SendLogin("MaxBurstLength=512\0");
        }, "login 0000, login 0200, closed"),
        new("L15 an operational key in the security stage", p =>
        {
            p.SendLogin(Names + "AuthMethod=None\0MaxBurstLength=512\0", ToOperational).Next();
            p.NoteAnswer("MaxBurstLength").SendLogin("").Next();
        }, "login 0000, MaxBurstLength=512, login 0000, lives"),
        new("L20 a login in the full feature phase", p => p.Login().SendLogin(Names), "reject 04, closed"),
        new("L20 a NOP-Out in the login", p =>
        {
            p.SendLogin(Names, Stay).Next();
            p.Send(P.Bhs(Opcode.NopOut, immediate: true));
        }, "login 0000, login 020b, closed"),
        new("L26 another takes the ISID without a proof", p =>
        {
            LogInToGuarded(p);
            P victim = p.Peer;
            p.Again().Send(P.LoginRequest(GuardedNames + "AuthMethod=CHAP\0", ToOperational)).Next();
            p.SendLogin("CHAP_A=7\0", Security).Next();
            p.SendLogin($"CHAP_N=user\0CHAP_R=0x{new string('0', 64)}\0", 0x83).Next();
            victim.Send(P.Bhs(Opcode.NopOut, itt: 5, immediate: true));
            victim.Expect(Opcode.NopIn);
            p.Note("the victim lives");
        }, "login 0000 x5, login 0201, the victim lives"),
    ];

    // What follows our challenge; {0} is the right response, {1} our own challenge.
    private static IEnumerable<Row> Challenges() =>
        from row in new (string Name, string Text, string Status)[]
        {
            ("L17 CHAP_A twice", "CHAP_A=7\0", "0201"),
            ("L17 CHAP_C without CHAP_I", "CHAP_N=user\0CHAP_R=0x{0}\0CHAP_C=0x1122\0", "0201"),
            ("L17 no CHAP_R", "CHAP_N=user\0", "0207"),
            ("L18 our challenge comes back", "CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=1\0CHAP_C=0x{1}\0", "0201"),
            ("L19 a challenge of no bytes", "CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=1\0CHAP_C=0x\0", "0200"),
            ("L19 a challenge of 1025 bytes", $"CHAP_N=user\0CHAP_R=0x{{0}}\0CHAP_I=1\0CHAP_C=0x{new string('1', 2050)}\0", "0200"),
            ("L19 an odd number of digits", "CHAP_N=user\0CHAP_R=0x{0}\0CHAP_I=1\0CHAP_C=0x123\0", "0200"),
        }
        select new Row(row.Name, p =>
        {
            (byte identifier, byte[] challenge) = Challenge(p);
            string right = Convert.ToHexString(SHA256.HashData([identifier, .. s_secret, .. challenge]));
            p.SendLogin(row.Text.Replace("{0}", right, StringComparison.Ordinal).Replace("{1}", Convert.ToHexString(challenge), StringComparison.Ordinal), ToOperational);
        }, $"login 0000 x2, login {row.Status}, closed");

    private static readonly Row[] s_text =
    [
        new("L17 CHAP_R twice", p =>
        {
            (byte identifier, byte[] challenge) = Challenge(p);
            string answer = $"CHAP_N=user\0CHAP_R=0x{Convert.ToHexString(SHA256.HashData([identifier, .. s_secret, .. challenge]))}\0";
            p.SendLogin(answer, Security).Next();
            p.SendLogin(answer, ToOperational);
        }, "login 0000 x3, login 0201, closed"),
        new("L17 on to the next stage without an answer", p =>
        {
            Challenge(p);
            p.SendLogin("", ToFull);
        }, "login 0000 x2, login 0201, closed"),
        new("L21 a SCSI command in discovery", p => p.Discover().Send(P.ScsiCommand(new byte[6], 1, 1, 0x80, 0)), "reject 04, lives"),
        new("L21 task management in discovery", p => p.Discover().Function(5), "reject 04, lives"),
        new("L21 a Data-Out in discovery", p => p.Discover().Send(P.DataOut(1, 1, 0, 0, new byte[64], final: true)), "reject 04, lives"),
        new("L22 SendTargets=All", p => p.Login().Text("SendTargets=All\0"), $"text {OwnRecord()}, lives"),
        new("L22 SendTargets of nothing", p => p.Login().Text("SendTargets=\0"), $"text {OwnRecord()}, lives"),
        new("L22 SendTargets of another", p => p.Login().Text($"SendTargets={GuardedName}\0"), "reject 09, lives"),
        new("L22 SendTargets=Alle", p => p.Login().Text("SendTargets=Alle\0"), "reject 09, lives"),
        new("L22 sENDtARGETS", p => p.Login().Text("sENDtARGETS=aLL\0"), "reject 04, lives"),
        new("L22 SendTargets twice", p => p.Login().Text("SendTargets=All\0SendTargets=All\0"), "reject 04, lives"),
        new("L22 SendTargets of nothing in discovery", p => p.Discover().Text("SendTargets=\0"), "reject 09, lives"),
        new("L23 a tag nobody gave", p => p.Login().Text("SendTargets=All\0", ttt: 7), "reject 09, lives"),
        new("L23 a tag of a sequence that is over", p =>
        {
            p.Login().Text("Send", flags: 0x40);
            uint tag = p.NextTag();
            p.Text("Targets=All\0", ttt: tag).Next();
            p.Text("SendTargets=All\0", ttt: tag);
        }, $"text 0+, text {OwnRecord()}, reject 09, lives"),
        new("L23 a second sequence takes the place of the first", p =>
        {
            p.Login().Text("Send", flags: 0x40);
            uint tag = p.NextTag();
            p.Text("SendTargets=All\0").Next();
            p.Text("Targets=All\0", ttt: tag);
        }, $"text 0+, text {OwnRecord()}, reject 09, lives"),
        new("L23 F and C", p => p.Login().Text("SendTargets=All\0", flags: 0xc0), "reject 09, lives"),
        new("L23 9000 bytes in many requests", p =>
        {
            string text = string.Concat(Enumerable.Range(0, 60).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-com.example.{i}={new string('v', 140)}\0")));
            uint tag = Pdu.ReservedTag;
            p.Login();
            for (int i = 0; i < text.Length; i += 1000)
            {
                bool last = i + 1000 >= text.Length;
                p.Text(text[i..Math.Min(i + 1000, text.Length)], last ? (byte)0x80 : (byte)0x40, tag);
                tag = p.NextTag();
            }
        }, "text 0+ x9, text 1850, lives"),
        new("L23 more than 64 KiB", p =>
        {
            p.Login();
            uint tag = Pdu.ReservedTag;
            for (int i = 0; i < 8; i++)
            {
                p.Text(new string('X', 8192), 0x40, tag);
                tag = p.NextTag();
            }
            p.Text("X", 0x40, tag);
        }, "text 0+ x8, reject 0a, lives") { AtOnceOnly = true },
    ];

    private static int OwnRecord() => $"TargetName={TestTarget.Name}\0TargetAddress=127.0.0.1:12345,1\0".Length;

    private static string Initiator(int length) => $"InitiatorName=iqn.2026-01.test:{new string('x', length - "iqn.2026-01.test:".Length)}\0TargetName={TestTarget.Name}\0";

    private static byte[] With(byte[] pdu, int at, byte value)
    {
        pdu[at] = value;
        return pdu;
    }

    private static void Twice(Hostile p, int at)
    {
        p.SendLogin(Names, Stay).Next();
        p.Send(With(P.LoginRequest(""), at, 0x55));
    }

    private static void Repeat(Hostile p, int times, Func<int, byte[]> request)
    {
        for (int i = 0; i < times; i++) p.Send(request(i)).Next();
    }

    private static (byte Identifier, byte[] Bytes) Challenge(Hostile p)
    {
        p.SendLogin(GuardedNames + "AuthMethod=CHAP\0", ToOperational).Next();
        string[] answer = Encoding.ASCII.GetString(p.SendLogin("CHAP_A=7\0", Security).Next().Data).Split('\0');
        string Value(string key) => answer.First(a => a.StartsWith(key, StringComparison.Ordinal))[(key.Length + 1)..];
        return (byte.Parse(Value("CHAP_I"), CultureInfo.InvariantCulture), Convert.FromHexString(Value("CHAP_C")[2..]));
    }

    private static void LogInToGuarded(Hostile p)
    {
        (byte identifier, byte[] challenge) = Challenge(p);
        p.SendLogin($"CHAP_N=user\0CHAP_R=0x{Convert.ToHexString(SHA256.HashData([identifier, .. s_secret, .. challenge]))}\0", 0x83).Next();
    }
}
