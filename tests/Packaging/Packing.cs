using System.Runtime.CompilerServices;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>Packs the binary under test as a release would be.</summary>
internal static class Packing
{
    public static string Script => Path.Combine(Home(), "packaging", "build.sh");

    /// <summary>Skips the test, with the reason, where no .deb can be made.</summary>
    public static void Need()
    {
        foreach (string program in new[] { "dpkg-deb", "readelf" }) Client.Need(program);
        Client.NeedThat(File.Exists(Path.Combine(Path.GetDirectoryName(Binary.Path)!, "..", "obj", "cli", "project.assets.json")), "install.sh has not built the binary: its packages are not known");
    }

    /// <summary>Lays packages of these kinds into a directory.</summary>
    public static void Pack(string directory, params string[] kinds)
    {
        Output output = Client.Run("bash", [Script, "--binary", Binary.Path, "--output", directory, "--platform", "linux-x64", .. kinds], null, TimeSpan.FromMinutes(5));
        Assert.That(output.ExitCode, Is.Zero, output.All);
    }

    /// <summary>What a .deb says that it depends on, or recommends: the first alternative of each, without versions.</summary>
    public static string[] Related(string deb, string field) =>
        [.. Client.RunWell("dpkg-deb", "-f", deb, field).Out.Split(',').Select(d => d.Trim().Split(' ')[0])];

    private static string Home([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(here, "..", "..", ".."));
}
