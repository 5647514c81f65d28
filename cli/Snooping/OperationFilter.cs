using System.Collections.Concurrent;
using System.IO.Enumeration;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Snooping;

/// <summary>The list of <c>--op</c>: names with patterns, numbers, or the words read, write and other.</summary>
internal sealed class OperationFilter
{
    private readonly List<Func<ushort, bool>> _any = [];
    private readonly ConcurrentDictionary<ushort, bool> _known = new();

    /// <summary>Lets everything pass.</summary>
    public static OperationFilter None { get; } = new([]);

    /// <param name="words">The items of the list; none lets everything pass.</param>
    /// <exception cref="UsageException">A word names no operation.</exception>
    public OperationFilter(IReadOnlyList<string> words)
    {
        foreach (string word in words) _any.Add(Rule(word));
    }

    /// <summary>Whether everything passes.</summary>
    public bool IsEmpty => _any.Count == 0;

    /// <summary>Whether an operation is asked for.</summary>
    public bool Keeps(ushort operation)
    {
        if (IsEmpty) return true;
        if (!_known.TryGetValue(operation, out bool keep))
            _known[operation] = keep = Any(operation);
        return keep;
    }

    private static Func<ushort, bool> Rule(string word)
    {
        if (Enum.TryParse(word, ignoreCase: true, out CommandKind kind) && Enum.IsDefined(kind) && char.IsAsciiLetter(word[0]))
            return operation => KindOf(operation) == kind;
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return IsNumber(word) ? op => Matches(word, Command.Hex(op)) || Matches(word, Command.Hex(op)[..4]) : throw NotOne(word);
        bool names = false;
        foreach (CommandRow row in Command.Rows) names |= Matches(word, row.Name);
        return names ? operation => Matches(word, Command.Name(operation)) : throw NotOne(word);
    }

    // Apart, so that the closure is made for new operations only.
    private bool Any(ushort operation) => _any.Exists(rule => rule(operation));

    private static CommandKind KindOf(ushort operation) => Command.Find(operation)?.Kind ?? CommandKind.Other;

    private static bool Matches(string pattern, string text) => FileSystemName.MatchesSimpleExpression(pattern, text);

    // 0x28, or 0x9e/0x10 with a service action.
    private static bool IsNumber(string word) =>
        word.Split('/') is { Length: 1 or 2 } parts && parts.All(p => p.Length == 4
            && p.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && char.IsAsciiHexDigit(p[2]) && char.IsAsciiHexDigit(p[3]));

    private static UsageException NotOne(string word) =>
        Values.Wrong("operation", word, "a SCSI command such as READ(10), READ*, 0x28 or 0x9e/0x10, or one of read, write, other");
}
