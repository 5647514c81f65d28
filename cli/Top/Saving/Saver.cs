using System.Globalization;
using System.Text;
using Iscsitop.Cli.Output;

namespace Iscsitop.Cli.Top.Saving;

/// <summary>What a screen looks like and what it was made of.</summary>
/// <param name="Canvas">Its characters.</param>
/// <param name="State">What was chosen.</param>
/// <param name="Frame">The rows.</param>
internal sealed record SavedScreen(Canvas Canvas, State State, Frame Frame);

/// <summary>A row of the table of formats.</summary>
/// <param name="Ending">The ending of the names of such files.</param>
/// <param name="Help">What is in them.</param>
/// <param name="Write">Writes one.</param>
internal sealed record SaveFormat(string Ending, string Help, Action<SavedScreen, Stream, bool> Write);

/// <summary>Saves what is on screen to a file, whose ending says how.</summary>
internal static class Saver
{
    /// <summary>Before the ending of a picture: dark on light.</summary>
    public const string Light = "-light";

    /// <summary>What <see cref="Save"/> says of a file that is there.</summary>
    public const string Exists = "it exists: Enter again replaces it";

    /// <summary>The formats; the first is the one of the default name.</summary>
    public static readonly SaveFormat[] Formats =
    [
        new(".txt", "the screen as text", (what, into, _) => Text(what.Canvas, into)),
        new(".csv", "the rows and columns of the view, as -o csv has them", (what, into, _) => Write(what, into, new CsvWriter(into))),
        new(".json", "the same as -o json has them", (what, into, _) => Write(what, into, new JsonReports(into))),
        new(".svg", "a picture of the screen", (what, into, light) => SvgPicture.Write(what.Canvas, Tones.Of(light), into)),
        new(".png", "the same in pixels", (what, into, light) => PngPicture.Write(what.Canvas, Tones.Of(light), into)),
        new(".ansi", "the screen with colours, for a terminal", (what, into, _) => Ansi(what.Canvas, into)),
    ];

    /// <summary>A name for what is on screen at a time, ns since 1970: <c>iscsitop-lun-20260102-030405.txt</c>.</summary>
    public static string DefaultName(string view, long time, TimeZoneInfo zone)
    {
        DateTimeOffset at = TimeZoneInfo.ConvertTime(DateTimeOffset.UnixEpoch.AddTicks(time / 100), zone);
        return string.Create(CultureInfo.InvariantCulture, $"iscsitop-{view}-{at:yyyyMMdd-HHmmss}{Formats[0].Ending}");
    }

    /// <summary>The name with the ending of the format after its own; of the first when it has none.</summary>
    public static string NextEnding(string path)
    {
        int at = FormatOf(path);
        string stem = at < 0 ? path : path[..^Formats[at].Ending.Length];
        return stem + Formats[(at + 1) % Formats.Length].Ending;
    }

    /// <summary>Saves a screen.</summary>
    /// <param name="path">The file; <c>~/</c> is the home directory. Only its owner may read it.</param>
    /// <param name="what">The screen.</param>
    /// <param name="overwrite">Whether a file that is there is replaced, as a whole or not at all.</param>
    /// <returns>Why it was not saved, "" when it was; <see cref="Exists"/> when <paramref name="overwrite"/> would help.</returns>
    public static string Save(string path, SavedScreen what, bool overwrite = false)
    {
        int format = FormatOf(path);
        if (format < 0) return "the name must end in " + string.Join(' ', Formats.Select(f => f.Ending));
        path = Expand(path);
        try
        {
            if (Directory.Exists(path)) return "it is a directory";
            if (!overwrite && File.Exists(path)) return Exists;
            bool light = Path.GetFileNameWithoutExtension(path).EndsWith(Light, StringComparison.Ordinal);
            Store(path, overwrite, into => Formats[format].Write(what, into, light));
            return "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return e is DirectoryNotFoundException ? "there is no such directory" : e is UnauthorizedAccessException ? "permission denied" : TerminalText.Escape(e.Message);
        }
    }

    private static int FormatOf(string path) => Array.FindIndex(Formats, f => path.EndsWith(f.Ending, StringComparison.OrdinalIgnoreCase) && Path.GetFileName(path).Length > f.Ending.Length);

    private static string Expand(string path) =>
        path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]) : path;

    // Written beside and moved there when complete, so that a full disk costs nobody a file.
    private static void Store(string path, bool overwrite, Action<Stream> write)
    {
        string beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetRandomFileName() + ".tmp");
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using (var file = new FileStream(beside, options)) write(file);
            File.Move(beside, path, overwrite);
        }
        catch
        {
            File.Delete(beside);
            throw;
        }
    }

    private static void Text(Canvas canvas, Stream into)
    {
        var text = new StringBuilder();
        for (int y = 0; y < canvas.Height; y++) text.Append(canvas.Line(y)).Append('\n');
        into.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Ansi(Canvas canvas, Stream into)
    {
        Tone[] tones = Tones.Of(light: false).Styles;
        var text = new StringBuilder();
        for (int y = 0; y < canvas.Height; y++)
        {
            for (int x = 0; x < canvas.Width; x++)
            {
                Cell cell = canvas[x, y];
                if (x == 0 || cell.Style != canvas[x - 1, y].Style) tones[Palette.Index(cell.Style)].AppendEscape(text);
                text.Append(cell.Glyph);
            }
            text.Append("\e[0m\n");
        }
        into.Write(Encoding.UTF8.GetBytes(text.ToString()));
    }

    private static void Write(SavedScreen what, Stream into, ReportWriter writer)
    {
        (State state, Frame frame) = (what.State, what.Frame);
        if (frame.Snapshot is { } snapshot)
            writer.Write(Report.Of(state.Options with { View = state.View, Fields = state.InAsked ? Asking.AskedColumns.OfFiles(state.View) : state.Columns }, snapshot, frame.Rows, frame.Total));
        writer.End();
        into.Flush();
    }
}
