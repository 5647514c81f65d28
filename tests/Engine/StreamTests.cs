using System.Buffers.Binary;
using CsCheck;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class StreamTests
{
    private static readonly Gen<string> s_text = Gen.String[Gen.Char.AlphaNumeric, 0, 300];

    private readonly FrameWriter _writer = new();

    private delegate T Parse<T>(FrameReader frame);

    private T Through<T>(FrameType expected, Parse<T> parse)
    {
        var buffer = new FrameBuffer();
        ReadOnlySpan<byte> rest = _writer.Frame;
        Assert.That(BinaryPrimitives.ReadInt32LittleEndian(rest), Is.EqualTo(rest.Length));
        FrameType type;
        ReadOnlySpan<byte> payload;
        while (!buffer.TryTake(out type, out payload))
        {
            int piece = Math.Min(rest.Length, 1 + rest.Length / 3);
            rest[..piece].CopyTo(buffer.Free);
            buffer.Received(piece);
            rest = rest[piece..];
        }
        Assert.That(type, Is.EqualTo(expected));
        return parse(new FrameReader(payload));
    }

    [Test]
    public void Hello_and_wants_come_through()
    {
        var hello = new Hello(4711, ProbeSet.All, 1_700_000_000_123_456_789, "target", "1.2.3");
        _writer.Write(hello);
        Assert.That(Through(FrameType.Hello, f => f.Hello()), Is.EqualTo(hello));
        var wants = new Wants(0x155, TimeSpan.FromMilliseconds(250), true);
        _writer.Write(wants);
        Assert.That(Through(FrameType.Wants, f => f.Wants()), Is.EqualTo(wants));
        _writer.Write(EndReason.TooSlow);
        Assert.That(Through(FrameType.End, f => f.End().Reason), Is.EqualTo(EndReason.TooSlow));
    }

    [Test]
    public void Connections_units_and_names_come_through() => s_text.Array[5].Select(Gen.UInt).Sample((t, id) =>
    {
        var connection = new ConnectionInfo(id, t[0], t[1], t[2], t[3], t[4], 7, 8, 9, 10)
        {
            End = ConnectionEnd.Digest,
            MidStream = true,
            Discovery = true,
            Parameters = new SessionParameters(true, false, false, true, 3, 1, 9, 512, 1 << 20, 77, id),
            PortalGroup = (ushort)id,
        };
        _writer.Write(connection);
        bool same = Through(FrameType.Connection, f => f.Connection()) == connection;
        var unit = new UnitInfo(t[0], ulong.MaxValue, t[1], 4096) { Identity = t[2] };
        _writer.Write(unit);
        same &= Through(FrameType.Unit, f => f.Unit()) == unit;
        List<string> names = [.. t], read = [];
        same &= _writer.Write(0, names) == names.Count;
        Through(FrameType.Names, f => { f.Names(read); return 0; });
        return same && read.SequenceEqual(names);
    }, iter: 200, threads: 1);

    [Test]
    public void More_names_than_fit_take_several_frames()
    {
        List<string> names = [.. Enumerable.Range(0, 3000).Select(i => $"iqn.2026-11.example:{i:d40}")], read = [];
        int frames = 0;
        for (; read.Count < names.Count; frames++)
        {
            _writer.Write(read.Count, names);
            Through(FrameType.Names, f => { f.Names(read); return 0; });
        }
        Assert.That(read, Is.EqualTo(names));
        Assert.That(frames, Is.GreaterThan(1));
    }

    [Test]
    public void A_long_string_is_cut_between_characters()
    {
        _writer.Write(new UnitInfo(new string('€', 2000), 0, "n", 512));
        UnitInfo unit = Through(FrameType.Unit, f => f.Unit());
        Assert.That(unit.Target, Is.EqualTo(new string('€', StreamFormat.MaxString / 3)));
        Assert.That(unit.Name, Is.EqualTo("n"));
    }

    [Test]
    public void What_an_older_engine_leaves_out_is_not_known()
    {
        _writer.Write(new UnitInfo("t", 1, "n", 512) { Identity = "naa.1" });
        Assert.That(Through(FrameType.Unit, f => f.Unit()).Identity, Is.EqualTo("naa.1"));
        byte[] frame = _writer.Frame.ToArray()[StreamFormat.HeaderLength..^"..naa.1".Length];
        Assert.That(new FrameReader(frame).Unit(), Is.EqualTo(new UnitInfo("t", 1, "n", 512)));
        _writer.Write(new ConnectionInfo(1, "a", "b"));
        Assert.That(Through(FrameType.Connection, f => f.Connection()).PortalGroup, Is.EqualTo(-1));
    }

    [Test]
    public void Failures_come_through()
    {
        var table = new FailureTable(new CellTable());
        var key = new FailureKey(7, ulong.MaxValue, 0x9e10, FailureKind.Async, 0x01062900);
        table.Add(key, 500, 3);
        table.Add(key, 400);
        _writer.Begin(FrameType.Failures);
        int count = 0;
        while (_writer.TryAdd(table.All[0].Record)) count++;
        Assert.That(count, Is.EqualTo((StreamFormat.MaxFrame - StreamFormat.HeaderLength) / 44));
        Assert.That(Through(FrameType.Failures, f => f.Failure()), Is.EqualTo(new FailureRecord(key, 4, 400, 500)));
        Assert.That(Through(FrameType.Failures, f =>
        {
            int read = 0;
            for (; !f.AtEnd; read++) f.Failure();
            return read;
        }), Is.EqualTo(count));
    }

    [Test]
    public void Patterns_come_through() => Gen.Int[0, Pattern.End - 1].Array[0, 40].Select(Gen.Long[0, 1L << 40].Array[0, 30], Gen.Bool).Sample((places, times, writes) =>
    {
        var pattern = new Pattern { Count = places.Length, Sequential = 2, Random = 3, Unplaced = 4 };
        foreach (int place in places) pattern.AddAt(place, place + 1);
        foreach (long time in times) (pattern.Interarrival ??= new Histogram()).Add(time);
        var key = new PatternKey(7, 9, writes);
        _writer.Begin(FrameType.Patterns);
        int count = 0;
        while (_writer.TryAdd(key, pattern)) count++;
        var read = new Pattern { Count = 99 };
        read.AddAt(Pattern.End - 1, 5);
        int seen = 0;
        Through(FrameType.Patterns, f =>
        {
            for (; !f.AtEnd; seen++) Assert.That(f.Pattern(read), Is.EqualTo(key));
            return 0;
        });
        return seen == count && (read.Count, read.Sequential, read.Random, read.Unplaced) == (pattern.Count, 2, 3, 4)
            && read.Sizes.SequenceEqual(pattern.Sizes) && read.Exact.SequenceEqual(pattern.Exact) && read.Aligned.SequenceEqual(pattern.Aligned)
            && read.Seeks.SequenceEqual(pattern.Seeks) && (read.Interarrival?.Count ?? 0) == times.Length
            && (read.Interarrival?.Sum ?? 0) == times.Sum();
    }, iter: 100, threads: 1);

    [Test]
    public void A_pattern_has_no_other_places()
    {
        _writer.Begin(FrameType.Patterns);
        var pattern = new Pattern();
        pattern.AddAt(Pattern.End - 1, 1);
        _writer.TryAdd(new PatternKey(1, 1, false), pattern);
        byte[] payload = _writer.Frame.ToArray()[StreamFormat.HeaderLength..];
        Assert.That(() => new FrameReader(payload).Pattern(new Pattern()), Throws.Nothing);
        payload[^3]++;                                               // how many places are left out, a number of two bytes
        Assert.That(() => new FrameReader(payload).Pattern(new Pattern()), Throws.TypeOf<StreamFormatException>());
    }

    [Test]
    public void Status_and_units_come_through()
    {
        var status = new StatusRecord
        {
            Time = 1,
            Interval = 2,
            WallOffset = 3,
            RingDrops = 4,
            OutboxDrops = 5,
            Folded = 6,
            Unmatched = 7,
            Lost = 8,
            BusyTime = 9,
            MaxOutstanding = 10,
            PeakStarts = -1,
            Connections = 12,
            Sessions = 13,
            Subscribers = 14,
            Enabled = 15,
        };
        _writer.Write(in status);
        Assert.That(Through(FrameType.Status, f => f.Status()), Is.EqualTo(status));
        var unit = new UnitRecord(1, 2, 3, 4, 5);
        _writer.Begin(FrameType.Units);
        Assert.That(_writer.TryAdd(in unit), Is.True);
        Assert.That(_writer.PayloadLength, Is.EqualTo(UnitRecord.Size));
        Assert.That(Through(FrameType.Units, f => f.UnitRecord()), Is.EqualTo(unit));
    }

    [Test]
    public void Events_and_commands_fill_a_frame_and_stand_as_documented()
    {
        _writer.Begin(FrameType.Events);
        ProbeEvent e = Events.Command(0x1122334455667788, 9, 5, 7, 0x28, 4096);
        int count = 0;
        while (_writer.TryAdd(in e)) count++;
        Assert.That(count, Is.EqualTo((StreamFormat.MaxFrame - StreamFormat.HeaderLength) / ProbeEvent.Size));
        Assert.That(_writer.Frame[8], Is.EqualTo(0x88), "time at 0, little-endian");
        Assert.That(_writer.Frame[8 + 16], Is.EqualTo(9), "connection at 16");
        Assert.That(_writer.Frame[8 + 28], Is.EqualTo((byte)Probe.ScsiCommand), "probe at 28");
        Assert.That(_writer.Frame[8 + 32], Is.EqualTo(1), "header at 32");
        Assert.That(Through(FrameType.Events, f => f.Events().Length), Is.EqualTo(count));
        _writer.Begin(FrameType.Commands);
        var command = new CompletedCommand { Time = 1, Lun = 3, Connection = 4, CdbLength = 16, Response = 255 };
        _writer.TryAdd(in command);
        Assert.That(_writer.Frame[8 + 80], Is.EqualTo(4), "connection at 80");
        Assert.That(_writer.Frame[8 + 117], Is.EqualTo(16), "CDB length at 117");
        Assert.That(_writer.Frame[8 + 119], Is.EqualTo(255), "response at 119");
        Assert.That(Through(FrameType.Commands, f => f.Commands()[0].Lun), Is.EqualTo(3));
    }

    [Test]
    public void Cells_come_through_with_their_histograms() => Gen.Long[0, 1L << 39].Array[0, 60].Select(Gen.Int[0, 5]).Sample((durations, phase) =>
    {
        var cell = new Cell { Key = new CellKey(3, 9, 0x8a00), Kind = CommandKind.Write, Started = 5, Completed = 4, Errors = 1, Aborted = 2, ReadBytes = 3, WriteBytes = 1L << 40, OutstandingTime = 100, Outstanding = 2 };
        foreach (long ns in durations) cell.Ensure((Phase)phase).Add(ns);
        _writer.Begin(FrameType.Cells);
        _writer.TryAdd(cell, 10);
        var read = new Cell { Completed = 77 };
        read.Ensure(Phase.Latency).Add(5);
        Through(FrameType.Cells, f => { f.Cell(read); return f.AtEnd; });
        Histogram? back = read.Of((Phase)phase);
        return read.Key == cell.Key && read.Kind == cell.Kind && read.Started == 5 && read.Completed == 4 && read.Errors == 1 && read.Aborted == 2
            && read.ReadBytes == 3 && read.WriteBytes == 1L << 40 && read.OutstandingTime == 120 && read.Outstanding == 2
            && (durations.Length == 0 || (back!.Sum == durations.Sum() && back.Buckets.SequenceEqual(cell.Of((Phase)phase)!.Buckets)));
    }, iter: 200, threads: 1);

    [Test]
    public void Facts_come_through_over_what_was_there()
    {
        var facts = new ConnectionFacts { Window = 7, Outstanding = 8, LastPdu = 9, Retransmits = 10, NopTime = new Histogram(), TargetNopTime = new Histogram() };
        for (int i = 0; i < ConnectionFacts.Count; i++) facts[(Fact)i] = 100 - i;
        facts[Fact.Snacks] = -1;
        facts.NopTime.Add(5_000);
        facts.NopTime.Add(70_000);
        facts.TargetNopTime.Add(70_000);
        _writer.Begin(FrameType.Facts);
        Assert.That(_writer.TryAdd(77, facts) && _writer.TryAdd(78, new ConnectionFacts()), Is.True);
        ConnectionFacts read = new(), empty = new() { Window = 1, Retransmits = 1, NopTime = new Histogram(), TargetNopTime = new Histogram() };
        (uint, uint, bool) frame = Through(FrameType.Facts, f =>
        {
            uint first = f.FactsConnection();
            f.Facts(read);
            uint second = f.FactsConnection();
            f.Facts(empty);
            return (first, second, f.AtEnd);
        });
        Assert.That(frame, Is.EqualTo((77u, 78u, true)));
        Assert.That((read.Window, read.Outstanding, read.LastPdu, read.NopTime!.Sum, read.NopTime.Count), Is.EqualTo((7L, 8L, 9L, 75_000L, 2L)));
        Assert.That((read.Retransmits, read.TargetNopTime!.Sum, read.TargetNopTime.Count), Is.EqualTo((10L, 70_000L, 1L)));
        Assert.That(Enum.GetValues<Fact>().Select(f => read[f]), Is.EqualTo(Enum.GetValues<Fact>().Select(f => facts[f])));
        Assert.That((empty.Window, empty.NopTime, empty[Fact.NopIns]), Is.EqualTo((-1L, (Histogram?)null, -1L)));
        Assert.That((empty.Retransmits, empty.TargetNopTime), Is.EqualTo((-1L, (Histogram?)null)));
    }

    [Test]
    public void Counts_of_a_later_program_are_left_out_and_those_of_an_earlier_one_are_unknown()
    {
        byte[] Record(int counts)
        {
            byte[] record = new byte[32 + counts * 8 + 2 * 10];
            record[4] = (byte)counts;
            for (int i = 0; i < counts; i++) record[32 + i * 8] = (byte)(i + 1);
            return record;
        }
        var facts = new ConnectionFacts();
        foreach (int counts in (int[])[2, ConnectionFacts.Count + 3])
        {
            var frame = new FrameReader(Record(counts));
            frame.FactsConnection();
            frame.Facts(facts);
            Assert.That((facts[Fact.NopOuts], facts[Fact.NopIns], facts[Fact.NopsLost], frame.AtEnd), Is.EqualTo((1L, 2L, counts == 2 ? -1L : 3L, true)));
        }
    }

    [Test]
    public void The_fullest_cell_fits_one_frame_and_one_that_does_not_fit_leaves_no_trace()
    {
        var cell = new Cell();
        for (int phase = 0; phase < Cell.PhaseCount; phase++)
            for (int bucket = 0; bucket < Histogram.BucketCount; bucket++)
                cell.Ensure((Phase)phase).AddBucket(bucket, 1);
        _writer.Begin(FrameType.Cells);
        int count = 0;
        while (_writer.TryAdd(cell, 0)) count++;
        Assert.That(count, Is.EqualTo(12));
        Assert.That(_writer.PayloadLength, Is.EqualTo(12 * (14 + Cell.PhaseCount * (3 + Histogram.BucketCount * 2))));
        for (int phase = 0; phase < Cell.PhaseCount; phase++)
            for (int bucket = 0; bucket < Histogram.BucketCount; bucket++)
                cell.Ensure((Phase)phase).AddBucket(bucket, -2);
        _writer.Begin(FrameType.Cells);
        Assert.That(_writer.TryAdd(cell, 0), Is.True, "one whose numbers are the longest");
        Assert.That(CellCodec.Longest, Is.LessThanOrEqualTo(StreamFormat.MaxFrame - StreamFormat.HeaderLength));
    }

    [TestCase(7u)]
    [TestCase(65537u)]
    [TestCase(uint.MaxValue)]
    public void An_impossible_length_is_refused_at_once(uint length)
    {
        var buffer = new FrameBuffer();
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.Free, length);
        buffer.Received(8);
        Assert.That(() => buffer.TryTake(out _, out _), Throws.TypeOf<StreamFormatException>());
    }

    [Test]
    public void Another_magic_or_version_is_refused_by_name()
    {
        _writer.Write(new Hello(1, 0, 0, "", ""));
        byte[] frame = _writer.Frame.ToArray();
        frame[8 + 8] = 99;
        Assert.That(() => new FrameReader(frame.AsSpan(8)).Hello(), Throws.TypeOf<StreamFormatException>().With.Message.Contains("version 99"));
        frame[8] = (byte)'I';
        Assert.That(() => new FrameReader(frame.AsSpan(8)).Hello(), Throws.TypeOf<StreamFormatException>().With.Message.Contains("no stream"));
    }

    [Test]
    public void Garbage_throws_nothing_but_the_documented_exception() => Gen.Byte.Array[0, 400].Sample(bytes =>
    {
        foreach (Action<byte[]> read in s_reads)
        {
            try
            {
                read(bytes);
            }
            catch (StreamFormatException)
            {
                // What is documented.
            }
        }
    }, iter: 20_000);

    [Test]
    public void A_mirror_survives_garbage_too() => Gen.Byte.Array[0, 300].Select(Gen.Int[1, 12]).Array[1, 6].Sample(frames =>
    {
        var mirror = new Mirror(new Lock(), 1);
        mirror.Names.AddRange(["", "(other)", "t"]);
        mirror.Connect(new ConnectionInfo(0, "", ""));
        try
        {
            foreach ((byte[] payload, int type) in frames) mirror.Keep((FrameType)type, payload);
            mirror.Commit(default);
            mirror.TakeInto(new Snapshot());
        }
        catch (StreamFormatException)
        {
            // What is documented.
        }
    }, iter: 5000);

    [Test]
    public void A_mirror_survives_a_snapshot_with_wrong_bytes() => Gen.Int[0, 2000].Select(Gen.Byte).Array[1, 4].Sample(faults =>
    {
        var cell = new Cell { Key = new CellKey(1, 2, 0x2800), Completed = 9 };
        for (int i = 0; i < 30; i++) cell.Ensure((Phase)(i % Cell.PhaseCount)).Add(1000L << i);
        var writer = new FrameWriter();
        writer.Begin(FrameType.Cells);
        writer.TryAdd(cell, 0);
        writer.TryAdd(cell, 0);
        byte[] payload = writer.Frame[StreamFormat.HeaderLength..].ToArray();
        foreach ((int at, byte value) in faults) payload[at % payload.Length] = value;
        var mirror = new Mirror(new Lock(), 1);
        var snapshot = new Snapshot();
        try
        {
            mirror.Keep(FrameType.Cells, payload);
            mirror.Commit(default);
            mirror.TakeInto(snapshot);
            foreach (CellDelta delta in snapshot.Cells) delta.Cell.Of(Phase.Latency)?.Percentile(0.99);
        }
        catch (StreamFormatException)
        {
            // What is documented.
        }
    }, iter: 5000);

    private static readonly Action<byte[]>[] s_reads =
    [
        b => new FrameReader(b).Hello(),
        b => new FrameReader(b).Wants(),
        b => new FrameReader(b).Names([]),
        b => new FrameReader(b).Connection(),
        b => new FrameReader(b).Unit(),
        b => new FrameReader(b).Events(),
        b => new FrameReader(b).Commands(),
        b => new FrameReader(b).Cell(new Cell()),
        b => new FrameReader(b).UnitRecord(),
        b => new FrameReader(b).Facts(new ConnectionFacts()),
        b => new FrameReader(b).Status(),
        b => new FrameReader(b).End(),
        b =>
        {
            var buffer = new FrameBuffer();
            b.CopyTo(buffer.Free);
            buffer.Received(b.Length);
            while (buffer.TryTake(out _, out _))
            {
            }
        },
    ];
}
