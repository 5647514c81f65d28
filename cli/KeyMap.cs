namespace Iscsitop.Cli;

/// <summary>Which key does what: the table of <see cref="Keys"/>, with what the configuration changed. Dispatch, help and footer are loops over it.</summary>
internal sealed class KeyMap
{
    private readonly Dictionary<char, (KeyAction Action, int Place)> _actions = [];

    private KeyMap(KeyBinding[] table)
    {
        Table = table;
        foreach (KeyBinding row in table)
            for (int i = 0; i < row.Keys.Length; i++)
                _actions[Keys.Parse(row.Keys[i])] = (row.Action, i);
    }

    /// <summary>The keys as they come.</summary>
    public static KeyMap Default { get; } = new(Keys.Table);

    /// <summary>The bindings that hold.</summary>
    public KeyBinding[] Table { get; }

    /// <summary>What an action is called in the configuration: <c>sort_menu</c>.</summary>
    public static string NameOf(KeyAction action) =>
        string.Concat(action.ToString().Select((c, i) => char.IsUpper(c) && i > 0 ? "_" + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));

    /// <summary>The table with other keys for some actions.</summary>
    /// <param name="changes">The actions and their keys, which <see cref="Keys.IsKey"/>.</param>
    /// <param name="conflict">Called for a key of a changed action that another has too; throws.</param>
    public static KeyMap With(IReadOnlyDictionary<KeyAction, string[]> changes, Func<KeyAction, string, KeyAction, Exception> conflict)
    {
        KeyBinding[] table = [.. Keys.Table.Select(row => changes.TryGetValue(row.Action, out string[]? keys) ? row with { Keys = keys } : row)];
        foreach (KeyBinding row in table)
            foreach (string key in row.Keys)
                foreach (KeyBinding other in table)
                    if (other.Action != row.Action && changes.ContainsKey(row.Action) && Array.Exists(other.Keys, k => Keys.Parse(k) == Keys.Parse(key)))
                        throw conflict(row.Action, key, other.Action);
        return new KeyMap(table);
    }

    /// <summary>What a key does; <see cref="KeyAction.None"/> for one that does nothing.</summary>
    public KeyAction ActionOf(char key) => _actions.GetValueOrDefault(key).Action;

    /// <summary>Which of its action's keys it is, from 0.</summary>
    public int PlaceOf(char key) => _actions.GetValueOrDefault(key).Place;
}
