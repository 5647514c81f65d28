using System.Runtime.CompilerServices;
using Iscsitop.Engine;
using Iscsitop.Engine.Sources;

namespace Iscsitop.Tests.Top;

/// <summary>The recording of tests/Recordings, made by its make.sh, as the screen plays it: second by second.</summary>
internal static class Recorded
{
    /// <summary>Seconds of it that are played: the one in which much happens.</summary>
    public const int Seconds = 16;

    /// <summary>Where it is.</summary>
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(Here(), "..", "Recordings", "busy.rec"));

    /// <summary>Shows its first seconds to a screen, which uses the keys so many seconds before the end.</summary>
    public static Seen Play(Seen seen, string[] keys, int before = 0, int seconds = Seconds)
    {
        using Feed feed = Feed.Open(new CaptureOptions { File = Path }, new Wants(0, TimeSpan.FromSeconds(1)));
        for (int i = 1; i <= seconds; i++)
        {
            Assert.That(feed.WaitForSnapshot(TimeSpan.Zero, CancellationToken.None));
            seen.With(feed.Take());
            if (i == seconds - before) seen.Press(keys);
        }
        return seen;
    }

    private static string Here([CallerFilePath] string path = "") => System.IO.Path.GetDirectoryName(path)!;
}
