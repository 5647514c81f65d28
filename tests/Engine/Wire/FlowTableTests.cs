using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

[TestFixture]
public sealed class FlowTableTests
{
    private const long Second = 1_000_000_000;
    private readonly WireOptions _options = new();
    private Talk _talk = null!;

    [SetUp]
    public void SetUp() => _talk = new Talk(_options);

    private ConnectionEnd End => _talk.Only.Ends.Select(e => e.End).SingleOrDefault();

    [TestCase(true, ConnectionEnd.InitiatorFin)]
    [TestCase(false, ConnectionEnd.TargetFin)]
    public void Two_FINs_end_it_and_the_first_tells_who(bool initiatorFirst, ConnectionEnd end)
    {
        _talk.Shake();
        _talk.Say(0, "ab");
        if (initiatorFirst) _talk.Say(2, "", TcpFlags.Fin | TcpFlags.Ack);
        _talk.Answer(0, "cd", TcpFlags.Fin | TcpFlags.Ack, 2);
        if (!initiatorFirst)
        {
            Assert.That(End, Is.EqualTo(ConnectionEnd.None));
            _talk.Say(2, "", TcpFlags.Fin | TcpFlags.Ack);
        }
        Assert.That(End, Is.EqualTo(end));
        _talk.Answer(3, "", heard: 3);
        _talk.Say(5, "late");
        Assert.That((_talk.Recordings.Count, _talk.Only.Text), Is.EqualTo((1, "ab")));
    }

    [Test]
    public void A_FIN_waits_for_what_is_before_it()
    {
        _talk.Shake();
        _talk.Answer(0, "x", TcpFlags.Fin | TcpFlags.Ack);
        _talk.Say(0, "ab");
        _talk.Say(4, "ef", TcpFlags.Fin | TcpFlags.Ack);
        Assert.That(End, Is.EqualTo(ConnectionEnd.None));
        _talk.Say(2, "cd");
        Assert.That((_talk.Only.Text, End), Is.EqualTo(("abcdef", ConnectionEnd.TargetFin)));
    }

    [TestCase(true, ConnectionEnd.InitiatorReset)]
    [TestCase(false, ConnectionEnd.TargetReset)]
    public void A_RST_ends_it_and_what_waited_is_delivered(bool fromInitiator, ConnectionEnd end)
    {
        _talk.Shake();
        _talk.Say(0, "ab");
        _talk.Say(4, "ef");
        if (fromInitiator) _talk.Say(6, "", TcpFlags.Reset);
        else _talk.Answer(0, "", TcpFlags.Reset);
        Assert.That((_talk.Only.Text, End), Is.EqualTo(("ab..ef", end)));
        Assert.That(_talk.Table.Memory.Used, Is.Zero);
    }

    [Test]
    public void A_RST_from_somewhere_else_does_not()
    {
        _talk.Shake();
        _talk.Say(0, "ab");
        _talk.Say(100_000_000, "", TcpFlags.Reset);
        _talk.Say(2, "cd");
        Assert.That((_talk.Only.Text, End), Is.EqualTo(("abcd", ConnectionEnd.None)));
    }

    [Test]
    public void One_direction_alone_is_followed_to_its_FIN()
    {
        _talk.Send(Direction.ToTarget, Talk.InitiatorIsn, flags: TcpFlags.Syn);
        _talk.Say(0, "ab");
        _talk.Say(2, "c", TcpFlags.Fin | TcpFlags.Ack);
        Assert.That((_talk.Only.Text, _talk.Only.SawStart, End), Is.EqualTo(("abc", true, ConnectionEnd.InitiatorFin)));
    }

    [Test]
    public void The_target_s_direction_alone_too()
    {
        _talk.Answer(50, "ab");
        _talk.Answer(52, "cd", TcpFlags.Reset);
        Assert.That((_talk.Only.ToInitiator.Count, _talk.Only.SawStart, End), Is.EqualTo((2, false, ConnectionEnd.TargetReset)));
    }

    [Test]
    public void A_SYN_with_another_number_begins_another_connection()
    {
        _talk.Shake();
        _talk.Say(0, "ab");
        _talk.Shake();
        _talk.Say(2, "cd");
        Assert.That((_talk.Only.Text, End), Is.EqualTo(("abcd", ConnectionEnd.None)), "the same SYN seen again");
        _talk.Send(Direction.ToTarget, 77, flags: TcpFlags.Syn);
        Assert.That(End, Is.EqualTo(ConnectionEnd.Silence));
        _talk.Send(Direction.ToTarget, 78, "xyz"u8);
        Assert.That(_talk.Recordings.Select(r => r.Text), Is.EqualTo(new[] { "abcd", "xyz" }));
    }

    [Test]
    public void Ports_may_be_used_again_right_after_the_end()
    {
        for (int i = 0; i < 3; i++)
        {
            _talk.Send(Direction.ToTarget, (uint)(77 + i), flags: TcpFlags.Syn);
            _talk.Send(Direction.ToTarget, (uint)(78 + i), "a"u8);
            _talk.Send(Direction.ToTarget, (uint)(79 + i), flags: TcpFlags.Reset);
        }
        Assert.That(_talk.Recordings.Select(r => r.Ends.Single().End), Is.All.EqualTo(ConnectionEnd.InitiatorReset).And.Exactly(3).Items);
    }

    [Test]
    public void Silence_ends_what_has_begun_to_end()
    {
        _talk.Shake();
        _talk.Say(0, "ab", TcpFlags.Fin | TcpFlags.Ack);
        _talk.Now += _options.Silence + 1;
        _talk.Client++;
        _talk.Shake();
        Assert.That((End, _talk.Table.Count), Is.EqualTo((ConnectionEnd.InitiatorFin, 1)));
    }

    [Test]
    public void However_long_it_is_silent_it_goes_on_where_it_was([Values] bool swept, [Values] bool targetFirst)
    {
        _talk.Shake();
        _talk.Say(0, "ab");
        _talk.Say(4, "ef");
        _talk.Now += 100 * _options.Silence;
        if (swept)
        {
            _talk.Client++;
            _talk.Shake();
            Assert.That((_talk.Only.Text, _talk.Table.Memory.Used), Is.EqualTo(("ab..ef", 0L)), "what it holds is dropped");
            _talk.Client--;
            _talk.Now += _options.Silence + 1;
        }
        if (targetFirst) _talk.Answer(0, "x", heard: 6);
        _talk.Say(6, "gh");
        Assert.That((_talk.Only.Text, End), Is.EqualTo(("ab..efgh", ConnectionEnd.None)));
    }

    [Test]
    public void What_comes_after_silence_and_does_not_continue_it_is_another_connection()
    {
        _talk.Say(0, "ab");
        _talk.Now += _options.Silence + 1;
        _talk.Say(100_000_000, "cd");
        Assert.That(_talk.Recordings.Select(r => r.Text), Is.EqualTo(new[] { "ab", "cd" }));
        Assert.That(_talk.Recordings[0].Ends.Single().End, Is.EqualTo(ConnectionEnd.Silence));
    }

    [Test]
    public void What_is_known_to_be_iSCSI_gives_way_after_others()
    {
        const int Limit = 100;
        _talk = new Talk(new WireOptions { MaxFlows = Limit });
        _talk.Shake();
        _talk.Say(0, "a");
        _talk.Only.Known = true;
        _talk.Say(1, "b");
        Flood(Limit * 10);
        Assert.That(End, Is.EqualTo(ConnectionEnd.None));
        _talk.Say(2, "c");
        Assert.That(_talk.Only.Text, Is.EqualTo("abc"));
        Flood(Limit * 20);
        Assert.That(End, Is.EqualTo(ConnectionEnd.Silence), "not for ever: all may be");

        void Flood(uint count)
        {
            for (uint i = 0; i < count; i++)
            {
                (_talk.Host, _talk.Client) = (0x0b000000 + i, (ushort)i);
                _talk.Send(Direction.ToTarget, i, flags: TcpFlags.Syn);
            }
            (_talk.Host, _talk.Client) = (0x0a000001, 40000);
        }
    }

    [Test]
    public void At_the_end_of_the_input_a_hole_before_a_FIN_delays_the_end_no_longer()
    {
        _talk.Shake();
        _talk.Answer(0, "x", TcpFlags.Fin | TcpFlags.Ack);
        _talk.Say(0, "ab");
        _talk.Say(4, "ef", TcpFlags.Fin | TcpFlags.Ack);
        _talk.Client++;
        _talk.Shake();
        _talk.Say(4, "open");
        _talk.Table.Finish(_talk.Now);
        Assert.That(_talk.Recordings[0].Text, Is.EqualTo("ab..ef"));
        Assert.That(_talk.Recordings[0].Ends, Is.EqualTo(new[] { (ConnectionEnd.TargetFin, _talk.Now) }));
        Assert.That((_talk.Recordings[1].Text, _talk.Recordings[1].Ends.Count), Is.EqualTo(("....open", 0)));
    }

    [TestCase(true, true)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(false, false)]
    public void It_is_told_when_both_ends_were_heard(bool syn, bool targetAlone)
    {
        if (syn && !targetAlone) _talk.Send(Direction.ToTarget, Talk.InitiatorIsn, flags: TcpFlags.Syn);
        if (syn && targetAlone) _talk.Send(Direction.ToInitiator, Talk.TargetIsn, flags: TcpFlags.Syn | TcpFlags.Ack, acknowledged: Talk.InitiatorIsn + 1);
        if (targetAlone) _talk.Answer(0, "ab");
        else _talk.Say(0, "ab");
        Assert.That(_talk.Only.HeardBoth, Is.False);
        if (targetAlone) _talk.Say(0, "", said: 2);
        else _talk.Answer(0, "", heard: 2);
        Assert.That(_talk.Only.HeardBoth, Is.True);
    }

    [Test]
    public void Joined_in_the_middle_it_begins_with_the_first_bytes()
    {
        _talk.Say(1000, "");
        Assert.That(_talk.Recordings, Is.Empty);
        _talk.Say(1000, "ab");
        _talk.Say(998, "XXab");
        _talk.Say(1002, "cd");
        Assert.That((_talk.Only.Text, _talk.Only.SawStart, _talk.Only.Opened), Is.EqualTo(("abcd", false, _talk.Now)));
    }

    [Test]
    public void A_connection_begins_with_its_SYN()
    {
        _talk.Shake();
        long begun = _talk.Now;
        _talk.Now += Second;
        _talk.Say(0, "ab");
        Assert.That(_talk.Only.Opened, Is.EqualTo(begun));
    }

    [Test]
    public void A_login_is_known_on_every_port_and_its_port_from_then_on()
    {
        _talk.Port = 5003;
        _talk.Say(100, "abcd");
        Assert.That(_talk.Context.Coverage.Foreign, Is.EqualTo(1));
        _talk.Shake();
        _talk.Say(0, "Clogin");
        Assert.That((_talk.Only.Text, _talk.Only.SawStart, _talk.Only.Local), Is.EqualTo(("Clogin", true, "10.0.0.255:5003")));
        _talk.Client++;
        _talk.Answer(100, "abcd");
        Assert.That(_talk.Recordings[^1].ToInitiator, Has.Count.EqualTo(4));
        Assert.That(_talk.Context.Coverage.Foreign, Is.EqualTo(1));
    }

    [Test]
    public void A_login_may_come_in_pieces()
    {
        _talk.Port = 5003;
        _talk.Shake();
        _talk.Say(0, "C");
        _talk.Say(0, "C");
        _talk.Say(1, "log");
        _talk.Say(4, "inX");
        _talk.Say(7, "Y");
        Assert.That(_talk.Only.Text, Is.EqualTo("CloginXY"));
    }

    [Test]
    public void Other_connections_leave_nothing_behind()
    {
        _talk.Port = 80;
        _talk.Shake();
        _talk.Say(0, "GET /");
        Assert.That((_talk.Table.Count, _talk.Context.Coverage.Foreign), Is.EqualTo((0, 4L)));
        _talk.Client++;
        _talk.Shake();
        _talk.Say(0, "C");
        _talk.Answer(0, "220 hello");
        Assert.That((_talk.Table.Count, _talk.Recordings.Count, _talk.Context.Coverage.Foreign), Is.EqualTo((0, 0, 9L)));
    }

    [Test]
    public void What_turns_out_not_to_be_iSCSI_is_left_alone()
    {
        _talk.Shake();
        _talk.Say(0, "ab");
        _talk.Say(4, "ef");
        _talk.Only.Foreign = true;
        _talk.Say(6, "gh");
        Assert.That((_talk.Table.Memory.Used, _talk.Only.Ends.Count), Is.EqualTo((0L, 0)));
        _talk.Say(2, "cd");
        Assert.That((_talk.Only.Text, _talk.Context.Coverage.Foreign), Is.EqualTo(("ab", 4L)));
    }

    [TestCase(3260, 860, "10.0.0.255:860")]
    [TestCase(860, 3260, "10.0.0.1:860")]
    public void Of_two_known_ports_the_SYN_tells_and_else_the_lower_one(int client, int port, string local)
    {
        (_talk.Client, _talk.Port) = ((ushort)client, (ushort)port);
        _talk.Say(0, "ab");
        Assert.That(_talk.Only.Local, Is.EqualTo(local));
        _talk.Shake();
        _talk.Say(0, "ab");
        Assert.That(_talk.Recordings[^1].Local, Is.EqualTo($"10.0.0.255:{port}"));
    }

    [Test]
    public void A_million_connections_take_a_bounded_place_and_the_busy_one_stays()
    {
        const int Limit = 10_000;
        _talk = new Talk(new WireOptions { MaxFlows = Limit });
        _talk.Shake();
        for (uint i = 0; i < 1_000_000; i++)
        {
            (_talk.Host, _talk.Client) = (0x0b000000 + i, (ushort)(i * 7));
            _talk.Send(Direction.ToTarget, i, flags: TcpFlags.Syn);
            if (i % 1000 != 0) continue;
            (_talk.Host, _talk.Client) = (0x0a000001, 40000);
            _talk.Say((int)(i / 1000), "a");
        }
        Assert.That((_talk.Table.Count, _talk.Context.Coverage.Evicted), Is.EqualTo((Limit, 1_000_001L - Limit)));
        Assert.That(_talk.Table.Size, Is.LessThan(100 * 16_384));
        Assert.That((_talk.Only.Text.Length, End), Is.EqualTo((1000, ConnectionEnd.None)));
    }

    [Test]
    public void A_live_connection_that_gives_way_is_closed()
    {
        _talk = new Talk(new WireOptions { MaxFlows = 2 });
        for (ushort i = 0; i < 5; i++)
        {
            _talk.Client = i;
            _talk.Say(0, "ab");
        }
        Assert.That(_talk.Recordings.Count(r => r.Ends.Count == 1), Is.EqualTo(3));
        Assert.That(_talk.Context.Coverage.Evicted, Is.EqualTo(3));
    }

    [Test]
    public void A_packet_allocates_nothing()
    {
        byte[] bytes = new byte[1448];
        _talk.Shake();
        uint at = Talk.InitiatorIsn + 1;
        Round(bytes, ref at);
        long allocated = Allocated.By(() =>
        {
            _talk.Only.ToTarget.Clear();
            _talk.Only.Times.Clear();
            Round(bytes, ref at);
        });
        Assert.That(_talk.Only.ToTarget, Has.Count.EqualTo(4 * 1448));
        Assert.That(allocated, Is.Zero);
    }

    // In order, out of order, again, and acknowledged.
    private void Round(byte[] bytes, ref uint at)
    {
        _talk.Now += 10_000_000;
        _talk.Send(Direction.ToTarget, at, bytes);
        _talk.Send(Direction.ToTarget, at + 2 * 1448, bytes);
        _talk.Send(Direction.ToTarget, at + 3 * 1448, bytes);
        _talk.Send(Direction.ToTarget, at + 1448, bytes);
        _talk.Send(Direction.ToTarget, at, bytes);
        at += 4 * 1448;
        _talk.Send(Direction.ToInitiator, Talk.TargetIsn + 1, acknowledged: at);
    }
}
