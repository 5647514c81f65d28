namespace Iscsitop.Cli.Top.Terminal;

/// <summary>Where the screen is shown and keys come from.</summary>
internal abstract class Stage : IDisposable
{
    /// <summary>Called on the stage's thread after a key or click was used.</summary>
    public Action Used { get; init; } = static () => { };

    /// <summary>Called on the stage's thread four times a second, for as long as it returns true.</summary>
    public Func<bool>? Tick { get; init; }

    /// <summary>Whether <see cref="Run"/> ended because the terminal has gone.</summary>
    public bool Gone { get; private protected set; }

    private protected static TimeSpan TickTime { get; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Takes the terminal and shows the screen until <see cref="Stop"/>; gives the terminal back however it ends.</summary>
    /// <exception cref="IOException">The terminal cannot be had, or has gone.</exception>
    public abstract void Run();

    /// <summary>Does something on the stage's thread. From any thread.</summary>
    public abstract void Post(Action action);

    /// <summary>Has the screen drawn again before the next wait. On the stage's thread.</summary>
    public abstract void Redraw();

    /// <summary>Ends <see cref="Run"/>. On the stage's thread.</summary>
    public abstract void Stop();

    /// <inheritdoc/>
    public abstract void Dispose();
}
