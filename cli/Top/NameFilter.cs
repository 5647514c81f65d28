using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Probes;

namespace Iscsitop.Cli.Top;

/// <summary>
/// The filter of <c>/</c>: a regular expression over the names of a cell, letter case ignored. It never backtracks, so no
/// pattern can hold up the screen.
/// </summary>
internal sealed class NameFilter
{
    // LUNs below are remembered in an array, and of so many connections what they match.
    private const int FewLuns = 16384;
    private const int MostConnections = 65536;

    // Texts of rows that are remembered; some are of all lengths and never the same.
    private const int MostTexts = 4096;

    private readonly Regex _regex;
    private readonly bool _inverted;
    private readonly Dictionary<ConnectionInfo, Known> _known = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, Units> _units = new(StringComparer.Ordinal);
    private readonly Dictionary<string, bool> _texts = new(StringComparer.Ordinal);
    private ConnectionInfo? _last;
    private Known _lastKnown;

    private NameFilter(Regex regex, bool inverted) => (_regex, _inverted) = (regex, inverted);

    /// <summary>Reads a pattern; a leading <c>!</c> inverts it.</summary>
    /// <returns>False when it is no regular expression.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out NameFilter? filter)
    {
        filter = null;
        bool inverted = text.StartsWith('!');
        try
        {
            const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking;
            filter = new NameFilter(new Regex(inverted ? text[1..] : text, Options), inverted);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    /// <summary>Whether a cell counts: by its target, <c>target:lun</c>, initiator name or initiator address.</summary>
    public bool Keeps(CellDelta delta)
    {
        // There may be very many cells, of few connections and units: each of those is matched once.
        if (!ReferenceEquals(_last, delta.Connection)) (_last, _lastKnown) = (delta.Connection, KnownOf(delta.Connection));
        return _inverted != (_lastKnown.Matches || MatchesUnit(_lastKnown.Units, delta.Connection.Target, delta.Cell.Key.Lun));
    }

    /// <summary>Whether a connection counts: by its target, initiator name or address, or why it ended.</summary>
    public bool Keeps(ConnectionInfo c) => _inverted
        != (_regex.IsMatch(c.Target) || _regex.IsMatch(c.Initiator) || _regex.IsMatch(c.Remote) || _regex.IsMatch(c.End.Name()));

    /// <summary>Whether a unit counts that no cell speaks of.</summary>
    public bool Keeps(UnitDelta unit) => _inverted != (MatchesUnit(unit.Target, unit.Lun) || _regex.IsMatch(unit.Name));

    /// <summary>Whether something else counts: by its target, <c>target:lun</c>, initiator name or address.</summary>
    public bool Keeps(in Scope scope) => _inverted
        != (MatchesUnit(scope.Target, scope.Lun) || _regex.IsMatch(scope.Initiator) || (scope.Connection is { } c && _regex.IsMatch(AddressOf(c))));

    /// <summary>Whether a row that is no sum of commands counts: by its unit, or any of its texts.</summary>
    public bool Keeps(Row row, IReadOnlyList<Column> columns)
    {
        ArgumentNullException.ThrowIfNull(row);
        ArgumentNullException.ThrowIfNull(columns);
        bool matches = MatchesUnit(UnitsOf(row.Target), row.Target, row.Lun) || Matches(row.Initiator);
        for (int i = 0; i < columns.Count && !matches; i++) matches = columns[i].Text is { } text && Matches(text(row));
        return _inverted != matches;
    }

    /// <summary>Whether a key of an aggregation counts: by any of its parts.</summary>
    public bool Keeps(WatchedKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        bool matches = false;
        for (int i = 0; i < key.Texts.Count && !matches; i++) matches = _regex.IsMatch(key.Texts[i]);
        return _inverted != matches;
    }

    private Known KnownOf(ConnectionInfo c)
    {
        if (_known.TryGetValue(c, out Known known)) return known;
        if (_known.Count >= MostConnections)
        {
            _known.Clear();
            _units.Clear();
        }
        return _known[c] = new Known(_regex.IsMatch(c.Initiator) || _regex.IsMatch(c.Remote), UnitsOf(c.Target));
    }

    private Units UnitsOf(string target)
    {
        if (_units.TryGetValue(target, out Units? units)) return units;
        if (_units.Count >= MostConnections) _units.Clear();
        return _units[target] = new Units();
    }

    private bool Matches(string text)
    {
        if (_texts.TryGetValue(text, out bool matches)) return matches;
        if (_texts.Count >= MostTexts) _texts.Clear();
        return _texts[text] = _regex.IsMatch(text);
    }

    // A fleet knows the host only.
    private static string AddressOf(ConnectionInfo c) => c.Remote.Length > 0 ? c.Remote : c.Local;

    private bool MatchesUnit(Units units, string target, ulong lun)
    {
        if (lun >= FewLuns) return MatchesUnit(target, lun);
        if ((int)lun >= units.Match.Length) Array.Resize(ref units.Match, Math.Max((int)lun + 1, Math.Min(2 * units.Match.Length, FewLuns)));
        ref bool? match = ref units.Match[(int)lun];
        return match ??= MatchesUnit(target, lun);
    }

    private bool MatchesUnit(string target, ulong lun)
    {
        Span<char> name = stackalloc char[256];
        if (target.Length > name.Length - 24) return _regex.IsMatch(target);
        target.CopyTo(name);
        name[target.Length] = ':';
        lun.TryFormat(name[(target.Length + 1)..], out int digits, default, CultureInfo.InvariantCulture);
        return _regex.IsMatch(name[..(target.Length + 1 + digits)]);
    }

    /// <summary>What a connection's names match, and the units of its target.</summary>
    private readonly record struct Known(bool Matches, Units Units);

    /// <summary>Which units of a target match, by LUN; null while nobody asked.</summary>
    private sealed class Units
    {
        public bool?[] Match = new bool?[64];
    }
}
