using CsCheck;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class PduStreamTests
{
    private static readonly (Direction Direction, byte[] Pdu)[] s_kinds = [.. Pdus.Kinds()];
    private static readonly string[] s_reference = [.. Play(s_kinds, (_, pdu) => [pdu.Length])];

    private static IEnumerable<int> Numbers => Enumerable.Range(0, s_kinds.Length);

    [Test]
    public void Every_kind_of_PDU_fires_once_with_what_it_carries()
    {
        Assert.That(s_reference, Has.Length.EqualTo(s_kinds.Length - 2), "SNACK and Reject have no probe");
        Assert.That(s_reference[0], Does.StartWith($"scsi-command 3 {Pdus.Target} {Pdus.Initiator} "));
        Assert.That(s_reference[1], Does.StartWith("data-send 3 "), "the command's LUN");
        Assert.That(s_reference[7], Does.EndWith(Convert.ToHexString([.. Enumerable.Range(16, 16).Select(i => (byte)i)])), "the CDB beyond its 16th byte");
        Assert.That(s_reference[8], Does.EndWith(Convert.ToHexString(Pdus.Random(18, 5))), "sense data");
        Assert.That(s_reference[10], Does.EndWith(" " + Convert.ToHexString(Pdus.Random(90, 6)[..32])), "the begin of long sense data");
    }

    [TestCaseSource(nameof(Numbers))]
    public void A_PDU_cut_anywhere_into_two_or_three_fires_the_same(int number)
    {
        int length = s_kinds[number].Pdu.Length;
        for (int first = 1; first < length; first++)
        {
            Assert.That(Play(s_kinds, (i, pdu) => i == number ? [first] : [pdu.Length]), Is.EqualTo(s_reference), $"cut at {first}");
            for (int second = first + 1; second < length; second += 5)
                Assert.That(Play(s_kinds, (i, pdu) => i == number ? [first, second] : [pdu.Length]), Is.EqualTo(s_reference), $"cut at {first} and {second}");
        }
    }

    [Test]
    public void Any_conversation_cut_in_any_way_fires_the_same([Values] bool header, [Values] bool data)
    {
        string digests = $"HeaderDigest={(header ? "CRC32C" : "None")}\0DataDigest={(data ? "CRC32C" : "None")}\0";
        Gen.Select(Gen.Int[0, s_kinds.Length - 1].Array[1, 30], Gen.Int[1, 90].Array[1, 40]).Sample((order, cuts) =>
        {
            (Direction, byte[])[] pdus = [.. order.Select(i => (s_kinds[i].Direction, Pdus.Digested(s_kinds[i].Pdu, header, data)))];
            WireRig whole = WireRig.LoggedIn(digests, digests), cut = WireRig.LoggedIn(digests, digests);
            foreach ((Direction direction, byte[] pdu) in pdus) whole.Send(direction, pdu);
            int next = 0;
            foreach ((Direction direction, byte[] run) in Runs(pdus))
            {
                for (int at = 0; at < run.Length;)
                {
                    int count = Math.Min(run.Length - at, cuts[next++ % cuts.Length]);
                    cut.Send(direction, run.AsSpan(at, count));
                    at += count;
                }
            }
            List<string> events = whole.Events();
            Assert.That(cut.Events(), Is.EqualTo(events));
            Assert.That(events, Has.Count.EqualTo(pdus.Count(p => Pdu.ProbeBit(p.Item2[0]) != 0)));
            Assert.That(cut.Connection.Facts is { HeaderDigestErrors: 0, DataDigestErrors: 0, Resyncs: 0 });
        }, iter: 200);
    }

    [Test]
    public void A_request_has_the_time_of_its_last_byte_a_response_that_of_its_first()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] write = Pdus.Command(1, 101, 0x2a, 0, 100, 0xa1, new byte[99]), response = Pdus.Response(1, 102, 2, new byte[18]);
        rig.Now = 5000;
        rig.ToTarget(write[..40], write[40..100], write[100..^1], write[^1..]).ToInitiator(response[..20], response[20..60], response[60..]);
        Assert.That(rig.Events(times: true).Select(e => e.Split(' ')[0]), Is.EqualTo(new[] { "5003", "5004" }));
    }

    [Test]
    public void Data_in_fires_at_its_header()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] data = Pdus.DataIn(1, 101, new byte[4096]);
        rig.ToTarget(Pdus.Command(1, 101)).ToInitiator(data[..48]);
        Assert.That(rig.Events(), Has.Count.EqualTo(2));
        rig.ToInitiator(data[48..], Pdus.Response(2, 102));
        Assert.That(rig.Events(), Has.Count.EqualTo(1));
    }

    [Test]
    public void A_gap_within_data_costs_nothing()
    {
        byte[] write = Pdus.Command(1, 101, 0x2a, 0, 100, 0xa1, Pdus.Random(100, 1)), next = Pdus.Command(2, 102);
        for (int from = 48; from < write.Length; from++)
        {
            for (int to = from + 1; to <= write.Length; to += 3)
            {
                WireRig rig = WireRig.LoggedIn();
                rig.ToTarget(write[..from]);
                rig.Connection.Missing(Direction.ToTarget, to - from, 1);
                rig.ToTarget(write[to..], next);
                Assert.That(rig.Events(), Has.Count.EqualTo(2), $"{from} to {to}");
                Assert.That(rig.Connection.Facts.Resyncs, Is.Zero);
            }
        }
    }

    [Test]
    public void A_gap_in_a_header_costs_that_PDU_and_invents_none([Values(1, 20, 48, 60, 200)] int length)
    {
        byte[][] pdus = [.. Enumerable.Range(0, 12).Select(i => Pdus.Command((uint)i + 1, (uint)i + 101, 0x2a, 0, 100, 0xa1, Pdus.Random(100, i)))];
        byte[] all = [.. pdus.SelectMany(p => p)];
        HashSet<string> real = [.. Alone(pdus)];
        for (int from = 0; from < 150; from++)
        {
            WireRig rig = WireRig.LoggedIn();
            rig.ToTarget(all[..from]);
            rig.Connection.Missing(Direction.ToTarget, length, 1);
            foreach (byte[] segment in all[(from + length)..].Chunk(77)) rig.ToTarget(segment);
            List<string> events = rig.Events();
            Assert.That(events, Is.SubsetOf(real).And.Unique, $"at {from}");
            int hurt = (from + length - 1) / 148 - from / 148 + 1;
            Assert.That(events, Has.Count.AtLeast(12 - hurt - 1), $"at {from}");
        }
    }

    [Test]
    public void What_the_snap_length_cuts_is_counted_not_lost([Values(48, 62, 66)] int payload)
    {
        WireRig rig = WireRig.LoggedIn();
        for (uint i = 0; i < 50; i++)
        {
            Cut(rig, Direction.ToTarget, Pdus.Command(i, i + 101), payload);
            byte[] data = Pdus.DataIn(i, i + 101, Pdus.Random(4096, (int)i));
            foreach (byte[] segment in data.Chunk(1448)) Cut(rig, Direction.ToInitiator, segment, payload);
        }
        Assert.That(rig.Events(), Has.Count.EqualTo(100));
        Assert.That(rig.Connection.Facts.Resyncs, Is.Zero);
    }

    [Test]
    public void A_header_cut_after_its_lengths_costs_only_itself()
    {
        WireRig rig = WireRig.LoggedIn();
        Cut(rig, Direction.ToTarget, Pdus.Command(1, 101, 0x2a, 0, 100, 0xa1, new byte[100]), 30);
        rig.ToTarget(Pdus.Command(2, 102));
        Assert.That(rig.Events(), Has.Count.EqualTo(1));
        Assert.That(rig.Connection.Facts.Resyncs, Is.Zero);
    }

    [Test]
    public void A_damaged_header_fires_nothing_and_damaged_data_does()
    {
        const string both = "HeaderDigest=CRC32C\0DataDigest=CRC32C\0";
        WireRig rig = WireRig.LoggedIn(both, both);
        byte[] Write(uint i) => Pdus.Digested(Pdus.Command(i, 100 + i, 0x2a, 0, 100, 0xa1, Pdus.Random(100, (int)i)));
        byte[] head = Write(1), data = Write(2);
        head[20] ^= 1;
        data[70] ^= 1;
        rig.ToTarget(head, data, Write(3), Write(4));
        Assert.That(rig.Events(), Has.Count.EqualTo(3));
        Assert.That((rig.Connection.Facts.HeaderDigestErrors, rig.Connection.Facts.Resyncs), Is.EqualTo((1L, 1L)));
        rig.ToTarget(data);
        Assert.That(rig.Connection.Facts.DataDigestErrors, Is.EqualTo(1));
        rig.Connection.Close(ConnectionEnd.InitiatorFin, rig.Now);
        Assert.That(rig.LastChange().End, Is.EqualTo(ConnectionEnd.Digest));
    }

    [Test]
    public void Nothing_is_allocated_for_a_PDU()
    {
        WireRig rig = WireRig.LoggedIn();
        byte[] read = Pdus.Command(1, 101), data = Pdus.DataIn(1, 101, new byte[4096]);
        byte[] write = Pdus.Command(2, 102, 0x2a, 0, 512, 0xa1, new byte[512]), response = Pdus.Response(2, 102, 2, new byte[18]);
        int rounds = 0;
        Assert.That(Allocated.By(() =>
        {
            int i = rounds++;
            Span<byte> tag = write.AsSpan(16, 4);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(tag, i + 5);
            tag.CopyTo(response.AsSpan(16));
            rig.Connection.Bytes(Direction.ToTarget, read, i);
            rig.Connection.Bytes(Direction.ToInitiator, data.AsSpan(0, 1448), i);
            rig.Connection.Bytes(Direction.ToInitiator, data.AsSpan(1448), i);
            rig.Connection.Bytes(Direction.ToTarget, write.AsSpan(0, 30), i);
            rig.Connection.Bytes(Direction.ToTarget, write.AsSpan(30), i);
            rig.Connection.Bytes(Direction.ToInitiator, response, i);
        }), Is.Zero);
        Assert.That(rig.Events(), Has.Count.EqualTo(rounds * 4));
    }

    [Test]
    public void No_input_makes_it_throw()
    {
        Gen.Select(Gen.Bool, Gen.Select(Gen.Int[0, 3], Gen.Int[0, 200], Gen.Int[0, 1000]).Array[1, 60]).Sample((sawStart, steps) =>
        {
            var rig = new WireRig(sawStart);
            if (sawStart) rig.Login("HeaderDigest=CRC32C\0", "HeaderDigest=CRC32C\0");
            foreach ((int what, int length, int seed) in steps)
            {
                var direction = (Direction)(seed & 1);
                byte[] pdu = [.. s_kinds[seed % s_kinds.Length].Pdu];
                if (what == 0) rig.Send(direction, Pdus.Random(length, seed));
                if (what == 1) rig.Connection.Missing(direction, length, rig.Now);
                if (what == 2) rig.Send(direction, pdu);
                if (what != 3) continue;
                pdu[length % pdu.Length] ^= (byte)(1 << (seed & 7));
                rig.Send(direction, pdu);
            }
            rig.Connection.Close(ConnectionEnd.Silence, rig.Now);
            Assert.That(rig.Provider.Ring!.Drops, Is.Zero);
        }, iter: 3000);
    }

    private static void Cut(WireRig rig, Direction direction, ReadOnlySpan<byte> segment, int payload)
    {
        rig.Send(direction, segment[..Math.Min(payload, segment.Length)]);
        if (segment.Length > payload) rig.Connection.Missing(direction, segment.Length - payload, rig.Now);
    }

    private static List<string> Alone(byte[][] pdus) => WireRig.LoggedIn().ToTarget(pdus).Events();

    private static List<string> Play((Direction Direction, byte[] Pdu)[] pdus, Func<int, byte[], int[]> cuts)
    {
        WireRig rig = WireRig.LoggedIn();
        for (int i = 0; i < pdus.Length; i++)
        {
            int at = 0;
            foreach (int cut in cuts(i, pdus[i].Pdu).Append(pdus[i].Pdu.Length))
            {
                if (cut > at) rig.Send(pdus[i].Direction, pdus[i].Pdu.AsSpan(at, cut - at));
                at = Math.Max(at, cut);
            }
        }
        return rig.Events();
    }

    private static IEnumerable<(Direction, byte[])> Runs((Direction Direction, byte[] Pdu)[] pdus)
    {
        for (int i = 0; i < pdus.Length;)
        {
            int first = i;
            while (i < pdus.Length && pdus[i].Direction == pdus[first].Direction) i++;
            yield return (pdus[first].Direction, [.. pdus[first..i].SelectMany(p => p.Pdu)]);
        }
    }
}
