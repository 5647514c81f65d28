using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Cli.Output;

/// <summary>Where a command writes: the streams of the process, or those of a test.</summary>
/// <param name="Output">Bytes of standard output, unbuffered.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Interactive">Whether both ends are a terminal whose cursor can be moved, so that a full screen is possible.</param>
/// <param name="Styled">Whether standard output is a terminal that wants styles.</param>
internal sealed record Streams(Stream Output, TextWriter Error, bool Interactive, bool Styled)
{
    /// <summary>Whether standard error is a terminal, so that a line on it can be written over.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>What messages begin with.</summary>
    public string Program { get; init; } = "iscsitop";

    /// <summary>Those of the process.</summary>
    public static Streams OfProcess()
    {
        bool terminal = !Console.IsOutputRedirected;
        string? term = Environment.GetEnvironmentVariable("TERM");
        bool plain = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) || term == "dumb";
        bool cursor = OperatingSystem.IsWindows() || CanMoveCursor(term);
        return new Streams(OpenOutput(), new Unfailing(Console.Error), terminal && cursor && !Console.IsInputRedirected, terminal && !plain) { ErrorIsTerminal = !Console.IsErrorRedirected };
    }

    /// <summary>Whether a Unix terminal of this kind can have a full screen; one that does not say what it is cannot.</summary>
    internal static bool CanMoveCursor(string? term) => term is not (null or "" or "dumb" or "unknown");

    /// <summary>Writes a message about the program itself: one line, whatever the text holds.</summary>
    public void Complain(string message) => Error.WriteLine(Program + ": " + TerminalText.Escape(message.ReplaceLineEndings(" ")));

    /// <summary>The same with the lines and tabs of what the user wrote.</summary>
    public void ComplainAsIs(string message) =>
        Error.WriteLine(Program + ": " + string.Join('\n', message.Split('\n').Select(l => string.Join('\t', l.Split('\t').Select(TerminalText.Escape)))));

    /// <summary>Writes text and hands it to the system.</summary>
    public void Print(string text)
    {
        Output.Write(Encoding.UTF8.GetBytes(text));
        Output.Flush();
    }

    /// <summary>Whether writing failed because nobody reads any more (EPIPE; ERROR_BROKEN_PIPE, ERROR_NO_DATA).</summary>
    public static bool IsBrokenPipe(IOException e) => OperatingSystem.IsWindows()
        ? (e.HResult & 0xffff) is 109 or 232
        : e.HResult is 32 or 54 or 104; // EPIPE, and ECONNRESET of macOS and Linux

    /// <summary>Messages that cannot be written, as to a full disk, are no reason to end otherwise than one would.</summary>
    private sealed class Unfailing(TextWriter to) : TextWriter(System.Globalization.CultureInfo.InvariantCulture)
    {
        public override Encoding Encoding => to.Encoding;

        public override void Write(char value) => Try(static (w, c) => w.Write(c), value);

        public override void Write(char[] buffer, int index, int count) => Try(static (w, s) => w.Write(s), new string(buffer, index, count));

        public override void Write(string? value) => Try(static (w, s) => w.Write(s), value);

        public override void WriteLine(string? value) => Try(static (w, s) => w.WriteLine(s), value);

        public override void Flush() => Try(static (w, _) => w.Flush(), 0);

        private void Try<T>(Action<TextWriter, T> write, T what)
        {
            try
            {
                write(to, what);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                // There is nobody left to tell.
            }
        }
    }

    // The console's own stream keeps silent about a broken pipe, and a program behind `head` would run for ever.
    // A file keeps the console's stream: FileStream would write at an offset of its own.
    private static Stream OpenOutput()
    {
        if (Descriptors.OutputWasClosed) return new Descriptors.Closed();
        if (OperatingSystem.IsWindows() || !Console.IsOutputRedirected) return Console.OpenStandardOutput();
        try
        {
            var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? Console.OpenStandardOutput() : stream;
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            return Console.OpenStandardOutput();
        }
    }
}
