using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Top;

/// <summary>Puts rows that have something in common below a head, where there are at least two.</summary>
internal abstract class Tree
{
    private readonly Dictionary<string, Row> _heads = new(StringComparer.Ordinal);
    private readonly List<Row> _sorted = [];

    /// <summary>Arranges rows that are in order.</summary>
    /// <param name="rows">The rows, which heads are put among.</param>
    /// <param name="order">Their order.</param>
    /// <param name="open">Whether what a head stands for is shown, too.</param>
    public abstract void Arrange(List<Row> rows, Comparison<Row> order, bool open);

    /// <summary>The rows in the order they came in, while they are arranged anew.</summary>
    protected List<Row> TakeFrom(List<Row> rows)
    {
        _sorted.Clear();
        _sorted.AddRange(rows);
        rows.Clear();
        if (_heads.Count > 2 * _sorted.Count + 64) _heads.Clear();
        return _sorted;
    }

    /// <summary>The head of a name, with nothing added up; kept from time to time.</summary>
    protected Row HeadOf(string key, string heads, Dimensions by, Row like)
    {
        if (!_heads.TryGetValue(key, out Row? head)) _heads[key] = head = new Row();
        head.Head(heads, by, like);
        return head;
    }
}

/// <summary>Operations that differ in the length of their CDB only, added up: <c>READ</c> of all sizes.</summary>
internal sealed class OperationTree : Tree
{
    private readonly Dictionary<string, string> _labels = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _members = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Row> _now = new(StringComparer.Ordinal);
    private readonly List<Row> _top = [];

    public override void Arrange(List<Row> rows, Comparison<Row> order, bool open)
    {
        List<Row> sorted = TakeFrom(rows);
        _members.Clear();
        _now.Clear();
        _top.Clear();
        foreach (Row row in sorted)
        {
            string family = OperationNames.Family(row.Operation);
            _members[family] = _members.GetValueOrDefault(family) + 1;
        }
        foreach (Row row in sorted) Put(row, OperationNames.Family(row.Operation));
        _top.Sort(order);
        foreach (Row row in _top)
        {
            rows.Add(row);
            if (row.Extras.Headed > 0 && open) Below(rows, OperationNames.Family(row.Operation), sorted);
        }
    }

    private void Put(Row row, string family)
    {
        (row.Extras.Depth, row.Extras.Head) = (0, null);
        if (_members[family] == 1)
        {
            _top.Add(row);
            return;
        }
        if (!_now.TryGetValue(family, out Row? head))
        {
            if (!_labels.TryGetValue(family, out string? label)) _labels[family] = label = family + " all";
            _now[family] = head = HeadOf(family, label, Dimensions.Operation, row);
            _top.Add(head);
        }
        head.Merge(row);
        row.Extras.Head = head;
    }

    private static void Below(List<Row> rows, string family, List<Row> sorted)
    {
        foreach (Row row in sorted)
        {
            if (!ReferenceEquals(OperationNames.Family(row.Operation), family)) continue;
            row.Extras.Depth = 1;
            rows.Add(row);
        }
    }
}

/// <summary>
/// Connections below their sessions, sessions below their initiators. What has one child only is one line with it, so that the usual, one
/// connection of one session, is a line.
/// </summary>
internal sealed class SessionTree : Tree
{
    private static readonly ConditionalWeakTable<ConnectionInfo, string[]> s_names = [];
    private static readonly ConcurrentDictionary<(int, string), string> s_counts = new();

    private readonly Dictionary<string, int> _initiators = new(StringComparer.Ordinal);
    private readonly Dictionary<(string, string, string, ushort, int), int> _sessions = [];
    private readonly List<(int Initiator, int Session, int Row)> _places = [];

    /// <summary>How a connection is called below a head: by its session, or within that by its connection id.</summary>
    public static string Name(ConnectionInfo c, int depth) => s_names.GetValue(c, static c =>
    [
        "  " + Session(c),
        string.Create(CultureInfo.InvariantCulture, $"    CID {c.Cid} {c.Remote}"),
    ])[Math.Clamp(depth, 1, 2) - 1];

    /// <summary>What a head stands for: <c>3 sess</c>, <c>2 conn</c>.</summary>
    public static string Count(Row row) => row.Extras.Headed == 0 ? ""
        : s_counts.GetOrAdd((row.Extras.Headed, (row.Group & Dimensions.Session) != 0 ? " conn" : " sess"), static k => k.Item1.ToString(CultureInfo.InvariantCulture) + k.Item2);

    public override void Arrange(List<Row> rows, Comparison<Row> order, bool open)
    {
        List<Row> sorted = TakeFrom(rows);
        _initiators.Clear();
        _sessions.Clear();
        _places.Clear();
        for (int i = 0; i < sorted.Count; i++) _places.Add((First(_initiators, sorted[i].Initiator, i), First(_sessions, SessionOf(sorted[i]), i), i));
        _places.Sort();
        for (int from = 0, to; from < _places.Count; from = to)
        {
            to = from;
            int sessions = 0;
            for (; to < _places.Count && _places[to].Initiator == _places[from].Initiator; to++)
                if (to == from || _places[to].Session != _places[to - 1].Session) sessions++;
            Initiator(rows, sorted, from, to, sessions, open);
        }
    }

    private void Initiator(List<Row> rows, List<Row> sorted, int from, int to, int sessions, bool open)
    {
        Row like = sorted[_places[from].Row];
        if (sessions > 1)
        {
            Row head = HeadOf(like.Initiator, like.Initiator.Length == 0 ? "-" : like.Initiator, Dimensions.Initiator, like);
            for (int i = from; i < to; i++) Into(head, sorted[_places[i].Row]);
            head.Extras.Headed = sessions;
            rows.Add(head);
            if (!open) return;
        }
        for (int end; from < to; from = end)
        {
            end = from;
            while (end < to && _places[end].Session == _places[from].Session) end++;
            Session(rows, sorted, from, end, sessions > 1 ? 1 : 0, open);
        }
    }

    private void Session(List<Row> rows, List<Row> sorted, int from, int to, int depth, bool open)
    {
        Row like = sorted[_places[from].Row];
        if (to - from > 1)
        {
            ConnectionInfo c = like.Connection!.Connection;
            Row head = HeadOf(Name(c, 1) + c.Target + c.Initiator, depth == 0 ? like.Initiator : Name(c, 1), Dimensions.Session, like);
            head.Extras.Head = like.Extras.Head;
            for (int i = from; i < to; i++) Into(head, sorted[_places[i].Row]);
            rows.Add(head);
            if (!open) return;
            depth = 2;
        }
        for (int i = from; i < to; i++)
        {
            Row row = sorted[_places[i].Row];
            row.Extras.Depth = depth;
            rows.Add(row);
        }
    }

    private static void Into(Row head, Row row)
    {
        head.Merge(row);
        row.Extras.Head = head;
    }

    private static int First<TKey>(Dictionary<TKey, int> of, TKey key, int index) where TKey : notnull => of.TryAdd(key, index) ? index : of[key];

    // Those that ended are told apart from those that came after them by their handle.
    private static (string, string, string, ushort, int) SessionOf(Row row) =>
        (row.Initiator, row.Target, row.Session, row.Connection!.Connection.Tsih, row.Connection.Engine.Number);

    private static string Session(ConnectionInfo c) => c.Isid.Length == 0 ? c.Remote : $"{c.Isid} {c.Tsih.ToString(CultureInfo.InvariantCulture)}";
}
