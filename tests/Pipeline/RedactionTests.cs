using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Tests.Engine;
using Capture = Iscsitop.Engine.Sources.Capture;

namespace Iscsitop.Tests.Pipeline;

/// <summary>What is written of packets that the decoder does not get in place: nothing that tells of anybody.</summary>
[TestFixture]
public sealed partial class RedactionTests
{
    private static readonly CaptureWriterOptions s_anonymize = new() { Anonymize = true };

    /// <summary>What becomes of a list of packets on its way.</summary>
    public enum Way
    {
        Straight,
        Doubled,
        ResentAtOnce,
        ResentLater,
        Backwards,
        Split,
        SplitAndDoubled,
        Fragments,
        JoinedLate,
    }

    [Test]
    public void No_secret_or_name_of_a_login_is_written_whichever_way_it_came([Values] Way way)
    {
        List<Sample> packets = Packets.Of(Corpus.Read("chap.pcap"));
        string[] secrets = [.. packets.SelectMany(p => Pairs().Matches(Encoding.Latin1.GetString(p.Bytes))).Select(m => m.Groups[1].Value).Where(v => v != "All").Distinct()];
        Assert.That(secrets, Has.Length.GreaterThan(1), "the test itself");
        List<Sample> changed = Change(packets, way);
        string written = string.Concat(Packets.Of(Write(Packets.Pcap(changed), s_anonymize)).Select(p => Encoding.Latin1.GetString(p.Bytes)));
        foreach (string secret in secrets)
            Assert.That(written, Does.Not.Contain(secret).And.Not.Contain(secret[..(secret.Length / 2 + 1)]), secret);
    }

    [Test]
    public void User_data_that_came_in_place_stays([Values("both-digests.pcap", "header-digest.pcap")] string name, [Values(0, 100, 1448)] int most)
    {
        List<Sample> packets = Packets.Of(Corpus.Read(name));
        if (most > 0) packets = Packets.Split(packets, most);
        List<Sample> written = Packets.Of(Write(Packets.Pcap(packets), s_anonymize));
        int data = 0;
        for (int i = 0; i < packets.Count; i++)
        {
            // All of it from the first command on: the login is over.
            if (Packets.Payload(packets[i], 3260) is not { } payload || (data == 0 && (payload.Bytes[0] & 0x3f) != (int)Opcode.ScsiCommand)) continue;
            Assert.That(Convert.ToHexString(written[i].Bytes[^payload.Bytes.Length..]), Is.EqualTo(Convert.ToHexString(payload.Bytes)), $"packet {i}");
            data += payload.Bytes.Length;
        }
        Assert.That(data, Is.GreaterThan(5000));
    }

    private static List<Sample> Change(List<Sample> packets, Way way) => way switch
    {
        Way.Doubled => [.. packets.SelectMany(p => new[] { p, p })],
        Way.ResentAtOnce => [.. packets.SelectMany(p => new[] { p, Resent(p) })],
        Way.ResentLater => [.. packets, .. packets.Select(Resent)],
        Way.Backwards => [.. packets.AsEnumerable().Reverse().Select((p, i) => p with { Time = packets[i].Time })],
        Way.Split => Packets.Split(packets, 37),
        Way.SplitAndDoubled => [.. Packets.Split(packets, 37).SelectMany(p => new[] { p, Resent(p) })],
        Way.Fragments => [.. packets.SelectMany(Fragments)],
        Way.JoinedLate => packets[4..],
        _ => packets,
    };

    // Another IP id, as a sender that sends again has. The captures are of Ethernet and IPv4.
    private static Sample Resent(Sample packet)
    {
        byte[] bytes = [.. packet.Bytes];
        bytes[14 + 4] ^= 0x55;
        return packet with { Bytes = bytes };
    }

    private static IEnumerable<Sample> Fragments(Sample packet)
    {
        const int Ip = 14, Header = Ip + 20, Most = 64;
        for (int at = Header; at < packet.Bytes.Length; at += Most)
        {
            byte[] bytes = [.. packet.Bytes[..Header], .. packet.Bytes[at..Math.Min(at + Most, packet.Bytes.Length)]];
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(Ip + 2), (ushort)(bytes.Length - Ip));
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(Ip + 6), (ushort)((at - Header) / 8 | (at + Most < packet.Bytes.Length ? 0x2000 : 0)));
            yield return packet with { Bytes = bytes, Length = bytes.Length };
        }
    }

    private static byte[] Write(byte[] packets, CaptureWriterOptions options)
    {
        var to = new MemoryStream();
        using (var capture = new Capture(CaptureFile.OpenStream(new MemoryStream(packets), "capture"), new WireOptions(), new CaptureWriter(to, "memory", options)))
        {
            capture.Begin(0);
            while (capture.Pump(0) != Pumped.End)
            {
            }
            capture.Finish();
        }
        return to.ToArray();
    }

    [GeneratedRegex(@"(?:CHAP_[NCR]|InitiatorName|TargetName|InitiatorAlias|TargetAlias|TargetAddress|SendTargets)=([^\0]{3,})", RegexOptions.CultureInvariant)]
    private static partial Regex Pairs();
}
