using CsCheck;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>One direction, in a table of connections as it is used.</summary>
[TestFixture]
public sealed class TcpStreamTests
{
    private const long Millisecond = 1_000_000;
    private Talk _talk = null!;

    [SetUp]
    public void SetUp()
    {
        _talk = new Talk();
        _talk.Shake();
    }

    [Test]
    public void Bytes_in_order_come_as_they_are()
    {
        _talk.Say(0, "abc");
        _talk.Say(3, "def");
        Assert.That((_talk.Only.Text, _talk.Only.SawStart, _talk.Only.Facts.BytesToTarget), Is.EqualTo(("abcdef", true, 6L)));
        Assert.That((_talk.Only.Local, _talk.Only.Remote), Is.EqualTo(("10.0.0.255:3260", "10.0.0.1:40000")));
    }

    [Test]
    public void What_comes_early_waits_and_what_comes_again_is_dropped()
    {
        _talk.Say(0, "ab");
        _talk.Say(4, "ef");
        _talk.Say(6, "gh");
        Assert.That(_talk.Only.Text, Is.EqualTo("ab"));
        _talk.Say(0, "abcd");
        _talk.Say(5, "XXXij");
        Assert.That((_talk.Only.Text, _talk.Only.Facts.ResentToTarget), Is.EqualTo(("abcdefghij", 5L)));
        Assert.That(_talk.Only.Facts.Retransmits, Is.EqualTo(2), "segments");
    }

    [Test]
    public void Bytes_a_hole_kept_waiting_have_the_time_it_was_filled()
    {
        _talk.Say(0, "a");
        _talk.Say(2, "c");
        _talk.Now += 5;
        _talk.Say(1, "b");
        Assert.That(_talk.Only.Times, Is.EqualTo(new[] { _talk.Now - 5, _talk.Now, _talk.Now }));
    }

    [Test]
    public void A_hole_that_was_acknowledged_is_given_up()
    {
        _talk.Say(0, "ab");
        _talk.Say(5, "fg");
        _talk.Answer(0, "", heard: 7);
        Assert.That(_talk.Only.Text, Is.EqualTo("ab"), "packets of two directions may be captured out of order");
        _talk.Now += TcpStream<Recorder>.Grace;
        _talk.Answer(0, "", heard: 7);
        Assert.That(_talk.Only.Text, Is.EqualTo("ab...fg"));
        Assert.That(_talk.Only.Times[^1], Is.EqualTo(_talk.Now - TcpStream<Recorder>.Grace), "when it was seen");
    }

    [Test]
    public void A_hole_that_nobody_acknowledged_is_given_up_after_a_second()
    {
        _talk.Say(0, "ab");
        _talk.Say(5, "fg");
        _talk.Now += 999 * Millisecond;
        _talk.Say(7, "h");
        Assert.That(_talk.Only.Text, Is.EqualTo("ab"));
        _talk.Now += Millisecond;
        _talk.Say(8, "i");
        Assert.That(_talk.Only.Text, Is.EqualTo("ab...fghi"));
    }

    [Test]
    public void Another_connection_s_packet_is_enough_to_see_that_time_has_passed()
    {
        _talk.Say(0, "ab");
        _talk.Say(5, "fg");
        _talk.Now += 2000 * Millisecond;
        _talk.Client++;
        _talk.Shake();
        Assert.That(_talk.Only.Text, Is.EqualTo("ab...fg"));
    }

    [Test]
    public void The_end_of_what_was_acknowledged_may_be_missing_too()
    {
        _talk.Say(0, "ab");
        _talk.Answer(0, "", heard: 6);
        _talk.Now += TcpStream<Recorder>.Grace;
        _talk.Answer(0, "x", heard: 6);
        Assert.That(_talk.Only.Text, Is.EqualTo("ab...."));
        _talk.Say(6, "g");
        Assert.That(_talk.Only.Text, Is.EqualTo("ab....g"));
    }

    [Test]
    public void A_damaged_acknowledgement_does_no_harm()
    {
        _talk.Say(0, "ab");
        _talk.Answer(0, "", heard: 1 << 29);
        _talk.Now += 2000 * Millisecond;
        _talk.Say(2, "cd");
        Assert.That(_talk.Only.Text, Is.EqualTo("abcd"));
    }

    [Test]
    public void A_damaged_sequence_number_does_no_harm_while_bytes_come_in_order()
    {
        for (int i = 0; i < 30; i++)
        {
            if (i == 5) _talk.Say(1 << 28, "zzz");
            _talk.Say(i, "a");
            _talk.Now += 100 * Millisecond;
        }
        Assert.That(_talk.Only.Text, Is.EqualTo(new string('a', 30)));
    }

    [Test]
    public void Cut_packets_have_holes_of_known_length()
    {
        _talk.Send(Direction.ToTarget, Talk.InitiatorIsn + 1, "ab"u8, length: 5);
        _talk.Send(Direction.ToTarget, Talk.InitiatorIsn + 9, "ij"u8, length: 4);
        _talk.Send(Direction.ToTarget, Talk.InitiatorIsn + 6, "fgh"u8, length: 3);
        Assert.That((_talk.Only.Text, _talk.Only.Facts.BytesToTarget), Is.EqualTo(("ab...fghij..", 12L)));
    }

    [Test]
    public void A_keep_alive_is_nothing()
    {
        _talk.Say(0, "ab");
        _talk.Say(1, "\0");
        _talk.Say(1, "");
        Assert.That((_talk.Only.Text, _talk.Only.Facts.ResentToTarget), Is.EqualTo(("ab", 0L)));
    }

    [Test]
    public void A_probe_of_a_closed_window_is_delivered_once_and_is_no_retransmission()
    {
        _talk.Say(0, "ab");
        _talk.Window = 0;
        _talk.Answer(0, "", heard: 2);
        _talk.Answer(0, "", heard: 2);
        _talk.Window = 500;
        _talk.Say(2, "c");
        _talk.Say(2, "c");
        _talk.Answer(0, "", heard: 3);
        _talk.Say(3, "d");
        Assert.That((_talk.Only.Text, _talk.Only.Facts.ResentToTarget, _talk.Only.Facts.ZeroWindows), Is.EqualTo(("abcd", 0L, 1L)));
    }

    [Test]
    public void Bytes_with_the_SYN_count_and_bytes_after_the_FIN_do_not()
    {
        _talk.Client++;
        _talk.Send(Direction.ToTarget, Talk.InitiatorIsn, "ab"u8, TcpFlags.Syn);
        _talk.Answer(0, "", heard: 2);
        _talk.Say(2, "cd", TcpFlags.Fin | TcpFlags.Ack);
        _talk.Say(3, "dXX");
        _talk.Say(4, "YY");
        Assert.That((_talk.Only.Text, _talk.Only.Facts.ResentToTarget), Is.EqualTo(("abcd", 1L)));
    }

    [TestCase(35, 1)]
    [TestCase(40, 1)]
    [TestCase(200, 1)]
    [TestCase(20, 0)]
    [TestCase(46, 0)]
    [TestCase(211, 0)]
    public void A_delayed_acknowledgement_is_known_by_its_delay(int milliseconds, int count)
    {
        _talk.Say(0, "ab");
        _talk.Now += milliseconds * Millisecond;
        _talk.Answer(0, "", heard: 2);
        _talk.Now += milliseconds * Millisecond;
        _talk.Answer(0, "", heard: 2);
        Assert.That(_talk.Only.Facts.DelayedAcks, Is.EqualTo(count));
    }

    [Test]
    public void The_acknowledgement_of_a_retransmission_is_not_delayed()
    {
        _talk.Say(0, "ab");
        _talk.Now += 200 * Millisecond;
        _talk.Say(0, "ab");
        _talk.Answer(0, "", heard: 2);
        Assert.That((_talk.Only.Facts.DelayedAcks, _talk.Only.Facts.ResentToTarget, _talk.Only.Facts.Retransmits), Is.EqualTo((0L, 2L, 1L)));
    }

    [Test]
    public void A_packet_captured_twice_is_no_retransmission()
    {
        _talk.Say(0, "ab");
        _talk.Again();
        _talk.Say(0, "ab");
        _talk.Say(4, "ef");
        _talk.Again();
        _talk.Say(4, "ef");
        _talk.Answer(0, "");
        _talk.Again();
        _talk.Answer(0, "");
        Assert.That((_talk.Only.Facts.Duplicates, _talk.Only.Facts.ResentToTarget), Is.EqualTo((3L, 0L)));
        _talk.Say(0, "ab");
        _talk.Now += 2 * Millisecond;
        _talk.Again();
        _talk.Say(0, "ab");
        Assert.That((_talk.Only.Facts.Duplicates, _talk.Only.Facts.ResentToTarget), Is.EqualTo((3L, 4L)), "another id, a later time");
    }

    [Test]
    public void After_more_than_3_GiB_were_lost_it_goes_on()
    {
        _talk.Say(0, "ab");
        for (int i = 0; i < 20; i++)
        {
            _talk.Now += 100 * Millisecond;
            _talk.Send(Direction.ToTarget, Talk.InitiatorIsn + 1 - 500_000_000 + (uint)i, "a"u8, acknowledged: Talk.TargetIsn + 1);
        }
        Assert.That((_talk.Only.Text, _talk.Only.Lost), Is.EqualTo(("ab" + new string('a', 13), (1L << 32) - 500_000_000 + 7 - 2)), "the first seven are taken for old");
    }

    [Test]
    public void What_waits_is_bounded_and_the_rest_is_still_true()
    {
        var talk = new Talk(new WireOptions { MaxHeldPerFlow = 16 << 10, MaxHeld = 40 << 10 });
        string text = new([.. Enumerable.Range(0, 64).Select(i => (char)('a' + i % 26))]);
        for (int flow = 0; flow < 4; flow++)
        {
            talk.Client = (ushort)(40000 + flow);
            talk.Shake();
            talk.Say(0, text);
        }
        for (int i = 2; i < 200; i++)
        {
            talk.Client = (ushort)(40000 + i % 4);
            talk.Say(i / 4 * 128 + 64, text);
            Assert.That(talk.Table.Memory.Used, Is.LessThanOrEqualTo(40 << 10));
            Assert.That(talk.Table.Memory.Made, Is.LessThanOrEqualTo(40 << 10));
        }
        talk.Table.Finish(talk.Now);
        Assert.That(talk.Table.Memory.Used, Is.Zero);
        foreach (Recording recording in talk.Recordings)
        {
            Assert.That(recording.ToTarget.Count(b => b != Recording.Hole), Is.EqualTo(recording.Facts.BytesToTarget));
            Assert.That(recording.Text.Split('.', StringSplitOptions.RemoveEmptyEntries).All(t => t.Length % 64 == 0), Is.True);
        }
        Assert.That(talk.Recordings.Sum(r => r.Facts.BytesToTarget), Is.EqualTo((4 + 198) * 64));
    }

    private sealed record Piece(int From, int To, int Order, int Copies, bool Lost, int Back);

    private static readonly Gen<Piece[]> s_pieces =
        Gen.Select(Gen.Int[2, 200], Gen.Int[0, 12], Gen.Int[1, 3], Gen.Int[0, 9], Gen.Int[0, 50]).Array[1, 60].Select(pieces =>
        {
            int at = 0;
            return pieces.Select(((int Length, int Late, int Copies, int Luck, int Back) p, int i) =>
                new Piece(at, at += p.Length, i + p.Late, p.Copies, p.Luck == 0, Math.Min(p.Back, at - p.Length))).ToArray();
        });

    [Test]
    public void Whatever_the_order_every_byte_comes_once() =>
        Gen.Select(s_pieces, Gen.Bool, Gen.UInt[0, 3000]).Sample((pieces, toTarget, isn) => Check(pieces, toTarget, 0u - isn, false));

    [Test]
    public void Whatever_is_lost_exactly_that_is_missing() =>
        Gen.Select(s_pieces, Gen.Bool, Gen.UInt[0, 3000]).Sample((pieces, toTarget, isn) => Check(pieces, toTarget, 0u - isn, true));

    private static bool Check(Piece[] pieces, bool toTarget, uint isn, bool lossy)
    {
        Direction direction = toTarget ? Direction.ToTarget : Direction.ToInitiator, back = toTarget ? Direction.ToInitiator : Direction.ToTarget;
        byte[] stream = [.. Enumerable.Range(0, pieces[^1].To).Select(i => (byte)(i * 7 + i / 256))];
        int[] expected = [.. Enumerable.Repeat(Recording.Hole, stream.Length)];
        var talk = new Talk();
        talk.Send(Direction.ToTarget, isn, flags: TcpFlags.Syn);
        talk.Send(Direction.ToInitiator, isn, flags: TcpFlags.Syn | TcpFlags.Ack, acknowledged: isn + 1);
        var sent = pieces.Where(p => !lossy || !p.Lost)
            .SelectMany(p => Enumerable.Range(0, p.Copies).Select(c => (Piece: p, From: c == 0 ? p.From : p.From - p.Back, Order: p.Order + c * 5)))
            .OrderBy(s => s.Order).ToArray();
        long total = 0;
        foreach ((Piece piece, int from, _) in sent)
        {
            talk.Now += 1000;
            talk.Send(direction, isn + 1 + (uint)from, stream.AsSpan(from..piece.To), acknowledged: isn + 1);
            for (int i = from; i < piece.To; i++) expected[i] = stream[i];
            total += piece.To - from;
        }
        int end = Array.FindLastIndex(expected, b => b != Recording.Hole) + 1;
        if (end == 0) return talk.Recordings.Count == 0;
        talk.Send(back, isn + 1, acknowledged: isn + 1 + (uint)end);
        talk.Now += 3 * Millisecond;
        talk.Send(back, isn + 1, acknowledged: isn + 1 + (uint)end);
        WireFacts facts = talk.Only.Facts;
        long bytes = expected.LongCount(b => b != Recording.Hole);
        return talk.Only.Of(direction).SequenceEqual(expected[..end]) && talk.Table.Memory.Used == 0
            && (toTarget ? facts.BytesToTarget : facts.BytesToInitiator) == bytes
            && (toTarget ? facts.ResentToTarget : facts.ResentToInitiator) == total - bytes;
    }
}
