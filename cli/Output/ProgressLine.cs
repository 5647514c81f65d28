using System.Globalization;

namespace Iscsitop.Cli.Output;

/// <summary>Tells a person who waits for the first report how far the file has been read. Leaves nothing behind.</summary>
internal sealed class ProgressLine : IDisposable
{
    // What takes less is not worth a word.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(250);

    private readonly TextWriter _terminal;
    private readonly Func<double> _progress;
    private readonly Timer _timer;
    private readonly Lock _gate = new();
    private int _shown;
    private bool _done;

    /// <param name="terminal">Standard error, when it is a terminal.</param>
    /// <param name="progress">How far, from 0 to 1.</param>
    public ProgressLine(TextWriter terminal, Func<double> progress)
    {
        (_terminal, _progress) = (terminal, progress);
        _timer = new Timer(_ => Show(), null, s_patience, s_step);
    }

    /// <summary>For a file read by a command whose standard error is a terminal; null for anything else.</summary>
    public static ProgressLine? For(Streams streams, Func<double> progress) =>
        streams.ErrorIsTerminal && !double.IsNaN(progress()) ? new ProgressLine(streams.Error, progress) : null;

    /// <summary>Says how far it is now.</summary>
    public void Show()
    {
        lock (_gate)
        {
            if (_done) return;
            string text = string.Create(CultureInfo.InvariantCulture, $"reading the file: {Math.Floor(100 * _progress())} %");
            _terminal.Write("\r" + text.PadRight(_shown));
            _terminal.Flush();
            _shown = Math.Max(_shown, text.Length);
        }
    }

    /// <summary>Ends it and wipes the line.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            if (!_done && _shown > 0)
            {
                _terminal.Write("\r" + new string(' ', _shown) + "\r");
                _terminal.Flush();
            }
            _done = true;
        }
    }
}
