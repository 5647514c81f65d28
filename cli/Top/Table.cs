using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>How a table is to be drawn.</summary>
internal readonly record struct TableLook(Column? SortBy, bool Ascending, int Selected, int FirstColumn, bool NamesFromStart);

/// <summary>
/// Draws rows under a header: numbers right-aligned, names as wide as there is room, and only the columns that fit.
/// Remembers what it drew, for the mouse and for paging.
/// </summary>
internal sealed class Table(Glyphs glyphs, State? state = null)
{
    // Which columns go first when the screen is too narrow for all.
    private static readonly string[] s_dispensable =
    [
        "complete", "generation", "holder_isid", "conflicts_total", "size_mode_pct", "interarrival_p99_us", "near_pct", "tmfs_per_s", "connections", "luns",
        "redirected_per_s", "unit_attentions_per_s", "reinstated_per_s", "logouts_per_s", "logins_per_s", "login_failures_per_s",
        "paths", "iops_peak", "initiators", "others_per_s", "opcode", "write_size_bytes", "read_size_bytes", "name",
        "top_error", "p95_us", "max_us", "errors_pct", "ops_share_pct",
        "queue_depth_max", "sessions", "busy_pct", "write_p50_us", "read_p50_us", "errors_per_s", "queue_depth",
        "bytes_share_pct", "write_bytes_per_s", "read_bytes_per_s",
        "last_s", "portal", "r2ts_per_s", "window_stall_pct", "itts", "nops_lost", "data_digest", "header_digest", "nop_p50_us",
        "retransmits_pct", "window", "age_s",
        "svc_mean_us", "r2t_mean_us", "host_mean_us", "xfer_mean_us", "first_byte_mean_us", "phases_n",
        "interarrival_p50_us", "seek_p50_bytes", "failures_total", "class", "sense", "tasks_hit", "ref_itt", "registrants", "reservation_key", "victim", "conflicts_per_s",
        "op", "record", "elapsed_us", "ref_age_s", "target", "rule", "last",
    ];

    // What tells rows apart stands at the left and is neither scrolled nor dropped.
    private static readonly string[] s_identity = ["target", "lun", "initiator", "op"];

    private readonly List<Column> _fitting = [];
    private readonly List<(int X, int Width)> _places = [];
    private readonly List<int> _needs = [];
    private readonly List<int> _widths = [];
    private int _historyX;
    private bool _moreLeft;
    private bool _moreRight;
    private Area _area;

    /// <summary>What stands as a small graph behind what tells rows apart; null for nothing.</summary>
    public RowHistory? History { get; set; }

    /// <summary>The first row drawn.</summary>
    public int FirstRow { get; private set; }

    /// <summary>Rows there is room for.</summary>
    public int PageSize => Math.Max(1, _area.Height - 1);

    /// <summary>The columns drawn.</summary>
    public IReadOnlyList<Column> Fitting => _fitting;

    /// <summary>Draws header and rows into an area of at least two lines.</summary>
    public void Draw(Canvas canvas, Area area, Column[] columns, RowList rows, in TableLook look)
    {
        _area = area;
        Fit(columns, rows, look);
        Place(rows);
        Scroll(rows.Count, look.Selected);
        DrawHeader(canvas, look);
        for (int i = 0; i < PageSize && FirstRow + i < rows.Count; i++)
        {
            Area line = area.Row(1 + i);
            DrawRow(canvas, line, rows[FirstRow + i], look);
            if (FirstRow + i == look.Selected) canvas.Restyle(line, Style.Selected);
        }
    }

    /// <summary>The column whose header is at a place; null elsewhere.</summary>
    public Column? HeaderAt(int x, int y)
    {
        if (y != _area.Y) return null;
        for (int i = 0; i < _places.Count; i++)
            if (x >= _places[i].X - 1 && x < _places[i].X + _places[i].Width)
                return _fitting[i];
        return null;
    }

    /// <summary>The index of the row at a place, -1 elsewhere; it may be past the last row.</summary>
    public int RowAt(int x, int y) => _area.Contains(x, y) && y > _area.Y ? FirstRow + y - _area.Y - 1 : -1;

    private int HistoryWidth => History is null ? 0 : RowHistory.Length + 1;

    private static bool IsIdentity(Column column) => column.Anchored || Array.IndexOf(s_identity, column.Field) >= 0;

    private int Narrowest(Column column, RowList rows) =>
        column.Text is null ? column.Width : column.Whole ? Longest(column, rows, Math.Min(column.Width, column.Least)) : Math.Min(column.Width, column.Least);

    private void Fit(Column[] columns, RowList rows, in TableLook look)
    {
        _fitting.Clear();
        int skip = look.FirstColumn;
        int total = HistoryWidth;
        foreach (Column column in columns)
        {
            if (!IsIdentity(column) && skip-- > 0) continue;
            _fitting.Add(column);
            total += Narrowest(column, rows) + 1;
        }
        _moreLeft = look.FirstColumn > 0;
        _moreRight = false;
        while (total > _area.Width && Drop(look.SortBy) is { } dropped)
        {
            total -= Narrowest(dropped, rows) + 1;
            _moreRight = true;
        }
    }

    private Column? Drop(Column? keep)
    {
        foreach (string field in s_dispensable)
            for (int i = _fitting.Count - 1; i > 0; i--)
                if (_fitting[i].Field == field && field != keep?.Field)
                    return Remove(i);
        for (int i = _fitting.Count - 1; i > 0; i--)
            if (!IsIdentity(_fitting[i]) && _fitting[i].Field != keep?.Field)
                return Remove(i);
        return null;
    }

    private Column Remove(int i)
    {
        Column column = _fitting[i];
        _fitting.RemoveAt(i);
        return column;
    }

    // What is left over goes to what is to be read, cell by cell to each, then to the names, the first of them first, as far as their texts need it.
    private void Place(RowList rows)
    {
        int left = _area.Width - HistoryWidth;
        _needs.Clear();
        _widths.Clear();
        foreach (Column column in _fitting)
        {
            int narrowest = Narrowest(column, rows);
            left -= narrowest + 1;
            _widths.Add(narrowest);
            _needs.Add(column.Text is null ? narrowest : column.Bounded ? Math.Max(narrowest, column.Width) : Math.Max(narrowest, Longest(column, rows, column.Prose && rows.Count > 0 ? narrowest : column.Width)));
        }
        for (int before = -1; left > 0 && left != before;)
        {
            before = left;
            for (int i = 0; i < _fitting.Count && left > 0; i++)
                if (_fitting[i].Prose && _widths[i] < _needs[i])
                {
                    _widths[i]++;
                    left--;
                }
        }
        _places.Clear();
        int x = _area.X, identity = Math.Max(0, _fitting.FindLastIndex(IsIdentity));
        for (int i = 0; i < _fitting.Count; i++)
        {
            int grown = Math.Clamp(_needs[i] - _widths[i], 0, Math.Max(left, 0));
            left -= grown;
            _places.Add((x, _widths[i] + grown));
            x += _widths[i] + grown + 1;
            if (i != identity) continue;
            _historyX = x;
            x += HistoryWidth;
        }
    }

    private int Longest(Column column, RowList rows, int longest)
    {
        for (int i = 0; i < rows.Count; i++) longest = Math.Max(longest, Text(column, rows.Any(i)).Length);
        return longest;
    }

    private void Scroll(int rows, int selected)
    {
        if (selected >= 0 && selected < FirstRow) FirstRow = selected;
        if (selected >= FirstRow + PageSize) FirstRow = selected - PageSize + 1;
        FirstRow = Math.Clamp(FirstRow, 0, Math.Max(0, rows - PageSize));
    }

    private void DrawHeader(Canvas canvas, in TableLook look)
    {
        canvas.Fill(_area.Row(0), ' ', Style.Header);
        for (int i = 0; i < _fitting.Count; i++)
        {
            Column column = _fitting[i];
            (int x, int width) = _places[i];
            bool sorted = column.Field == look.SortBy?.Field;
            Style style = sorted ? Style.SortHeader : Style.Header;
            int at = column.Text is null ? x + width - column.Header.Length : x;
            var pen = new Pen(canvas, new Area(at, _area.Y, width, 1));
            if (column.Text is null) pen.Text(column.Header, style);
            else pen.Field(column.Header, width, glyphs.Ellipsis, style);
            if (sorted)
                canvas.Put(column.Text is null ? at - 1 : at + column.Header.Length, _area.Y, look.Ascending ? glyphs.Ascending : glyphs.Descending, style);
        }
        if (History is not null) new Pen(canvas, new Area(_historyX, _area.Y, RowHistory.Length, 1)).Right("IOPS", RowHistory.Length, Style.Header);
        if (_moreRight) canvas.Put(_area.Right - 1, _area.Y, glyphs.MoreRight, Style.SortHeader);
        if (!_moreLeft) return;
        for (int i = 0; i < _fitting.Count; i++)
            if (!IsIdentity(_fitting[i]))
            {
                canvas.Put(_places[i].X - 1, _area.Y, glyphs.MoreLeft, Style.SortHeader);
                return;
            }
    }

    private void DrawRow(Canvas canvas, Area line, Row row, in TableLook look)
    {
        History?.Draw(canvas, glyphs, _historyX, line.Y, row);
        for (int i = 0; i < _fitting.Count; i++)
        {
            Column column = _fitting[i];
            (int x, int width) = _places[i];
            var pen = new Pen(canvas, line with { X = x, Width = Math.Min(width, line.Right - x) });
            if (column.Text is not null) Name(ref pen, Text(column, row), width, look.NamesFromStart || column.Whole || (column.Prose && !column.NamedAtEnd), Heat.OfText(column.Field, row));
            else pen.Number(column.Show!, column.Value!(row), width, (state?.Thresholds ?? Heat.Default).Of(column.Field, column.Value(row)));
        }
    }

    private string Text(Column column, Row row) => state is null ? column.Text!(row) : state.Naming.Text(column, row);

    private void Name(ref Pen pen, string text, int width, bool fromStart, Style style)
    {
        if (text.Length == 0) pen.Text("-", Style.Dim);
        else pen.Field(text, width, glyphs.Ellipsis, style, keepEnd: !fromStart);
    }
}
