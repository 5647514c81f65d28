using System.Buffers.Binary;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class ReservationsTests
{
    private const int Register = 0, Reserve = 1, Release = 2, Clear = 3, Preempt = 4, PreemptAndAbort = 5, Ignore = 6, Move = 7;
    private const int Persist = 0x01, AllPorts = 0x04, SpecifyPorts = 0x08;
    private const ScsiStatus Good = ScsiStatus.Good, Conflict = ScsiStatus.ReservationConflict, Check = ScsiStatus.CheckCondition;

    private static readonly int[] s_types = [1, 3, 5, 6, 7, 8];

    private Rig _rig = null!;
    private Nexus _a = null!, _b = null!, _c = null!;

    [SetUp]
    public void Start()
    {
        _rig = new Rig();
        (_a, _b, _c) = (Attach("a"), Attach("b"), Attach("c"));
    }

    [TearDown]
    public void Stop() => _rig.Dispose();

    [Test]
    public void Registering_takes_the_key_a_nexus_has([Values] bool other)
    {
        Assert.Multiple(() =>
        {
            Assert.That(Out(_a, Register, key: 1, action: 2), Is.EqualTo(Conflict), "it has none yet");
            Assert.That(Out(_a, Register, action: 0), Is.EqualTo(Good), "nothing to do");
            Assert.That(Keys(_a), Is.EqualTo("00000000"));
            Assert.That(Out(_a, Register, action: 0xa), Is.EqualTo(Good));
            if (other) Assert.That(Out(_b, Register, action: 0xa), Is.EqualTo(Good), "two may choose the same");
            Assert.That(Out(_a, Register, key: 0xb, action: 0xc), Is.EqualTo(Conflict));
            Assert.That(Out(_a, Register, key: 0xa, action: 0xc), Is.EqualTo(Good));
            Assert.That(Keys(_c), Is.EqualTo(other ? "00000003 c a" : "00000002 c"));
            Assert.That(Out(_a, Ignore, key: 0x77, action: 0xd), Is.EqualTo(Good));
            Assert.That(Out(_a, Register, key: 0xd, action: 0), Is.EqualTo(Good));
            Assert.That(Keys(_c), Is.EqualTo(other ? "00000005 a" : "00000004"));
        });
    }

    [Test]
    public void Read_keys_keeps_its_length_when_it_is_cut()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Run(_c, "5E 00 00 00 00 00 00 00 08");
        Assert.That(Convert.ToHexString(_rig.DataIn), Is.EqualTo("0000000200000010"));
    }

    [TestCaseSource(nameof(s_types))]
    public void A_reservation_is_read_back(int type)
    {
        Out(_a, Register, action: 0x1234);
        Assert.Multiple(() =>
        {
            Assert.That(In(1), Is.EqualTo("0000000100000000"));
            Assert.That(Out(_b, Reserve, type), Is.EqualTo(Conflict), "who has not registered cannot");
            Assert.That(Out(_a, Reserve, type, key: 1), Is.EqualTo(Conflict), "nor with a wrong key");
            Assert.That(Out(_a, Reserve, type, key: 0x1234), Is.EqualTo(Good));
            Assert.That(Out(_a, Reserve, type, key: 0x1234), Is.EqualTo(Good), "it has it");
            Assert.That(Out(_a, Reserve, type ^ 2, key: 0x1234), Is.EqualTo(ReservationType.Find(type ^ 2) is null ? Check : Conflict));
            Assert.That(In(1), Is.EqualTo($"0000000100000010{(type > 6 ? 0 : 0x1234):X16}0000000000{type:X2}0000"));
        });
    }

    [TestCase(0x0f, "2.3")]
    [TestCase(0x00, "2.3")]
    [TestCase(0x21, "2.7")]
    public void Other_types_and_scopes_are_refused(int type, string pointer)
    {
        Out(_a, Register, action: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_a, Reserve, type, key: 1), Is.EqualTo(Check));
            Assert.That((_rig.Code, _rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, pointer)));
        });
    }

    // SPC-4 table 68 and SBC-4 table 15, for reads and for writes: of a stranger, of who has registered, of the holder.
    [TestCase(1, "yes no", "yes no")]
    [TestCase(3, "no no", "no no")]
    [TestCase(5, "yes no", "yes yes")]
    [TestCase(6, "no no", "yes yes")]
    [TestCase(7, "yes no", "yes yes")]
    [TestCase(8, "no no", "yes yes")]
    public void Access_is_by_type(int type, string stranger, string registered)
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_a, Reserve, type, key: 1);
        foreach ((string command, bool write) in new[]
        {
            ("28 00 00 00 00 00 00 00 01 00", false), ("2F 00 00 00 00 00 00 00 01 00", false), ("1A 08 3F 00 FF 00", false), ("A3 0C 00 00 00 00 00 00 00 FF", false),
            ("2A 00 00 00 00 00 00 00 01 00", true), ("1B 00 00 00 00 00", true), ("1E 00 00 00 01 00", true),
        })
            Assert.Multiple(() =>
            {
                Assert.That(Run(_c, command, new byte[512]), Is.EqualTo(stranger.Split(' ')[write ? 1 : 0] == "yes" ? Good : Conflict), $"{command} of a stranger");
                Assert.That(Run(_b, command, new byte[512]), Is.EqualTo(registered.Split(' ')[write ? 1 : 0] == "yes" ? Good : Conflict), $"{command} of a registrant");
                Assert.That(Run(_a, command, new byte[512]), Is.EqualTo(Good), $"{command} of the holder");
            });
    }

    [Test]
    public void What_no_reservation_stops([Values(
        "00", "03 00 00 00 12", "12 00 00 00 60", "A0 00 00 00 00 00 00 00 00 10", "25", "9E 10 00 00 00 00 00 00 00 00 00 00 00 20", "A3 0A 00 00 00 00 00 00 00 20",
        "5E 00 00 00 00 00 00 00 FF", "5E 03 00 00 00 00 00 00 FF", "17", "1B 00 00 00 01", "1E 00 00 00 00")] string cdb)
    {
        Out(_a, Register, action: 1);
        Out(_a, Reserve, 3, key: 1);
        Assert.That(Run(_c, cdb), Is.EqualTo(Good));
    }

    [Test]
    public void A_new_session_of_the_same_port_is_the_same_nexus()
    {
        Out(_a, Register, action: 1);
        Out(_a, Reserve, 3, key: 1);
        _a.Detach();
        Nexus again = Attach("a"), otherPort = Attach("a", isid: 9);
        Assert.Multiple(() =>
        {
            Assert.That(Run(again, "28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(Good));
            Assert.That(Run(otherPort, "28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(Conflict));
            Assert.That(Out(again, Release, 3, key: 1), Is.EqualTo(Good));
            Assert.That(Run(otherPort, "28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(Good));
        });
    }

    [Test]
    public void Releasing_tells_registrants_whom_the_type_is_about([ValueSource(nameof(s_types))] int type)
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_a, Reserve, type, key: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_c, Release, type, key: 1), Is.EqualTo(Conflict));
            if (type < 7) Assert.That(Out(_b, Release, type, key: 2), Is.EqualTo(Good), "not its own: nothing happens");
            Assert.That(Out(_a, Release, type == 1 ? 3 : 1, key: 1), Is.EqualTo(Check));
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.InvalidReleaseOfPersistentReservation));
            Assert.That(In(1), Does.StartWith("0000000200000010"));
            Assert.That(Out(_a, Release, type, key: 1), Is.EqualTo(Good));
            Assert.That(In(1), Is.EqualTo("0000000200000000"), "PRGENERATION is not for this");
            Assert.That((Attention(_a), Attention(_b), Attention(_c)), Is.EqualTo((SenseCode.NoSense, type > 3 ? SenseCode.ReservationsReleased : SenseCode.NoSense, SenseCode.NoSense)));
        });
    }

    [Test]
    public void A_reservation_ends_with_the_registration_of_its_last_holder([ValueSource(nameof(s_types))] int type)
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_a, Reserve, type, key: 1);
        Out(_a, Register, key: 1, action: 0);
        Assert.Multiple(() =>
        {
            Assert.That(In(1)[8..16], Is.EqualTo(type > 6 ? "00000010" : "00000000"));
            Assert.That(Attention(_b), Is.EqualTo(type is 5 or 6 ? SenseCode.ReservationsReleased : SenseCode.NoSense));
        });
        Out(_b, Register, key: 2, action: 0);
        Assert.That(In(1)[8..16], Is.EqualTo("00000000"));
    }

    [Test]
    public void Clearing_takes_everything_and_tells_the_others()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_a, Reserve, 1, key: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_c, Clear), Is.EqualTo(Conflict));
            Assert.That(Out(_b, Clear, key: 2), Is.EqualTo(Good));
            Assert.That(Keys(_a, attention: SenseCode.ReservationsPreempted), Is.EqualTo("00000003"));
            Assert.That(In(1), Is.EqualTo("0000000300000000"));
            Assert.That((Attention(_b), Attention(_c)), Is.EqualTo((SenseCode.NoSense, SenseCode.NoSense)));
        });
    }

    [Test]
    public void Preempting_a_registration_leaves_the_reservation()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_c, Register, action: 2);
        Out(_a, Reserve, 5, key: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_a, Preempt, 5, key: 1, action: 3), Is.EqualTo(Conflict), "nobody has that key");
            Assert.That(Out(_a, Preempt, 5, key: 1, action: 0), Is.EqualTo(Check));
            Assert.That((_rig.Code, _rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInParameterList, "8.7")));
            Assert.That(Out(_a, Preempt, 5, key: 1, action: 2), Is.EqualTo(Good));
            Assert.That(Keys(_a), Is.EqualTo("00000004 1"));
            Assert.That(In(1), Does.EndWith("050000"));
            Assert.That((Attention(_b), Attention(_c)), Is.EqualTo((SenseCode.RegistrationsPreempted, SenseCode.RegistrationsPreempted)));
        });
    }

    [Test]
    public void Preempting_the_holder_takes_its_place([Values(1, 3, 5, 6)] int type, [Values(5, 8)] int newType)
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_c, Register, action: 3);
        Out(_a, Reserve, type, key: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_b, Preempt, 2, key: 2, action: 1), Is.EqualTo(Check), "no such type");
            Assert.That(Out(_b, Preempt, newType, key: 2, action: 1), Is.EqualTo(Good));
            Assert.That(Keys(_b), Is.EqualTo("00000004 2 3"));
            Assert.That(In(1), Is.EqualTo($"0000000400000010{(newType == 8 ? 0 : 2):X16}0000000000{newType:X2}0000"));
            Assert.That(Attention(_a), Is.EqualTo(SenseCode.RegistrationsPreempted));
            Assert.That(Attention(_c), Is.EqualTo(type == newType ? SenseCode.NoSense : SenseCode.ReservationsReleased));
            Assert.That(Attention(_b), Is.EqualTo(SenseCode.NoSense));
        });
    }

    [Test]
    public void Preempting_key_0_takes_all_of_an_all_registrants_reservation()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_a, Reserve, 8, key: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_b, Preempt, 1, key: 2, action: 0), Is.EqualTo(Good));
            Assert.That(Keys(_b), Is.EqualTo("00000003 2"));
            Assert.That(In(1), Does.EndWith("010000"));
            Assert.That(Attention(_a), Is.EqualTo(SenseCode.RegistrationsPreempted));
        });
    }

    [Test]
    public void Preempt_and_abort_voids_the_tasks_of_the_preempted_alone()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        int before = _b.TasksOf(_rig.Unit).Current, own = _a.TasksOf(_rig.Unit).Current;
        Assert.That(Out(_a, PreemptAndAbort, 1, key: 1, action: 2), Is.EqualTo(Good));
        Assert.Multiple(() =>
        {
            Assert.That(_b.TasksOf(_rig.Unit).Current, Is.Not.EqualTo(before));
            Assert.That(_a.TasksOf(_rig.Unit).Current, Is.EqualTo(own));
            Assert.That(_rig.Unit.Generation, Is.Zero);
        });
    }

    // Two nodes that fence each other, each on another unit first, must not wait for each other.
    [Test]
    public void Preempt_and_abort_waits_for_no_task_of_another_unit()
    {
        using var store = new Target.Stores.MemoryStore(1 << 20);
        var another = new LogicalUnit(store, Rig.TargetName, 1);
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        _b.TasksOf(another).Enter(_b.TasksOf(another).Current);
        Assert.That(Out(_a, PreemptAndAbort, 1, key: 1, action: 2), Is.EqualTo(Good));
    }

    [Test]
    public void Who_is_preempted_while_it_preempts_waits_no_more()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        _b.TasksOf(_rig.Unit).Enter(_b.TasksOf(_rig.Unit).Current);
        _rig.Task.Void = true;
        Assert.That(Out(_a, PreemptAndAbort, 1, key: 1, action: 2), Is.EqualTo(Good));
    }

    [Test]
    public void Moving_hands_the_reservation_over([Values] bool unregister)
    {
        byte[] list = MoveList(1, 9, Id("iqn.2026-01.test:b,i,0x000000000001", port: true), flags: unregister ? 0x02 : 0);
        Assert.That(Send(_a, Move, 0, list), Is.EqualTo(Conflict), "who has not registered");
        Out(_a, Register, action: 1);
        Out(_c, Register, action: 3);
        Assert.That(Send(_a, Move, 0, list), Is.EqualTo(Conflict), "no reservation");
        Out(_a, Reserve, 3, key: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Send(_c, Move, 0, MoveList(3, 9, Id("iqn.2026-01.test:b", port: false))), Is.EqualTo(Conflict), "not the holder");
            Assert.That(Send(_a, Move, 0, list), Is.EqualTo(Good));
            Assert.That(Keys(_c), Is.EqualTo(unregister ? "00000003 3 9" : "00000003 1 3 9"));
            Assert.That(Run(_b, "2A 00 00 00 00 00 00 00 01 00", new byte[512]), Is.EqualTo(Good));
            Assert.That(Run(_a, "2A 00 00 00 00 00 00 00 01 00", new byte[512]), Is.EqualTo(Conflict));
        });
    }

    [Test]
    public void Moving_refuses_a_wrong_destination()
    {
        Out(_a, Register, action: 1);
        Out(_a, Reserve, 3, key: 1);
        var wrong = new Dictionary<string, byte[]>
        {
            ["its own port"] = Id("iqn.2026-01.test:a,i,0x000000000001", port: true),
            ["a device that is not logged in"] = Id("iqn.2026-01.test:z", port: false),
            ["no ISID"] = Id("iqn.2026-01.test:b", port: true),
            ["another protocol"] = [0x06, .. Id("iqn.2026-01.test:b", port: false)[1..]],
            ["no name"] = Id("", port: false),
            ["no end"] = [0x05, 0, 0, 24, .. Enumerable.Repeat((byte)'x', 24)],
            ["shorter than allowed"] = [0x05, 0, 0, 4, (byte)'x', 0, 0, 0],
            ["longer than the list"] = [0x05, 0, 0xff, 0xfc, .. new byte[24]],
        };
        foreach ((string what, byte[] id) in wrong)
        {
            Assert.That(Send(_a, Move, 0, MoveList(1, 9, id)), Is.EqualTo(Check), what);
            Assert.That((_rig.Code, _rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInParameterList, "24.7")), what);
        }
        Assert.Multiple(() =>
        {
            byte[] good = Id("iqn.2026-01.test:b", port: false);
            Assert.That(Send(_a, Move, 0, MoveList(1, 0, good)), Is.EqualTo(Check));
            Assert.That(_rig.Pointer, Is.EqualTo("8.7"));
            Assert.That(Send(_a, Move, 0, MoveList(1, 9, good, targetPort: 7)), Is.EqualTo(Check));
            Assert.That(_rig.Pointer, Is.EqualTo("18.7"));
            Assert.That(Send(_a, Move, 0, MoveList(1, 9, good)[..^4]), Is.EqualTo(Check));
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.ParameterListLengthError));
            Assert.That(Keys(_a), Is.EqualTo("00000001 1"));
        });
    }

    [Test]
    public void A_list_of_ports_is_registered_as_a_whole_or_not_at_all()
    {
        byte[] b = Id("iqn.2026-01.test:b", port: false), z = Id("iqn.2026-01.test:z,i,0x1", port: true);
        Assert.Multiple(() =>
        {
            Assert.That(Send(_a, Register, 0, RegisterList(5, b, [0x05, 0, 0, 8, .. new byte[20]])), Is.EqualTo(Check));
            Assert.That(_rig.Pointer, Is.EqualTo("28.7"));
            Assert.That(Keys(_a), Is.EqualTo("00000000"));
            Assert.That(Send(_a, Register, 0, RegisterList(5, b, z)), Is.EqualTo(Good));
            Assert.That(Keys(_a), Is.EqualTo("00000001 5 5 5"));
            Assert.That(Out(Attach("z"), Register, key: 5, action: 6), Is.EqualTo(Good), "the one that was not logged in");
            Assert.That(Send(_c, Register, 0, RegisterList(5, b)), Is.EqualTo(Conflict), "one of them has a key");
            Assert.That(Out(_a, Ignore, action: 5, flags: SpecifyPorts), Is.EqualTo(Check));
            Assert.That(_rig.Pointer, Is.EqualTo("20.3"));
        });
    }

    [Test]
    public void Full_status_names_the_ports()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2, flags: AllPorts);
        Out(_a, Reserve, 5, key: 1);
        const string port = "69716E2E323032362D30312E746573743A612C692C3078303030303030303030303031"; // iqn.2026-01.test:a,i,0x000000000001
        Assert.Multiple(() =>
        {
            Assert.That(In(3), Is.EqualTo("00000002" + "00000080"
                + "0000000000000001" + "00000000" + "0105" + "00000000" + "0001" + "00000028" + "45000024" + port + "00"
                + "0000000000000002" + "00000000" + "0200" + "00000000" + "0000" + "00000028" + "45000024" + port.Replace("3A612C", "3A622C", StringComparison.Ordinal) + "00"));
            Assert.That(Run(_b, "2A 00 00 00 00 00 00 00 01 00", new byte[512]), Is.EqualTo(Good), "a registration for all ports is one for this");
        });
    }

    [Test]
    public void Capabilities_are_what_there_is()
    {
        Assert.That(In(2), Is.EqualTo("00080C80EA010000"));
    }

    [TestCase(0)]
    [TestCase(23)]
    [TestCase(25)]
    [TestCase(70000)]
    public void A_list_has_24_bytes(int length)
    {
        Assert.Multiple(() =>
        {
            Assert.That(Send(_a, Register, 0, new byte[length]), Is.EqualTo(Check));
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.ParameterListLengthError));
        });
    }

    [Test]
    public void There_is_an_end_to_registrations()
    {
        for (int i = 0; i < Reservations.DefaultMaxRegistrations; i++) Out(Attach("many", isid: (byte)i, high: (byte)(i >> 8)), Register, action: 1);
        Assert.Multiple(() =>
        {
            Assert.That(Out(_a, Register, action: 1), Is.EqualTo(Check));
            Assert.That(_rig.Code, Is.EqualTo(SenseCode.InsufficientRegistrationResources));
            Assert.That(Run(_a, "5E 00 00 00 00 00 00 FF FF"), Is.EqualTo(Good));
            Assert.That(_rig.DataIn, Has.Length.EqualTo(8 + 8 * Reservations.DefaultMaxRegistrations));
            Assert.That(Run(_a, "5E 03 00 00 00 00 00 FF FF"), Is.EqualTo(Good));
            Assert.That(_rig.DataIn, Has.Length.GreaterThan(30_000));
        });
    }

    [Test]
    public void Outliving_a_restart_is_refused_where_nothing_is_stored([Values(Register, Ignore)] int action)
    {
        Assert.Multiple(() =>
        {
            Assert.That(Out(_a, action, action: 1, flags: Persist), Is.EqualTo(Check));
            Assert.That((_rig.Code, _rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInParameterList, "20.0")));
        });
    }

    [TestCase("16", "17")]
    [TestCase("56", "57")]
    public void Reserve_of_old_keeps_the_others_out(string reserve, string release)
    {
        string[] stopped = [reserve, "00", "1A 08 3F 00 FF 00", "28 00 00 00 00 00 00 00 01 00", "2A 00 00 00 00 00 00 00 01 00", "25", "5E 00 00 00 00 00 00 00 FF"];
        Assert.Multiple(() =>
        {
            Assert.That(Run(_a, reserve), Is.EqualTo(Good));
            Assert.That(Run(_a, reserve), Is.EqualTo(Good));
            foreach (string cdb in stopped) Assert.That(Run(_b, cdb, new byte[512]), Is.EqualTo(Conflict), cdb);
            foreach (string cdb in new[] { "12 00 00 00 60", "A0 00 00 00 00 00 00 00 00 10", "03 00 00 00 12", release }) Assert.That(Run(_b, cdb), Is.EqualTo(Good), cdb);
            Assert.That(Run(_b, "00"), Is.EqualTo(Conflict), "releasing what another has does nothing");
            Assert.That(Out(_a, Register, action: 1), Is.EqualTo(Conflict), "the two kinds do not mix");
            Assert.That(Run(_a, "28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(Good));
            Assert.That(Run(_a, release), Is.EqualTo(Good));
            Assert.That(Run(_b, "00"), Is.EqualTo(Good));
        });
    }

    [Test]
    public void Reserve_of_old_ends_with_its_nexus_and_with_a_reset([Values] bool reset)
    {
        Run(_a, "16");
        if (reset) _rig.Unit.Reset();
        else _a.Detach();
        Attention(_b);
        Assert.That(Run(_b, "16"), Is.EqualTo(Good));
    }

    [Test]
    public void Reserve_of_old_conflicts_with_a_registration()
    {
        Out(_b, Register, action: 1);
        Assert.That((Run(_a, "16"), Run(_b, "16"), Run(_a, "17")), Is.EqualTo((Conflict, Conflict, Good)));
    }

    [Test]
    public void A_reset_leaves_persistent_reservations()
    {
        Out(_a, Register, action: 1);
        Out(_a, Reserve, 3, key: 1);
        _rig.Unit.Reset();
        Attention(_b);
        Assert.That(Run(_b, "28 00 00 00 00 00 00 00 01 00"), Is.EqualTo(Conflict));
    }

    [Test]
    public void A_command_allocates_nothing_under_a_reservation()
    {
        Out(_a, Register, action: 1);
        Out(_b, Register, action: 2);
        Out(_a, Reserve, 6, key: 1);
        CommandRow row = Command.Find(0x2800)!;
        byte[] cdb = new byte[16];
        bool stopped = false;
        long allocated = Allocated.By(() => stopped |= _rig.Unit.Reservations.Stops(_b, row, cdb) | !_rig.Unit.Reservations.Stops(_c, row, cdb));
        Assert.That((allocated, stopped), Is.EqualTo((0, false)));
    }

    private static byte[] List(ulong key, ulong action, int flags)
    {
        byte[] list = new byte[24];
        BinaryPrimitives.WriteUInt64BigEndian(list, key);
        BinaryPrimitives.WriteUInt64BigEndian(list.AsSpan(8), action);
        list[20] = (byte)flags;
        return list;
    }

    private static byte[] RegisterList(ulong action, params byte[][] ids)
    {
        byte[] all = [.. ids.SelectMany(i => i)];
        return [.. List(0, action, SpecifyPorts), .. Big(all.Length), .. all];
    }

    private static byte[] MoveList(ulong key, ulong action, byte[] id, int flags = 0, ushort targetPort = 1)
    {
        byte[] list = List(key, action, 0);
        list[17] = (byte)flags;
        BinaryPrimitives.WriteUInt16BigEndian(list.AsSpan(18), targetPort);
        Big(id.Length).CopyTo(list, 20);
        return [.. list, .. id];
    }

    private static byte[] Id(string name, bool port)
    {
        byte[] text = new byte[Math.Max(20, name.Length / 4 * 4 + 4)];
        System.Text.Encoding.ASCII.GetBytes(name, text);
        return [(byte)(port ? 0x45 : 0x05), 0, 0, (byte)text.Length, .. text];
    }

    private static byte[] Big(int number)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private Nexus Attach(string host, byte isid = 1, byte high = 0)
    {
        var nexus = new Nexus($"iqn.2026-01.test:{host}", [0, 0, 0, 0, high, isid], Rig.TargetName, 1, new Dictionary<int, LogicalUnit> { [0] = _rig.Unit });
        nexus.Attach();
        nexus.Attentions(_rig.Unit).Take();
        return nexus;
    }

    private ScsiStatus Run(Nexus nexus, string cdb, byte[]? data = null)
    {
        _rig.Nexus = nexus;
        return _rig.Run(cdb, data);
    }

    private ScsiStatus Out(Nexus nexus, int serviceAction, int type = 0, ulong key = 0, ulong action = 0, int flags = 0) =>
        Send(nexus, serviceAction, type, List(key, action, flags));

    private ScsiStatus Send(Nexus nexus, int serviceAction, int type, byte[] list)
    {
        _rig.Nexus = nexus;
        return _rig.Run([0x5f, (byte)serviceAction, (byte)type, 0, 0, .. Big(list.Length), 0], list);
    }

    // What PERSISTENT RESERVE IN says to somebody who has nothing to do with it.
    private string In(int serviceAction)
    {
        _rig.Nexus = _rig.Open();
        Attention(_rig.Nexus);
        _rig.Run([0x5e, (byte)serviceAction, 0, 0, 0, 0, 0, 0xff, 0xff, 0]);
        return Convert.ToHexString(_rig.DataIn);
    }

    // PRGENERATION and the keys.
    private string Keys(Nexus nexus, SenseCode attention = SenseCode.NoSense)
    {
        Assert.That(Attention(nexus), Is.EqualTo(attention));
        Assert.That(Run(nexus, "5E 00 00 00 00 00 00 10 00"), Is.EqualTo(Good));
        byte[] data = _rig.DataIn;
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(data.AsSpan(4)), Is.EqualTo(data.Length - 8));
        return string.Join(' ', [Convert.ToHexString(data, 0, 4), .. Enumerable.Range(1, data.Length / 8 - 1).Select(i => $"{BinaryPrimitives.ReadUInt64BigEndian(data.AsSpan(i * 8)):x}")]);
    }

    private SenseCode Attention(Nexus nexus) => nexus.Attentions(_rig.Unit).Take();
}
