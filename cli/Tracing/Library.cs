namespace Iscsitop.Cli.Tracing;

/// <summary>The scripts that come with iscsitop: <c>-s who.d</c> finds them when there is no such file.</summary>
internal static class Library
{
    // Seen from the program: as built, and as installed in bin or in lib/iscsitop.
    private static readonly string[] s_places = ["d", "../share/iscsitop/d", "../../share/iscsitop/d"];

    /// <summary>The file that a name means.</summary>
    /// <param name="name">As it was written; a path is what it is.</param>
    /// <returns>The same when there is such a file, or no script of that name.</returns>
    public static string Find(string name)
    {
        if (File.Exists(name) || name.AsSpan().ContainsAny('/', '\\')) return name;
        return s_places.Select(place => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, place, name))).FirstOrDefault(File.Exists) ?? name;
    }
}
