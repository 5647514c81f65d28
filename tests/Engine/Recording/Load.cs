using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine.Recording;

/// <summary>
/// A load as a disk array has it, the same each time: each pair of initiator and unit has its own rate, mix, sizes and a log-normal latency.
/// A fifth of the pairs writes more than comes unasked for, and reads in several Data-Ins.
/// </summary>
internal sealed class Load
{
    private const long Second = 1_000_000_000;

    private readonly Random _random, _depths = new(7);
    private readonly bool _packets;
    private readonly List<Pair> _pairs = [];
    private readonly List<ConnectionDelta> _connections = [];
    private readonly List<UnitDelta> _units = [];
    private readonly EngineStatus _engine = new() { Pid = 4711, Source = "target", Version = "0.1.0" };
    private long _time = 1_795_420_800_000_000_000;

    /// <param name="initiators">How many.</param>
    /// <param name="units">How many.</param>
    /// <param name="each">Units each initiator uses.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <param name="packets">Whether packets are seen, so that their bytes are counted.</param>
    public Load(int initiators, int units, int each, int seed = 1, bool packets = false)
    {
        _packets = packets;
        _random = new Random(seed);
        for (int i = 0; i < initiators; i++)
        {
            var info = new ConnectionInfo((uint)i + 1, "192.0.2.10:3260", $"192.0.2.{20 + i}:{40000 + _random.Next(9000)}", "iqn.2026-01.com.example:array", $"iqn.1994-05.com.example:host{i:d3}", $"40000137{i:x4}", (ushort)(i + 1), 1, i * Second)
            {
                Parameters = new SessionParameters(InitialR2T: false, FirstBurstLength: 65536, TargetMaxRecv: 262144, InitiatorMaxRecv: 262144),
            };
            var delta = new ConnectionDelta { Connection = info, Engine = _engine };
            delta.Total.Begin();
            delta.Total[Fact.Logins] = 1;
            delta.Facts.Begin();
            _connections.Add(delta);
            for (int j = 0; j < each; j++) _pairs.Add(new Pair(_random, info, (ulong)((i * each + j * 7) % units)));
        }
        for (int u = 0; u < units; u++)
            _units.Add(new UnitDelta { Target = "iqn.2026-01.com.example:array", Lun = (ulong)u, Name = $"volume-{u:d4}", Identity = $"naa.60014050{u:x24}", BlockSize = 512, Engine = _engine });
    }

    /// <summary>The next second. A new snapshot each time.</summary>
    public Snapshot Next()
    {
        double seconds = 1 + (_random.NextDouble() - 0.5) / 1000;
        _time += (long)Math.Round(seconds * 1e9);
        var snapshot = new Snapshot { Time = _time, Seconds = Math.Round(seconds * 1e9) / 1e9 };
        (_engine.Seconds, _engine.Connections, _engine.Sessions) = (snapshot.Seconds, _connections.Count, _connections.Count);
        snapshot.Engines.Add(_engine);
        foreach (Pair pair in _pairs) pair.Fill(snapshot, _engine, _random);
        foreach (UnitDelta unit in _units)
        {
            unit.MaxOutstanding = 2 + _random.Next(6);
            unit.BusyTime = (long)(snapshot.Seconds * 1e9 * _random.NextDouble() * 0.4);
            unit.PeakIops = 10 * (20 + _random.Next(30));
            snapshot.Units.Add(unit);
        }
        foreach (ConnectionDelta connection in _connections)
        {
            snapshot.Connections.Add(Facts(connection));
            snapshot.Initiators.Add(new InitiatorDelta(connection.Connection.Initiator, _engine, 4 + _depths.Next(12)));
        }
        return snapshot;
    }

    private ConnectionDelta Facts(ConnectionDelta delta)
    {
        delta.Time = _time - 1_700_000_000_000_000_000;
        delta.Facts.Begin();
        delta.Facts[Fact.R2ts] = _random.Next(20);
        if (_random.Next(5) == 0) delta.Facts[Fact.NopIns] = 1;
        // A mebibyte or three, and something sent again now and then.
        if (_packets)
        {
            delta.Facts[Fact.BytesToTarget] = 500_000 + _random.Next(1_000_000);
            delta.Facts[Fact.BytesToInitiator] = 1_000_000 + _random.Next(2_000_000);
            if (_random.Next(4) == 0) delta.Facts[Fact.ResentToInitiator] = 1448 * _random.Next(3);
        }
        foreach (Fact fact in _packets ? new[] { Fact.R2ts, Fact.NopIns, Fact.BytesToTarget, Fact.BytesToInitiator, Fact.ResentToInitiator } : [Fact.R2ts, Fact.NopIns]) delta.Total[fact] += delta.Facts[fact];
        (delta.Total.Window, delta.Total.Outstanding) = (64 - _random.Next(8), _random.Next(8));
        delta.Total.LastPdu = delta.Time - _random.Next(5_000_000);
        (delta.Facts.Window, delta.Facts.Outstanding, delta.Facts.LastPdu) = (delta.Total.Window, delta.Total.Outstanding, delta.Total.LastPdu);
        return delta;
    }

    private sealed class Pair
    {
        private static readonly int[] s_sizes = [4096, 8192, 16384, 65536];

        private readonly ConnectionInfo _connection;
        private readonly ulong _lun;
        private readonly double _rate, _reads, _median, _spread;
        private readonly bool _large, _mixed, _sequential;
        private readonly int _size;
        private readonly long[] _outstanding = new long[2];

        public Pair(Random random, ConnectionInfo connection, ulong lun)
        {
            (_connection, _lun) = (connection, lun);
            _rate = 20 * Math.Pow(10, random.NextDouble());
            _reads = 0.5 + random.NextDouble() * 0.4;
            _median = 2e5 * Math.Pow(20, random.NextDouble());
            _spread = 0.3 + random.NextDouble() * 0.3;
            _large = random.Next(5) == 0;
            _mixed = random.Next(3) == 0;
            _sequential = random.Next(4) == 0;
            _size = _large ? 262144 : s_sizes[random.Next(s_sizes.Length)];
        }

        public void Fill(Snapshot snapshot, EngineStatus engine, Random random)
        {
            foreach (bool write in new[] { false, true })
            {
                int count = Poisson(random, _rate * (write ? 1 - _reads : _reads));
                long now = random.Next(2);
                ref long before = ref _outstanding[write ? 1 : 0];
                if (count + now == 0 && before == 0) continue;
                var cell = new Cell
                {
                    Key = new CellKey(_connection.Id, _lun, write ? (ushort)0x2a00 : (ushort)0x2800),
                    Kind = write ? CommandKind.Write : CommandKind.Read,
                    Completed = count,
                    Outstanding = now,
                    Started = count + now - before,
                };
                before = now;
                var pattern = new PatternDelta { Key = new PatternKey(_connection.Id, _lun, write), Connection = _connection, Engine = engine };
                for (int i = 0; i < count; i++) Command(random, cell, pattern.Pattern, write);
                cell.OutstandingTime += random.Next(1_000_000);
                snapshot.Cells.Add(new CellDelta { Cell = cell, Connection = _connection, Engine = engine });
                if (count > 0) snapshot.Patterns.Add(pattern);
            }
        }

        private void Command(Random random, Cell cell, Pattern pattern, bool write)
        {
            long latency = (long)(_median * Math.Exp(_spread * Normal(random)));
            int size = _mixed ? s_sizes[random.Next(s_sizes.Length)] : _size;
            if (write) cell.WriteBytes += size;
            else cell.ReadBytes += size;
            cell.OutstandingTime += latency;
            cell.Ensure(Phase.Latency).Add(latency);
            bool moves = _large;
            // As long as the wire takes, about a gigabyte a second.
            long moving = moves ? Math.Min(latency / 2, (long)(220_000 * (0.95 + 0.2 * random.NextDouble()))) : 0;
            cell.Ensure(Phase.Service).Add(latency - moving);
            if (write && moves)
            {
                cell.Ensure(Phase.R2tWait).Add((long)(20_000 * Math.Exp(0.3 * Normal(random))));
                cell.Ensure(Phase.HostData).Add(moving);
            }
            else if (!write)
            {
                cell.Ensure(Phase.Transfer).Add(moving);
                cell.Ensure(Phase.FirstByte).Add(latency - moving);
            }
            Place(random, pattern, size);
        }

        private void Place(Random random, Pattern pattern, int size)
        {
            int log = System.Numerics.BitOperations.Log2((uint)size);
            pattern.Count++;
            pattern.Sizes[log]++;
            pattern.Exact[log]++;
            pattern.Aligned[Math.Min(log - 9, 3)]++;
            (pattern.Interarrival ??= new Histogram()).Add((long)(-Math.Log(1 - random.NextDouble()) * 1e9 / _rate));
            if (_sequential)
            {
                pattern.Seeks[Pattern.NoSeek]++;
                pattern.Sequential++;
                return;
            }
            int distance = System.Numerics.BitOperations.Log2((ulong)(random.NextDouble() * 1e12) + 1);
            pattern.Seeks[Pattern.NoSeek + (random.Next(2) == 0 ? 1 + distance : -1 - distance)]++;
            if (distance >= 20) pattern.Random++;
        }

        private static double Normal(Random random) =>
            Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

        private static int Poisson(Random random, double mean) => Math.Max(0, (int)Math.Round(mean + Math.Sqrt(mean) * Normal(random)));
    }
}
