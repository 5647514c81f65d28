using System.Buffers.Binary;
using Iscsitop.Engine.Wire;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>What commands that ended GOOD tell of reservations (SPC-4 §5.13).</summary>
[TestFixture]
public sealed class SeenReservationsTests
{
    private const int Register = 0, Reserve = 1, Release = 2, Clear = 3, Preempt = 4, RegisterAndIgnore = 6, RegisterAndMove = 7, ReplaceLost = 8;
    private const byte SpecifyPorts = 8;

    private static readonly RegistrantInfo s_a = new("iqn.2026-11.example:a", "800000000001", 0), s_b = new("iqn.2026-11.example:b", "800000000002", 0);
    private static readonly RegistrantInfo s_c = new("iqn.2026-11.example:c", "800000000003", 0);

    private SeenReservations _seen = SeenReservations.Unknown;

    private static byte[] List(ulong key, ulong action, byte flags = 0, params byte[][] ids)
    {
        byte[] list = new byte[24];
        BinaryPrimitives.WriteUInt64BigEndian(list, key);
        BinaryPrimitives.WriteUInt64BigEndian(list.AsSpan(8), action);
        list[20] = flags;
        byte[] all = [.. ids.SelectMany(i => i)];
        return ids.Length == 0 ? list : [.. list, 0, 0, 0, (byte)all.Length, .. all];
    }

    private static byte[] Id(RegistrantInfo of)
    {
        string port = $"{of.Initiator},i,0x{of.Isid}";
        byte[] id = new byte[TransportId.Length(port)];
        TransportId.Write(id, port);
        return id;
    }

    private static byte[] Answer(uint generation, params byte[][] parts)
    {
        byte[] all = [.. parts.SelectMany(p => p)], data = new byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(data, generation);
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(4), (uint)all.Length);
        return [.. data, .. all];
    }

    private static byte[] Key(ulong key)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, key);
        return bytes;
    }

    private static byte[] Held(ulong key, byte type) => [.. Key(key), 0, 0, 0, 0, 0, type, 0, 0];

    private static byte[] Full(ulong key, RegistrantInfo of, byte type = 0)
    {
        byte[] head = [.. Key(key), 0, 0, 0, 0, (byte)(type == 0 ? 0 : 1), type, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], id = Id(of);
        head[23] = (byte)id.Length;
        return [.. head, .. id];
    }

    private SeenReservationsTests Out(int action, RegistrantInfo by, ulong key = 0, ulong actionKey = 0, byte type = 0, byte flags = 0, params byte[][] ids)
    {
        _seen = _seen.Out(action, type, by, List(key, actionKey, flags, ids), whole: true);
        return this;
    }

    private string Registrants => string.Join(' ', _seen.Registrants.Select(r => $"{r.Initiator.Split(':')[^1]}={r.Key:x}"));

    private string Holder => _seen.Type == 0 ? "-" : $"{_seen.Type} {(_seen.Holder is { } h ? $"{h.Initiator.Split(':')[^1]}={h.Key:x}" : "all")}";

    private void IsNow(string registrants, string holder, bool complete = true) =>
        Assert.That((Registrants, Holder, _seen.Complete), Is.EqualTo((registrants, holder, complete)));

    /// <summary>a has key 1, b has key 2, and everything is known.</summary>
    private SeenReservationsTests Known(string held = "")
    {
        _seen = SeenReservations.Unknown.FullStatus(Answer(10, Full(1, s_a, held == "a" ? (byte)1 : held == "all" ? (byte)7 : (byte)0), Full(2, s_b, held == "all" ? (byte)7 : (byte)0)));
        return this;
    }

    [TearDown]
    public void TearDown() => _seen = SeenReservations.Unknown;

    [Test]
    public void All_that_is_told_is_known()
    {
        Known("a").IsNow("a=1 b=2", "1 a=1");
        Known("all").IsNow("a=1 b=2", "7 all");
        Assert.That(_seen.Generation, Is.EqualTo(10));
        _seen = SeenReservations.Unknown.FullStatus(Answer(10, Full(1, s_a)).AsSpan(0, 60));
        IsNow("", "-", complete: false);
    }

    [Test]
    public void What_was_seen_alone_is_not_all()
    {
        Out(Register, s_a, 0, 1).Out(Reserve, s_a, 1, type: 3).IsNow("a=1", "3 a=1", complete: false);
        Out(RegisterAndIgnore, s_b, 99, 2).IsNow("a=1 b=2", "3 a=1", complete: false);
        Assert.That(_seen.Generation, Is.EqualTo(-1));
    }

    [Test]
    public void Keys_change_and_the_holder_with_them()
    {
        Known("a").Out(Register, s_a, 1, 7).IsNow("a=7 b=2", "1 a=7");
        Out(RegisterAndIgnore, s_a, 0, 8).IsNow("a=8 b=2", "1 a=8");
        Assert.That(_seen.Generation, Is.EqualTo(12));
    }

    [Test]
    public void A_reservation_ends_with_the_registration_of_its_last_holder()
    {
        Known("a").Out(Register, s_b, 2).IsNow("a=1", "1 a=1");
        Out(Register, s_a, 1).IsNow("", "-");
        Known("all").Out(Register, s_a, 1).IsNow("b=2", "7 all");
        Out(RegisterAndIgnore, s_b).IsNow("", "-");
    }

    [Test]
    public void Release_is_the_holders_and_CLEAR_is_anybodys()
    {
        Known("a").Out(Release, s_b, 2, type: 1).IsNow("a=1 b=2", "1 a=1");
        Out(Release, s_a, 1, type: 1).IsNow("a=1 b=2", "-");
        Assert.That(_seen.Generation, Is.EqualTo(10), "RESERVE and RELEASE do not count");
        Known("a").Out(Clear, s_b, 2).IsNow("", "-");
        Assert.That(_seen.Generation, Is.EqualTo(11));
    }

    [Test]
    public void Preempting_takes_away_what_the_key_names()
    {
        Known("a").Out(Preempt, s_b, 2, 1, type: 3).IsNow("b=2", "3 b=2");
        Known("a").Out(Preempt, s_a, 1, 2, type: 3).IsNow("a=1", "1 a=1");
        Known("a").Out(Preempt, s_a, 1, 1, type: 3).IsNow("a=1 b=2", "3 a=1");
        Known().Out(Preempt, s_a, 1, 1, type: 3).IsNow("b=2", "-");
        Known("all").Out(Preempt, s_a, 1, 0, type: 5).IsNow("a=1", "5 a=1");
        Known("all").Out(Preempt, s_a, 1, 2, type: 5).IsNow("a=1", "7 all");
    }

    [Test]
    public void Preempting_what_was_not_seen_leaves_it_open_who_holds()
    {
        Out(Register, s_a, 0, 1).Out(Register, s_b, 0, 2).Out(Preempt, s_a, 1, 2, type: 3).IsNow("a=1", "-", complete: false);
        Assert.That(_seen.KnowsType, Is.False);
    }

    [Test]
    public void A_reservation_moves()
    {
        byte[] list = [.. Key(1), .. Key(9), 0, 0, 0, 1, 0, 0, 0, (byte)Id(s_c).Length, .. Id(s_c)];
        Known("a");
        _seen = _seen.Out(RegisterAndMove, 0, s_a, list, true);
        IsNow("a=1 b=2 c=9", "1 c=9");
        list[17] = 2;
        Known("a");
        _seen = _seen.Out(RegisterAndMove, 0, s_a, list, true);
        IsNow("b=2 c=9", "1 c=9");
    }

    [Test]
    public void A_registration_may_name_others()
    {
        Known().Out(Register, s_c, 0, 5, flags: SpecifyPorts, ids: [Id(s_c with { Isid = "800000000009" })]);
        IsNow("a=1 b=2 c=5 c=5", "-");
        Known();
        _seen = _seen.Out(Register, 0, s_c, List(0, 5, SpecifyPorts, Id(s_a)).AsSpan(0, 40), whole: false);
        IsNow("a=1 b=2 c=5", "-", complete: false);
    }

    [Test]
    public void A_lost_reservation_is_replaced() => Known("a").Out(ReplaceLost, s_b, 0, 4, type: 1).IsNow("b=4", "1 b=4");

    [Test]
    public void Keys_alone_have_no_names_until_one_is_proven()
    {
        _seen = _seen.Keys(Answer(3, Key(1), Key(2), Key(2))).Reservation(Answer(3, Held(1, 5)));
        IsNow("=1 =2 =2", "5 =1", complete: false);
        Out(Release, s_b, 2, type: 5).IsNow("=1 b=2 =2", "5 =1", complete: false);
        Out(Reserve, s_a, 1, type: 5).IsNow("a=1 b=2 =2", "5 a=1", complete: false);
        _seen = _seen.Keys(Answer(4, Key(2), Key(3)));
        IsNow("b=2 =3", "-", complete: false);
        _seen = _seen.Keys(Answer(4));
        IsNow("", "-");
    }

    [Test]
    public void The_only_one_with_the_holders_key_is_the_holder()
    {
        _seen = Known()._seen.Reservation(Answer(10, Held(2, 3)));
        IsNow("a=1 b=2", "3 b=2");
        _seen = SeenReservations.Unknown;
        Out(Register, s_a, 0, 1);
        _seen = _seen.Reservation(Answer(10, Held(1, 3)));
        IsNow("a=1", "3 =1", complete: false);
        _seen = _seen.Reservation(Answer(10));
        IsNow("a=1", "-", complete: false);
    }

    [Test]
    public void Of_several_without_a_name_that_have_one_key_those_stay_that_are_left()
    {
        _seen = _seen.Keys(Answer(3, Key(2), Key(2), Key(2)));
        _seen = _seen.Keys(Answer(4, Key(2), Key(2)));
        IsNow("=2 =2", "-", complete: false);
    }

    [Test]
    public void Who_releases_with_the_key_of_a_holder_without_a_name_held_it()
    {
        _seen = _seen.Reservation(Answer(3, Held(1, 5)));
        Out(Release, s_a, 1, type: 5).IsNow("a=1", "-", complete: false);
        Assert.That(_seen.KnowsType, Is.False);
    }

    [Test]
    public void After_what_was_missed_a_key_is_nobodys_for_certain()
    {
        _seen = Known()._seen.Reservation(Answer(12, Held(2, 3)));
        IsNow("a=1 b=2", "3 =2", complete: false);
    }

    [Test]
    public void Where_the_holder_has_gone_unseen_it_is_open_who_holds()
    {
        _seen = Known("a")._seen.Keys(Answer(11, Key(2)));
        IsNow("b=2", "-", complete: false);
        Assert.That(_seen.KnowsType, Is.False);
        Known("a").Out(Register, s_a, 0, 7).IsNow("b=2 a=7", "-", complete: false);
        Assert.That(_seen.KnowsType, Is.False);
    }

    [Test]
    public void Another_generation_than_was_counted_says_that_something_was_missed()
    {
        _seen = Known()._seen.Keys(Answer(10, Key(1), Key(2)));
        IsNow("a=1 b=2", "-");
        _seen = _seen.Keys(Answer(12, Key(1), Key(2)));
        IsNow("a=1 b=2", "-", complete: false);
    }

    [Test]
    public void GOOD_contradicts_what_was_believed()
    {
        Known().Out(Reserve, s_a, 7, type: 1).IsNow("a=7 b=2", "1 a=7", complete: false);
        Known().Out(Register, s_a, 0, 7).IsNow("b=2 a=7", "-", complete: false);
        Known().Out(Reserve, s_c, 7, type: 1).IsNow("a=1 b=2 c=7", "1 c=7", complete: false);
    }

    [TestCase(Register, "a=1 b=2", "1 a=1", false)]
    [TestCase(Reserve, "a=1 b=2", "3 a=1", true)]
    [TestCase(Release, "a=1 b=2", "-", true)]
    [TestCase(Clear, "", "-", true)]
    [TestCase(Preempt, "a=1 b=2", "1 a=1", false)]
    public void Without_its_list_a_command_says_what_it_can(int action, string registrants, string holder, bool complete)
    {
        Known("a");
        _seen = _seen.Out(action, 3, s_a, [], whole: false);
        IsNow(registrants, holder, complete);
    }

    [Test]
    public void RESERVE_of_old_is_the_nexuss_and_ends_with_it()
    {
        _seen = _seen.ReserveOfOld(s_a);
        Assert.That((_seen.Legacy, _seen.Holder), Is.EqualTo((true, (RegistrantInfo?)s_a)));
        Assert.That(_seen.ReleaseOfOld(s_b), Is.SameAs(_seen));
        Assert.That(_seen.ReleaseOfOld(s_a) is { Legacy: false, Holder: null });
        Assert.That(_seen.WithoutLegacy() is { Legacy: false, Holder: null });
        Assert.That(Known()._seen.ReserveOfOld(s_a), Is.SameAs(_seen), "beside registrations it does nothing");
    }

    [Test]
    public void More_registrants_than_are_told_are_not_all()
    {
        for (ulong i = 0; i < 300; i++) Out(Register, new RegistrantInfo("iqn.2026-11.example:x", $"{i:x12}", 0), 0, i + 1);
        Assert.That((_seen.Registrants.Length, _seen.HasAllKeys), Is.EqualTo((ReservationInfo.MostRegistrants, false)));
    }

    [Test]
    public void Garbage_says_nothing()
    {
        var random = new Random(5);
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[random.Next(100)];
            random.NextBytes(bytes);
            if (bytes.Length > 8 && i % 2 == 0) BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4), bytes.Length - 8);
            SeenReservations now = Known("a")._seen;
            Assert.DoesNotThrow(() =>
            {
                now = now.Keys(bytes).Reservation(bytes).FullStatus(bytes).Out(i % 32, (byte)(i % 16), s_a, bytes, i % 3 == 0);
            });
            Assert.That(now.Registrants, Has.Length.LessThanOrEqualTo(ReservationInfo.MostRegistrants));
        }
    }
}
