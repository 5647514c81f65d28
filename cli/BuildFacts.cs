using System.Reflection;
using System.Runtime.InteropServices;

namespace Iscsitop.Cli;

/// <summary>Which build this is: what somebody who reports a problem is asked for first.</summary>
internal static class BuildFacts
{
    private static readonly Dictionary<string, string?> s_metadata =
        typeof(BuildFacts).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().DistinctBy(a => a.Key).ToDictionary(a => a.Key, a => a.Value);

    /// <summary>The commit it was built from, with <c>+dirty</c> when files had changed since; <c>unknown</c> without git.</summary>
    public static string Commit { get; } = Of("Commit") ?? "unknown";

    /// <summary><c>aot</c>, <c>single-file</c>, or <c>framework</c> for one that needs the .NET runtime.</summary>
    public static string Kind { get; } = Of("BuildKind") ?? "framework";

    /// <summary>The system and processor it was built for, or, when it runs on any, those it runs on.</summary>
    public static string Platform { get; } = Of("BuiltFor") ?? RuntimeInformation.RuntimeIdentifier;

    /// <summary>The line that a program's <c>-V</c> prints.</summary>
    public static string Line(string program) => $"{program} {CommandLine.Version} (commit {Commit}, {Kind}, {Platform})";

    private static string? Of(string key) => s_metadata.GetValueOrDefault(key) is { Length: > 0 } value ? value : null;
}
