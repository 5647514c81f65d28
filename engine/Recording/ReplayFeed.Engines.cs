using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.Recording;

internal sealed partial class ReplayFeed
{
    // The rest of a piece.
    private sealed class Part(EventPiece piece, Replayed engine)
    {
        private int _event, _change;

        public Replayed Engine { get; } = engine;

        public bool AtEnd => _event == piece.Events.Length && _change == piece.Changes.Count;

        /// <summary>Of its next event, ns since 1970.</summary>
        public long Time => _event < piece.Events.Length ? piece.Events[_event].Time + piece.Engine.WallOffset : long.MinValue;

        public void Fire()
        {
            while (_change < piece.Changes.Count && piece.Changes[_change].Before <= _event)
                Engine.Tell(piece.Changes[_change++].Connection, piece.Engine.WallOffset);
            if (_event < piece.Events.Length) Engine.Fire(in piece.Events[_event++], piece.Names, piece.Engine.WallOffset);
            else _change = piece.Changes.Count;
        }
    }

    // An engine that is not there any more.
    private sealed class Replayed : IDisposable
    {
        private const int RingCapacity = 1024;

        private readonly Provider _provider;
        private readonly Observation _observation;
        private readonly Subscriber _subscriber;
        private readonly Dictionary<uint, ConnectionInfo> _connections = [];

        public Replayed(Hello hello, Reception reception, Wants wants, long now)
        {
            Hello = hello;
            _provider = new Provider(hello.Source, RingCapacity);
            _provider.SetTime(now);
            var outbox = new LocalOutbox(reception);
            var writer = new FrameWriter();
            _subscriber = new Subscriber(outbox, wants, now);
            _observation = new Observation(_provider, [_subscriber], writer);
            _provider.OnFull = Take;
            writer.Write(new Hello(hello.Pid, ProbeSet.All, 0, hello.Source, hello.Program));
            outbox.TrySend(writer.Frame);
            _observation.Want(_subscriber, null, now);
        }

        public Hello Hello { get; }

        public void Tell(ConnectionInfo connection, long offset)
        {
            connection = connection with { Opened = Shift(connection.Opened, offset), Closed = Shift(connection.Closed, offset) };
            if (_connections.TryGetValue(connection.Id, out ConnectionInfo? known) && known == connection) return;
            if (connection.Closed == 0) _connections[connection.Id] = connection;
            else if (!_connections.Remove(connection.Id)) return;
            Take();
            _provider.ConnectionChanges.Enqueue(connection);
        }

        public void Fire(in ProbeEvent e, List<string> names, long offset)
        {
            long time = e.Time + offset;
            if (time > _provider.Now) _provider.SetTime(time);
            _provider.Fire(e.Header, e.TailSpan, e.LunNumber, e.Connection, _provider.Intern(names[(int)e.Target]), _provider.Intern(names[(int)e.Initiator]), time, e.Unmapped);
        }

        public void Dispose() => _subscriber.Dispose();

        public void Take() => _observation.Take(_provider.Now);

        public void Want(Wants wants) => _subscriber.Wants = wants;

        public void Publish(long now)
        {
            if (now > _provider.Now) _provider.SetTime(now);
            Take();
            _observation.PublishLast(_subscriber, now);
        }

        public void End(long now)
        {
            Take();
            _observation.Stop(now);
            _observation.PublishLast(_subscriber, now);
        }

        private static long Shift(long time, long offset) => time == 0 ? 0 : time + offset;
    }
}
