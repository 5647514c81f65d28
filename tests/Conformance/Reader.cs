using System.Text;
using System.Text.RegularExpressions;

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

    /// <summary>Waits until a text has come; looks at what is new only, for outputs of many megabytes.</summary>
    public bool WaitForText(string text, TimeSpan patience)
    {
        DateTime end = DateTime.UtcNow + patience;
        int from = 0;
        lock (_text)
        {
            while (true)
            {
                if (_text.ToString(from, _text.Length - from).Contains(text, StringComparison.Ordinal)) return true;
                from = Math.Max(0, _text.Length - text.Length);
                TimeSpan left = end - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || _ended) return false;
                Monitor.Wait(_text, left);
            }
        }
    }

    /// <summary>Waits until a line has all of some texts.</summary>
    public bool WaitForLine(TimeSpan patience, params string[] texts)
    {
        string line = $"(?m)^{string.Concat(texts.Select(t => $"(?=.*{Regex.Escape(t)})"))}";
        return WaitFor(text => Regex.IsMatch(text, line), patience);
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
