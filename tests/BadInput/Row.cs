namespace Iscsitop.Tests.BadInput;

/// <summary>One case of bad input: what a peer does and what must come of it.</summary>
/// <param name="Name">The case's id in the list, and what it is: <c>F4 AHS length 0</c>.</param>
/// <param name="Script">What the peer does.</param>
/// <param name="Expected">What it then sees, as <see cref="Hostile.Outcome"/> puts it: <c>reject 09, lives</c>.</param>
internal sealed record Row(string Name, Action<Hostile> Script, string Expected)
{
    /// <summary>The case's id.</summary>
    public string Id => Name.Split(' ')[0];

    /// <summary>Whether it is meant to end what others of the same target do: a reset.</summary>
    public bool ShakesTarget { get; init; }

    /// <summary>Whether the connection ends as it should, so that nobody is warned.</summary>
    public bool Orderly { get; init; }

    /// <summary>Too long, or too much at once, for single bytes.</summary>
    public bool AtOnceOnly { get; init; }

    /// <summary>Whether it is about a peer that falls silent: the target waits no longer once its script has ended,
    /// which has read all that it is answered before.</summary>
    public bool Stalls { get; init; }

    /// <summary>Bytes that the process may allocate meanwhile: what a connection or two take.</summary>
    public long Memory { get; init; } = 8 << 20;

    public override string ToString() => Name;
}
