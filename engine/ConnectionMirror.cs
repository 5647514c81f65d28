using Iscsitop.Target.Probes;

namespace Iscsitop.Engine;

/// <summary>One connection of one engine, as a viewer keeps it.</summary>
internal sealed class ConnectionMirror(ConnectionInfo connection, EngineStatus engine)
{
    private readonly ConnectionFacts _taken = new();

    /// <summary>What is known of the connection.</summary>
    public ConnectionInfo Connection { get; set; } = connection;

    /// <summary>The facts the engine told last.</summary>
    public ConnectionFacts Latest { get; } = new();

    /// <summary>What the viewer sees.</summary>
    public ConnectionDelta Delta { get; } = new() { Connection = connection, Engine = engine };

    /// <summary>Hands out what happened since the last call.</summary>
    /// <param name="time">End of the interval on the engine's clock.</param>
    public ConnectionDelta Take(long time)
    {
        Delta.Connection = Connection;
        Delta.Time = time;
        Delta.Facts.SetDifference(Latest, _taken);
        Delta.Total.CopyFrom(Latest);
        Delta.Total.CopyPings(Latest);
        _taken.CopyFrom(Latest);
        return Delta;
    }
}
