using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Top.Asking;

/// <summary>The view of an aggregation: a column for each part of its keys, then its value.</summary>
internal static class AskedColumns
{
    /// <summary>Field of the distribution as the screen draws it; files have the counts.</summary>
    public const string Sketch = "distribution";

    private const string PerSecond = "per_s";
    private const int NumberWidth = 7;
    private const int NarrowestKey = 8;
    private const int KeyNeeds = 12;

    // From here on a number is shortened: it would not fit its column.
    private const double Long = 9_999_999.5;

    // What these fields say elsewhere is treated as names of iSCSI.
    private static readonly string[] s_taken = ["target", "initiator", "lun", "op", "time", "n", "p50", "p99", PerSecond, Sketch, "buckets"];

    /// <summary>The view of an aggregation.</summary>
    /// <param name="of">It.</param>
    /// <param name="name">What the program is kept under, "" for nothing.</param>
    /// <param name="sketches">Its distributions in small.</param>
    public static View ViewOf(WatchedAggregation of, string name, Sketches sketches)
    {
        var columns = new List<Column>();
        for (int i = 0; i < of.Keys.Count; i++) columns.Add(Key(of, i, columns));
        columns.AddRange(of.IsDistribution ? Distribution(of, sketches) : Single(of));
        string title = name.Length == 0 ? of.Name : of.Name == "@" ? name : name + of.Name;
        return new View(name.Length > 0 ? name : "d", title, Dimensions.None, columns, of.Accumulates ? PerSecond : of.Function)
        {
            HasTotal = false,
            Rows = _ => of,
            Nothing = "no probe of it has fired yet",
        };
    }

    /// <summary>The columns of a view that files have.</summary>
    public static Column[] OfFiles(View view) => [.. view.Columns.Where(c => c.Field != Sketch)];

    /// <summary>The distribution of a row as text: a bucket's label and count each, those without any left out.</summary>
    public static string Buckets(WatchedKey key)
    {
        var text = new System.Text.StringBuilder();
        for (int i = 0; i < key.Buckets.Length; i++)
            if (key.Buckets[i] != 0) text.Append(CultureInfo.InvariantCulture, $"{(text.Length > 0 ? " " : "")}{key.Of.Label(i).Replace(" ", "", StringComparison.Ordinal)}:{key.Buckets[i]}");
        return text.ToString();
    }

    /// <summary>A number as it is, shortened where it would be longer than its column.</summary>
    public static int Whole(double value, Span<char> into)
    {
        if (double.IsNaN(value) || Math.Abs(value) < Long) return Numbers.Exact(value, into);
        int sign = value < 0 ? 1 : 0;
        if (sign > 0) into[0] = '-';
        return sign + Numbers.Integer(Math.Abs(value), into[sign..]);
    }

    private static Column Key(WatchedAggregation of, int part, List<Column> before)
    {
        string title = of.Keys[part], field = Field(title, part, before), help = "key " + title;
        int width = Math.Max(NarrowestKey, title.Length);
        return of.IsNumber(part)
            ? new Column(field, title, width, "", help, r => r.Extras.Watched!.Number(part), null, Numbers.Exact) { Identifies = true, Anchored = part == 0 }
            : new Column(field, title, width, "", help, null, r => r.Extras.Watched!.Texts[part]) { Anchored = part == 0, Least = Math.Clamp(title.Length, NarrowestKey, KeyNeeds) };
    }

    // The last name in the expression, as long as nothing else is called so.
    private static string Field(string title, int part, List<Column> before)
    {
        int end = title.Length;
        while (end > 0 && !Named(title[end - 1])) end--;
        int begin = end;
        while (begin > 0 && Named(title[begin - 1])) begin--;
        string name = begin < end && !char.IsAsciiDigit(title[begin]) ? title[begin..end] : string.Create(CultureInfo.InvariantCulture, $"key{part + 1}");
        if (Array.IndexOf(s_taken, name) >= 0) name = "key_" + name;
        return before.Exists(c => c.Field == name) ? string.Create(CultureInfo.InvariantCulture, $"{name}_{part + 1}") : name;
    }

    private static bool Named(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static IEnumerable<Column> Single(WatchedAggregation of)
    {
        string header = of.Function.ToUpperInvariant();
        if (of.Accumulates) yield return new(PerSecond, header + "/s", NumberWidth + 1, "1/s", "gained a second over the interval", r => r.Extras.Watched!.PerSecond, null, Rate);
        yield return new(of.Function, header, NumberWidth + 2, "", of.Accumulates ? "all since the view was opened or cleared" : "its value", r => r.Extras.Watched!.Value, null, Whole);
    }

    private static IEnumerable<Column> Distribution(WatchedAggregation of, Sketches sketches)
    {
        yield return new("n", "N", NumberWidth - 1, "", "values since the view was opened or cleared", r => r.Extras.Watched!.Value, null, Numbers.Integer);
        yield return new(PerSecond, "N/s", NumberWidth - 1, "1/s", "values a second over the interval", r => r.Extras.Watched!.PerSecond, null, Rate);
        yield return Percentile("p50", "half of the values do not go beyond", 0.5, Columns.MedianNeeds);
        yield return Percentile("p99", "99 % of the values do not go beyond", 0.99, Columns.TailNeeds);
        yield return new(Sketch, "DISTRIBUTION", Sketches.Width, "", "its values from left to right, of all rows in the same places", null, r => sketches.Of(r.Extras.Watched!)) { Identifies = false, Least = Sketches.Width, Prose = true };
        yield return new("buckets", "BUCKETS", Sketches.Width, "", "how many values are in each bucket", null, r => Buckets(r.Extras.Watched!), Shown: Shown.InFiles) { Identifies = false };

        Column Percentile(string field, string what, double share, int needs) => new(field, field.ToUpperInvariant(), NumberWidth, "", "lowest value of the bucket that " + what,
            r => r.Extras.Watched!.BucketOf(share, needs) is >= 0 and int bucket ? of.Lowest(bucket) : double.NaN, null, Show);

        int Show(double value, Span<char> into)
        {
            if (double.IsNaN(value) || value >= of.Floor) return Whole(value, into);
            into[0] = '<';
            return 1 + Whole(of.Floor, into[1..]);
        }
    }

    private static int Rate(double value, Span<char> into)
    {
        if (value >= 0 || double.IsNaN(value)) return Numbers.Short(value, into);
        into[0] = '-';
        return 1 + Numbers.Short(-value, into[1..]);
    }
}
