using System.Collections.Concurrent;
using System.Net;
using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;
using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;
using Iscsitop.Tests.Server;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Tests.BadInput;

/// <summary>
/// The tables of bad input, each row at once and in single bytes: it comes to what its row says, no bug is logged, two other
/// sessions read what they read before, and memory stays what it was.
/// </summary>
[TestFixture]
[NonParallelizable] // memory is the process's
public sealed class RowTests
{
    private const string Elsewhere = "iqn.2026-01.test.example:elsewhere";

    /// <summary>Connections of sessions that do as they should, while a row is run.</summary>
    public const int Witnesses = 2;

    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);

    private readonly Logs _logs = new();

    internal static IEnumerable<Row> All =>
        [.. VulnerabilityRows.All, .. FramingRows.All, .. LoginRows.All, .. SequencingRows.All, .. ScsiRows.All];

    private static IEnumerable<TestCaseData> Cases() =>
        from row in All
        from inBytes in row.AtOnceOnly ? new[] { false } : [false, true]
        select new TestCaseData(row.Name, inBytes) { TestName = inBytes ? $"{row.Name}, byte by byte" : row.Name };

    [TestCaseSource(nameof(Cases))]
    public void Bad_input_comes_to_what_its_row_says(string name, bool byteByByte)
    {
        Row row = All.Single(r => r.Name == name);
        long rented = BufferPool.Rented;
        _logs.Clear();
        using (TestTarget target = Start(row))
        {
            using Witness near = new(target, TestTarget.Name, 1), far = new(target, Elsewhere, 0);
            long before = GC.GetTotalAllocatedBytes();
            using (var peer = new Hostile(target.Portal, byteByByte) { Target = target })
            {
                row.Script(peer);
                if (row.Stalls) peer.LoseItsPatience();
                string outcome = peer.Outcome(closes: row.Expected.EndsWith("closed", StringComparison.Ordinal));
                Assert.That(outcome, Is.EqualTo(row.Expected));
                Assert.That(GC.GetTotalAllocatedBytes() - before, Is.LessThan(row.Memory), "bytes allocated");
            }
            if (!row.ShakesTarget) near.SeesWhatItSaw();
            far.SeesWhatItSaw();
            if (row.Expected.EndsWith("closed", StringComparison.Ordinal) && !row.Orderly) Assert.That(_logs.Warnings, Is.Not.Empty, "its end was logged");
        }
        Assert.That(_logs.Bugs, Is.Empty);
        Assert.That(BufferPool.Rented, Is.EqualTo(rented), "every buffer was given back");
    }

    // Who is slow because the machine is busy is not silent: the target loses its patience when a row has said all it has to say.
    private TestTarget Start(Row row) => new(
        new TargetOptions
        {
            Portals = [new IPEndPoint(IPAddress.Loopback, 0)],
            LogsPerSecond = 1_000_000,
            LoginTimeout = s_long,
            DataTimeout = s_long,
            SendTimeout = row.Stalls ? Hostile.Moment : s_long,
            NopInterval = TimeSpan.Zero,
            MaxConnectionsPerSession = 2,
            Targets =
            [
                new TargetSpec(TestTarget.Name) { Luns = TestTarget.Specs("0=ram:16MiB", "1=ram:1MiB", "2=ram:1MiB,delay=1ms", "3=ram:1MiB,removable,bs=4096") },
                new TargetSpec(Elsewhere) { Luns = TestTarget.Specs("0=ram:1MiB") },
                LoginRows.Guarded,
            ],
        }, _logs);

    /// <summary>A session that does as it should and sees what it did.</summary>
    private sealed class Witness : IDisposable
    {
        private readonly Initiator _initiator;
        private readonly int _lun;
        private readonly ArraySegment<byte> _pattern;

        public Witness(TestTarget target, string name, int lun)
        {
            _lun = lun;
            _pattern = Cdb.Buffer(65536, seed: 1 + lun);
            _initiator = new Initiator(target.Portal, "iqn.2026-01.test.example:witness");
            _initiator.Login(name);
            while (_initiator.Execute(Cdb.TestUnitReady(lun)).Status != ScsiStatus.Good)
            {
            }
            Assert.That(_initiator.Execute(Cdb.Write10(lun, 0, 128, _pattern)).Status, Is.EqualTo(ScsiStatus.Good));
        }

        public void SeesWhatItSaw()
        {
            ArraySegment<byte> now = Cdb.Buffer(65536);
            Assert.That(_initiator.Execute(Cdb.Read10(_lun, 0, 128, now)).Status, Is.EqualTo(ScsiStatus.Good), "another session is disturbed");
            Assert.That(now.AsSpan().SequenceEqual(_pattern), "what another session wrote has changed");
        }

        public void Dispose() => _initiator.Dispose();
    }

    private sealed class Logs : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<(LogLevel Level, string Text)> _all = new();

        public IEnumerable<string> Bugs => _all.Where(m => m.Level >= LogLevel.Error).Select(m => m.Text);

        public IEnumerable<string> Warnings => _all.Where(m => m.Level == LogLevel.Warning).Select(m => m.Text);

        public void Clear() => _all.Clear();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _all.Enqueue((logLevel, $"{formatter(state, exception)} {exception}"));

        public void Dispose()
        {
        }
    }
}
