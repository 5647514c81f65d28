using System.Text;

namespace Iscsitop.Tests.Conformance;

/// <summary>Collects what a running program prints, and lets a test wait for it.</summary>
internal sealed class Reader
{
    private readonly StringBuilder _text = new();
    private readonly Task _pump;
    private bool _ended;

    public Reader(StreamReader from) => _pump = Task.Run(() => Pump(from));

    public string Text
    {
        get { lock (_text) return _text.ToString(); }
    }

    /// <summary>The complete lines so far.</summary>
    public string[] Lines
    {
        get
        {
            string text = Text;
            int end = text.LastIndexOf('\n');
            return end < 0 ? [] : text[..end].Split('\n');
        }
    }

    /// <summary>Waits until the text fulfils a condition, or the program has closed its output; false when the time is over.</summary>
    public bool WaitFor(Func<string, bool> condition, TimeSpan patience)
    {
        DateTime end = DateTime.UtcNow + patience;
        lock (_text)
        {
            while (!condition(_text.ToString()))
            {
                TimeSpan left = end - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || _ended) return condition(_text.ToString());
                Monitor.Wait(_text, left);
            }
            return true;
        }
    }

    /// <summary>Waits for the end of the output.</summary>
    public string ToEnd()
    {
        Assert.That(_pump.Wait(Client.Patience), "the program did not close its output");
        return Text;
    }

    private void Pump(StreamReader from)
    {
        char[] buffer = new char[64 * 1024];
        int n;
        while ((n = from.Read(buffer)) > 0)
        {
            lock (_text)
            {
                _text.Append(buffer, 0, n);
                Monitor.PulseAll(_text);
            }
        }
        lock (_text)
        {
            _ended = true;
            Monitor.PulseAll(_text);
        }
    }
}
