using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compilation;

/// <summary>A variable of a program.</summary>
/// <param name="Scope">Where it lives.</param>
/// <param name="Name">Its name.</param>
/// <param name="Type">Of its values.</param>
/// <param name="Keys">Types of an associative array's keys, null for a scalar.</param>
/// <param name="Slot">Its place: among the numbers or strings of the machine, or its id in the dynamic table.</param>
internal sealed record Variable(VariableScope Scope, string Name, DType Type, IReadOnlyList<DType>? Keys, int Slot)
{
    /// <summary>Whether it is made of elements that come and go.</summary>
    public bool Dynamic => Keys is not null || Scope == VariableScope.Self;

    /// <summary>As messages call it.</summary>
    public string Shown => Variables.Shown(Scope, Name);
}

/// <summary>The variables of a program, as they were declared or first assigned.</summary>
internal sealed class Variables
{
    private readonly Dictionary<(VariableScope, string), Variable> _all = [];
    private readonly List<Variable> _inOrder = [];

    /// <summary>How many numbers they need.</summary>
    public int Numbers { get; private set; }

    /// <summary>How many strings.</summary>
    public int Texts { get; private set; }

    /// <summary>Places of this-&gt; among the numbers.</summary>
    public IEnumerable<int> ClauseNumbers => _inOrder.Where(v => v is { Scope: VariableScope.This, Type.IsString: false }).Select(v => v.Slot);

    /// <summary>The same among the strings.</summary>
    public IEnumerable<int> ClauseTexts => _inOrder.Where(v => v is { Scope: VariableScope.This, Type.IsString: true }).Select(v => v.Slot);

    public static string Shown(VariableScope scope, string name) => scope switch
    {
        VariableScope.Self => "self->" + name,
        VariableScope.This => "this->" + name,
        _ => name,
    };

    public Variable? Find(VariableScope scope, string name) => _all.GetValueOrDefault((scope, name));

    /// <summary>A variable comes to be; declared again with the same type it is the same.</summary>
    public Variable Declare(VariableScope scope, string name, DType type, IReadOnlyList<DType>? keys, int line)
    {
        if (Find(scope, name) is { } there)
        {
            bool same = there.Type.Name == type.Name && (there.Keys is null) == (keys is null)
                && (keys is null || keys.Select(k => k.Name).SequenceEqual(there.Keys!.Select(k => k.Name)));
            return same ? there : throw new DCompileException("D_DECL_IDRED", $"identifier redeclared: {Shown(scope, name)}", line);
        }
        if (scope == VariableScope.This && keys is not null)
            throw new DCompileException("D_DECL_LOCASSC", $"associative arrays may not be declared as clause-local variables: {name}", line);
        bool dynamic = keys is not null || scope == VariableScope.Self;
        int slot = dynamic ? _inOrder.Count + 1 : type.IsString ? Texts++ : Numbers++;
        var variable = new Variable(scope, name, type, keys, slot);
        _all.Add((scope, name), variable);
        _inOrder.Add(variable);
        return variable;
    }
}
