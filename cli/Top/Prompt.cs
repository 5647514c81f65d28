using System.Buffers;
using Iscsitop.Cli.Top.Saving;
using Iscsitop.Engine.Filtering;

namespace Iscsitop.Cli.Top;

/// <summary>What keys do while something is typed into the last line.</summary>
internal sealed class Prompt(State state)
{
    private const int Longest = 4000;
    private const int MostLines = 50;

    private static readonly SearchValues<char> s_separators = SearchValues.Create(" =~<>!({,&|");

    private readonly List<string> _history = [];
    private int _line;

    /// <summary>Begins to ask for something.</summary>
    public void Ask(Mode mode, string text)
    {
        (state.Mode, state.Prompt, state.Complaint, state.ComplaintAt, state.Candidates) = (mode, text, "", -1, []);
        _line = _history.Count;
        state.HoldFilter();
    }

    /// <summary>Does what a key says.</summary>
    /// <returns>False when it does nothing here.</returns>
    public bool Press(char key)
    {
        switch (key)
        {
            case Keys.Esc: Cancel(); return true;
            case Keys.Enter: Accept(); return true;
            case Keys.Tab when state.Mode == Mode.Save: Edit(Saver.NextEnding(state.Prompt)); return true;
            case Keys.Tab: return Complete();
            case Keys.Up: return Recall(-1);
            case Keys.Down: return Recall(1);
            case Keys.Backspace or '\x7f': Edit(state.Prompt.Length > 0 ? state.Prompt[..^1] : ""); return true;
            case '\x15': Edit(""); return true;
            default:
                if (char.IsControl(key) || key is >= '\ue000' and < '\uf900' || state.Prompt.Length >= Longest) return false;
                Edit(state.Prompt + key);
                return true;
        }
    }

    private void Edit(string text)
    {
        (state.Prompt, state.Complaint, state.ComplaintAt, state.Candidates) = (text, "", -1, []);
        if (state.Mode == Mode.Filter) state.SetFilter(text, typing: true);
    }

    private void Cancel()
    {
        if (state.Mode == Mode.Filter) state.SetFilter("");
        Close();
    }

    private void Close() => (state.Mode, state.Complaint, state.ComplaintAt, state.Candidates) = (Mode.Table, "", -1, []);

    private void Accept()
    {
        Mode mode = state.Mode;
        if (mode == Mode.Interval && state.Prompt.Length > 0 && !state.TrySetInterval(state.Prompt)) state.Complaint = State.IntervalRight;
        else if (mode == Mode.Filter) state.SetFilter(state.Prompt);
        else if (mode == Mode.Command) Run();
        else if (mode == Mode.Time && state.Prompt.Length > 0) state.Complaint = state.Go?.Invoke(state.Prompt) ?? "";
        else if (mode == Mode.Save && state.Prompt.Length > 0) state.Complaint = state.Save?.Invoke(state.Prompt) ?? "";
        if (state.Complaint.Length == 0 && state.Mode == mode) Close();
    }

    private void Run()
    {
        if (state.Prompt.Trim().Length > 0 && (_history.Count == 0 || _history[^1] != state.Prompt)) _history.Add(state.Prompt);
        if (_history.Count > MostLines) _history.RemoveAt(0);
        Reply reply = CommandLineTable.Run(state, state.Prompt);
        (state.Complaint, state.ComplaintAt) = (reply.Complaint, reply.Complaint.Length > 0 ? reply.At : -1);
    }

    private bool Recall(int by)
    {
        if (state.Mode != Mode.Command || _history.Count == 0) return false;
        _line = Math.Clamp(_line + by, 0, _history.Count);
        Edit(_line == _history.Count ? "" : _history[_line]);
        return true;
    }

    // As far as all that is possible goes on alike; what is possible is shown.
    private bool Complete()
    {
        string[] lines = state.Mode switch
        {
            Mode.Command => [.. CommandLineTable.Complete(state, state.Prompt)],
            Mode.Filter => [.. Completion.Of(state.Prompt, out int at).Select(w => state.Prompt[..at] + w)],
            _ => [],
        };
        if (lines.Length == 0) return state.Mode is Mode.Command or Mode.Filter;
        string common = lines[0];
        foreach (string line in lines)
            while (!line.StartsWith(common, StringComparison.OrdinalIgnoreCase)) common = common[..^1];
        int begin = common.AsSpan().LastIndexOfAny(s_separators) + 1;
        if (common.Length > state.Prompt.Length || lines.Length == 1) Edit(common);
        (state.Complaint, state.ComplaintAt) = ("", -1);
        state.Candidates = lines.Length == 1 ? [] : [.. lines.Select(l => l[begin..])];
        return true;
    }
}
