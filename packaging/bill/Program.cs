using System.Globalization;

namespace Iscsitop.Packaging;

/// <summary>Writes what a build of iscsitop contains of others: a bill of materials and the list of licences.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        if (args.Length != 6)
        {
            Console.Error.WriteLine("usage: bill ASSETS PLATFORM aot|single-file|framework VERSION COMMIT DIRECTORY");
            return 2;
        }
        (string assets, string platform, string kind, string version, string commit, string directory) = (args[0], args[1], args[2], args[3], args[4], args[5]);
        string? epoch = Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH");
        DateTimeOffset time = epoch is null ? DateTimeOffset.UtcNow : DateTimeOffset.FromUnixTimeSeconds(long.Parse(epoch, CultureInfo.InvariantCulture));
        IReadOnlyList<Part> parts = Resolved.Read(assets, platform, kind != "framework");
        File.WriteAllText(Path.Combine(directory, "iscsitop.cdx.json"), Bom.Write(version, commit, platform, time, parts));
        File.WriteAllText(Path.Combine(directory, "THIRD-PARTY-NOTICES"), Notices.Write(parts));
        return 0;
    }
}
