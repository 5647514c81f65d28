using System.Globalization;
using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>What there is to say of a row that is no sum of commands, in lines: a failure, a request, a reservation, a finding.</summary>
internal sealed class DetailPanel(Glyphs glyphs, TimeZoneInfo zone)
{
    private const int NameWidth = 12;

    private readonly List<(string Name, string Text)> _lines = [];

    public void Draw(Canvas canvas, Area area, Row row)
    {
        _lines.Clear();
        Compose(row);
        int y = 0;
        foreach ((string name, string text) in _lines)
        {
            if (y >= area.Height) return;
            new Pen(canvas, area.Row(y)).Right(name, NameWidth, Style.Dim);
            y = Wrapped(canvas, area, y, text);
        }
    }

    // A text that is too long goes on below, broken at blanks where it has any.
    private int Wrapped(Canvas canvas, Area area, int y, ReadOnlySpan<char> text)
    {
        int width = Math.Max(8, area.Width - NameWidth - 2);
        do
        {
            int length = Wrap.Length(text, width);
            if (y >= area.Height) return y;
            bool cut = y == area.Height - 1 && length < text.Length;
            var pen = new Pen(canvas, area.Row(y++) with { X = area.X + NameWidth + 1, Width = width + 1 });
            pen.Text(text[..length]);
            if (cut) pen.Text([glyphs.Ellipsis], Style.Dim);
            text = text[length..].TrimStart();
        }
        while (text.Length > 0);
        return y;
    }

    private void Compose(Row row)
    {
        if (row.Extras.Finding is { } finding) Of(finding);
        else if (row.Extras.Task is { } task) Of(task);
        else if (row.Extras.Reservation is { } state) Of(state, row);
        else if (row.Extras.Failure is { } failure) Of(failure, row);
    }

    private void Of(Finding finding)
    {
        Add("subject", finding.Subject);
        Add("evidence", finding.Evidence);
        Add("advice", finding.Advice);
        Add("rule", finding.Rule);
        Add("seen", $"{Clock(finding.First)} to {Clock(finding.Last)}");
    }

    private void Of(FailureDelta failure, Row row)
    {
        string detail = FailureWords.Detail(failure.Key), number = FailureWords.Number(failure.Key);
        Add("what", FailureWords.Status(failure.Key) + (number.Length > 0 ? " " + number : ""));
        if (detail.Length > 0) Add("meaning", detail);
        Add("class", $"{FailureWords.Class(failure.Key)}, {FailureWords.Meaning(FailureWords.Class(failure.Key))}");
        Add("from", $"{Known(row.Initiator)} at {failure.Connection.Remote}");
        Add("to", $"{Known(row.Target)}{((row.Group & Dimensions.Lun) != 0 ? string.Create(CultureInfo.InvariantCulture, $" LUN {row.Lun}") : "")} at {failure.Connection.Local}");
        if ((row.Group & Dimensions.Operation) != 0) Add("command", $"{OperationNames.Of(row.Operation)} ({OperationNames.Number(row.Operation)})");
        Add("times", string.Create(CultureInfo.InvariantCulture, $"{failure.Count} in this interval, {failure.Total} in all"));
        Add("seen", $"{Clock(failure.First)} to {Clock(failure.Last)}");
    }

    private void Of(TaskRecord task)
    {
        string about = task.Operation != 0 ? " of " + OperationNames.Of(task.Operation) : "";
        Add("asked for", HappeningColumns.Name(task.Function) + about);
        Add("by", $"{Known(task.Connection.Initiator)} at {task.Connection.Remote}");
        Add("about", string.Create(CultureInfo.InvariantCulture, $"{task.Hit} outstanding {(task.Hit == 1 ? "command" : "commands")}{(task.ReferencedAge < 0 ? "" : ", the oldest for " + Age(task.ReferencedAge))}"));
        Add("answer", task.Response < 0 ? "none yet" : $"{HappeningColumns.Answer(task.Response)} after {Age(task.Elapsed)}");
        Add("at", Clock(task.Time));
    }

    private void Of(ReservationState state, Row row)
    {
        Add("type", HappeningColumns.Type(state) + (state.Complete ? "" : " (as far as it was seen)"));
        if (state.Generation >= 0) Add("generation", state.Generation.ToString(CultureInfo.InvariantCulture));
        if (row.Extras.Conflicts is { Total: > 0 } conflicts)
            Add("conflicts", string.Create(CultureInfo.InvariantCulture, $"{conflicts.Count} in this interval, {conflicts.Total} in all, most of them of {Known(conflicts.Victim)}"));
        Add("changed", Clock(state.Changed));
        foreach (Registrant registrant in state.Registrants)
            Add(registrant == state.Holder ? "holder" : "registered", string.Create(CultureInfo.InvariantCulture, $"0x{registrant.Key:x16} {Known(registrant.Initiator)} {registrant.Isid}"));
        if (state.Holder is { } holder && !state.Registrants.Contains(holder)) Add("holder", $"{Known(holder.Initiator)} {holder.Isid}");
    }

    private void Add(string name, string text) => _lines.Add((name, text));

    private static string Known(string name) => name.Length == 0 ? "-" : name;

    private static string Age(long ns)
    {
        Span<char> text = stackalloc char[Numbers.MaxWidth];
        return ns < 50_000_000
            ? string.Concat(text[..Numbers.Milliseconds(ns / 1e3, text)], " ms")
            : new string(text[..Numbers.Age(ns / 1e9, text)]);
    }

    private string Clock(long ns) => ns <= 0 ? "-"
        : TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(ns / 100), zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
