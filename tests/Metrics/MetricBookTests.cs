using Iscsitop.Cli.Metrics;
using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;
using Iscsitop.Tests.Cli;

namespace Iscsitop.Tests.Metrics;

[TestFixture]
public sealed class MetricBookTests
{
    private const string Target = "iqn.2026-01.com.example:a";

    [Test]
    public void Sums_are_those_of_all_intervals_and_nothing_else()
    {
        var book = new MetricBook();
        book.Take(Samples.Two());
        book.Take(Samples.Two());
        Assert.That(Value(book, "iscsi.server.commands", Target, "0", "read"), Is.EqualTo(400));
        Assert.That(Value(book, "iscsi.server.commands", Target, "0", "write"), Is.EqualTo(40));
        Assert.That(Value(book, "iscsi.server.io", Target, "0", "read"), Is.EqualTo(400 * 4096));
        Assert.That(Value(book, "iscsi.server.opcode.commands", Target, "WRITE(10)"), Is.EqualTo(40));
        Assert.That(Value(book, "iscsi.server.opcode.time", Target, "READ(10)"), Is.EqualTo(0.4).Within(1e-9));
        Assert.That(Value(book, "iscsi.server.command.duration", Target, "0", "read"), Is.EqualTo(400));
    }

    [Test]
    public void What_was_measured_as_nothing_is_0_and_what_was_not_is_not_there()
    {
        var book = new MetricBook();
        book.Take(Samples.Two());
        Assert.That(Value(book, "iscsi.server.command.outstanding", Target, "1"), Is.Zero);
        Assert.That(Value(book, "iscsi.server.reservation.conflicts", Target, "1"), Is.Zero);
        Assert.That(Value(book, "iscsi.server.session.ends", Target, "nop_timeout"), Is.Zero);
        Assert.That(Value(book, "iscsitop.engines"), Is.EqualTo(1));
        foreach (string unseen in new[] { "iscsi.server.command.errors", "iscsi.server.tcp.retransmits", "iscsi.server.pdus", "iscsi.server.unmap.blocks", "iscsitop.capture.dropped", "iscsitop.decode.resyncs", "iscsi.server.nop.duration" })
            Assert.That(Of(book, unseen).Points, Is.Empty, unseen);
        Assert.That(Value(book, "iscsi.server.commands", Target, "1", "read"), Is.NaN);
    }

    [Test]
    public void What_an_engine_had_open_goes_with_it_and_its_sums_stay()
    {
        var book = new MetricBook();
        book.Take(Samples.Two());
        book.Take(new Snapshot());
        Assert.That(Value(book, "iscsi.server.command.outstanding", Target, "0"), Is.NaN);
        Assert.That(Value(book, "iscsi.server.session.count", Target), Is.NaN);
        Assert.That(Value(book, "iscsitop.engines"), Is.Zero);
        Assert.That(Value(book, "iscsi.server.commands", Target, "0", "read"), Is.EqualTo(200));
    }

    [Test]
    public void Durations_add_up_to_what_was_measured()
    {
        var book = new MetricBook();
        double sum = 0;
        long count = 0;
        Of(book, "iscsi.server.command.duration").OnValues = (value, n, _) => (sum, count) = (sum + value * n, count + n);
        Snapshot snapshot = Samples.Two();
        var random = new Random(1);
        long exact = 0;
        Histogram latency = snapshot.Cells[0].Cell.Ensure(Phase.Latency);
        for (int i = 0; i < 10_000; i++)
        {
            long ns = (long)(1e5 * Math.Pow(1000, random.NextDouble()));
            latency.Add(ns);
        }
        foreach (CellDelta delta in snapshot.Cells) exact += delta.Cell.Of(Phase.Latency)!.Sum;
        book.Take(snapshot);
        Assert.That(count, Is.EqualTo(10_220));
        Assert.That(sum, Is.EqualTo(exact / 1e9).Within(1e-6).Percent);
    }

    [Test]
    public void A_connection_that_ends_is_counted_once_with_its_reason()
    {
        var book = new MetricBook();
        book.Take(Open(ConnectionEnd.None));
        Assert.That(Value(book, "iscsi.server.session.count", Target), Is.EqualTo(1));
        Assert.That(Value(book, "iscsi.server.connection.count", Target, "127.0.0.1", "ipv4"), Is.EqualTo(1));
        for (int i = 0; i < 3; i++) book.Take(Open(ConnectionEnd.NopUnanswered));
        Assert.That(Value(book, "iscsi.server.session.ends", Target, "nop_timeout"), Is.EqualTo(1));
        Assert.That(Value(book, "iscsi.server.session.ends", Target, "rst"), Is.Zero);
        Assert.That(Value(book, "iscsi.server.connection.count", Target, "127.0.0.1", "ipv4"), Is.Zero);
    }

    [Test]
    public void Pings_are_told_apart_by_who_asked_and_segments_that_came_again_are_counted()
    {
        var book = new MetricBook();
        Snapshot snapshot = Open(ConnectionEnd.None);
        ConnectionDelta delta = snapshot.Connections[0];
        (delta.Facts.Retransmits, delta.Total.NopTime, delta.Total.TargetNopTime) = (3, new Histogram(), new Histogram());
        delta.Total.NopTime.Add(5_000_000);
        delta.Total.NopTime.Add(7_000_000);
        delta.Total.TargetNopTime.Add(7_000_000);
        book.Take(snapshot);
        delta.Total.NopTime.Add(9_000_000);
        book.Take(snapshot);
        Assert.That((Value(book, "iscsi.server.nop.duration", Target, "target"), Value(book, "iscsi.server.nop.duration", Target, "initiator")), Is.EqualTo((1, 2)));
        Assert.That(Value(book, "iscsi.server.tcp.retransmits", Target), Is.EqualTo(6));
        delta.Total.TargetNopTime = null;
        delta.Total.NopTime.Add(9_000_000);
        book.Take(snapshot);
        Assert.That(Value(book, "iscsi.server.nop.duration", Target, MetricLabels.Other), Is.EqualTo(1));
    }

    [Test]
    public void Failures_are_told_apart_by_what_they_are()
    {
        var book = new MetricBook();
        Snapshot snapshot = Samples.Two();
        Fail(snapshot, FailureKind.Status, 0x02062900, 0x2800, 3);
        Fail(snapshot, FailureKind.Status, (uint)ScsiStatus.ReservationConflict << 24, 0x2a00, 2);
        Fail(snapshot, FailureKind.Login, (uint)LoginStatus.AuthenticationFailure, 0, 4);
        Fail(snapshot, FailureKind.Reject, (uint)RejectReason.ProtocolError, 0, 5);
        Fail(snapshot, FailureKind.Digest, 1, 0, 6);
        Fail(snapshot, FailureKind.Residual, 0, 0x2800, 7);
        book.Take(snapshot);
        Assert.That(Value(book, "iscsi.server.command.errors", Target, "0", "06_29_00", "READ(10)"), Is.EqualTo(3));
        Assert.That(Value(book, "iscsi.server.command.errors", Target, "0", "reservation_conflict", "WRITE(10)"), Is.EqualTo(2));
        Assert.That(Of(book, "iscsi.server.command.errors").Points, Has.Count.EqualTo(2));
        Assert.That(Value(book, "iscsi.server.reservation.conflicts", Target, "0"), Is.EqualTo(2));
        Assert.That(Value(book, "iscsi.server.logins", Target, "failure", "authentication_failure"), Is.EqualTo(4));
        Assert.That(Value(book, "iscsi.server.rejects", Target, "protocol_error"), Is.EqualTo(5));
        Assert.That(Value(book, "iscsi.server.digest.errors", Target, "data"), Is.EqualTo(6));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Series_are_bounded_and_what_is_beyond_is_added_up(bool byInitiator)
    {
        var book = new MetricBook(byInitiator: byInitiator);
        for (int i = 0; i < 3; i++) book.Take(Crowd(initiators: 100, units: 200));
        Assert.That(Prometheus(book), Is.LessThanOrEqualTo(MetricBook.DefaultSeries));
        Assert.That(book.Used, Is.LessThanOrEqualTo(MetricBook.DefaultSeries));
        Assert.That(Of(book, "iscsi.server.commands").Points.Values.Sum(p => p.Value), Is.EqualTo(3 * 100 * 200 * 2));
        // Every unit has its own durations, whatever else there is.
        Assert.That(Of(book, "iscsi.server.command.duration").Points, Has.Count.EqualTo(400));
        if (!byInitiator) return;
        Assert.That(Value(book, "iscsitop.series.folds"), Is.Positive);
        // Units keep their sums when initiators are too many.
        Assert.That(Of(book, "iscsi.server.commands").Points.Keys.Where(k => k is { D: MetricLabels.Other }).Select(k => k.B).Distinct().Count(), Is.EqualTo(200));
        // The first error has a place of its own yet.
        Snapshot late = Samples.Two();
        Fail(late, FailureKind.Status, 0x02031100, 0x2800, 1);
        book.Take(late);
        Assert.That(Value(book, "iscsi.server.command.errors", Target, "0", "03_11_00", "READ(10)"), Is.EqualTo(1));
    }

    [Test]
    public void An_hour_in_which_nobody_asks_keeps_nothing()
    {
        var book = new MetricBook();
        book.Take(Samples.Two());
        (int used, int points) = (book.Used, Points(book));
        Snapshot again = Samples.Two();
        for (int i = 0; i < 3600; i++) book.Take(again);
        Assert.That((book.Used, Points(book)), Is.EqualTo((used, points)));
        Assert.That(Value(book, "iscsi.server.commands", Target, "0", "read"), Is.EqualTo(3601 * 200));
    }

    [Test]
    [NonParallelizable]
    public void New_initiators_without_end_leave_series_and_memory_as_they_are()
    {
        var book = new MetricBook(byInitiator: true);
        var server = new ScrapePages(book);
        void Come(int from, int to)
        {
            for (int i = from; i < to; i++) book.Take(Samples.One(Target, $"iqn.2026-01.com.example:host{i}", 1, 4096, 1_000_000));
            server.Get(false, false);
        }
        Come(0, 1000);
        (int used, long heap, int page) = (book.Used, GC.GetTotalMemory(true), server.Get(false, false).Length);
        Come(1000, 4000);
        Assert.That(book.Used, Is.EqualTo(used));
        Assert.That(server.Get(false, false), Has.Length.LessThan(page + 1000));
        // A name that stayed would be 3000 times 100 bytes and more.
        Assert.That(GC.GetTotalMemory(true) - heap, Is.LessThan(200_000));
        Assert.That(Value(book, "iscsi.server.commands", Target, "5", "read", MetricLabels.Other), Is.EqualTo(4000 - 400));
    }

    internal static double Value(MetricBook book, string name, params ReadOnlySpan<string> labels)
    {
        MetricSeries series = Of(book, name);
        var key = SeriesKey.None;
        for (int i = 0; i < labels.Length; i++) key = key.With(i, labels[i]);
        return series.Points.TryGetValue(key, out SeriesPoint? point) && series.Says(point) ? point.Value : double.NaN;
    }

    internal static MetricSeries Of(MetricBook book, string name) => book.Series.Single(s => s.Row.Name == name);

    internal static Snapshot Crowd(int initiators, int units)
    {
        Snapshot s = Samples.Empty();
        for (uint i = 0; i < initiators; i++)
        {
            ConnectionInfo c = Samples.Connection with { Id = i + 1, Initiator = $"iqn.1994-05.com.example:host{i}", Target = Target };
            for (ulong l = 0; l < (ulong)units; l++)
            {
                s.Cells.Add(Samples.Delta(c, l, 0x2800, CommandKind.Read, 1, 4096, 1_000_000));
                s.Cells.Add(Samples.Delta(c, l, 0x2a00, CommandKind.Write, 1, 4096, 2_000_000));
            }
        }
        return s;
    }

    private static int Points(MetricBook book) => book.Series.Sum(s => s.Points.Count);

    private static int Prometheus(MetricBook book) => book.Series.Sum(s => s.Points.Count * s.Row.Cost);

    private static Snapshot Open(ConnectionEnd end)
    {
        Snapshot s = Samples.Empty();
        s.Units.Add(new UnitDelta { Target = Target, Lun = 0, Engine = Samples.Engine });
        s.Connections.Add(new ConnectionDelta { Connection = Samples.Connection with { End = end, Closed = end == ConnectionEnd.None ? 0 : 7 }, Engine = Samples.Engine });
        return s;
    }

    private static void Fail(Snapshot into, FailureKind kind, uint code, ushort operation, long count) =>
        into.Failures.Add(new FailureDelta { Key = new FailureKey(Samples.Connection.Id, 0, operation, kind, code), Connection = Samples.Connection, Engine = Samples.Engine, Count = count, Total = count });
}
