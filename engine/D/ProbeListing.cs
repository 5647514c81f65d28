using Iscsitop.Engine.D.Compilation;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D;

/// <summary>What <c>-l</c> and <c>-lv</c> tell of probes.</summary>
public static class ProbeListing
{
    /// <summary>The probes that a program's clauses are of, each once, in the order of the clauses.</summary>
    /// <exception cref="DCompileException">It is not D.</exception>
    public static IReadOnlyList<ProbeEntry> Match(DSource source, DOptions options, ProbeCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(source);
        Script script = Parser.Parse(source.Text, new Macros(source.Arguments, source.MacroVariables), options, source.FromFile);
        var probes = new List<ProbeEntry>();
        foreach (Clause clause in script.Items.OfType<Clause>())
            foreach (ProbeDescription description in clause.Probes)
                probes.AddRange(new ProbePattern(description).In(catalog).Where(p => !probes.Contains(p)));
        return probes;
    }

    /// <summary>The types of <c>args[]</c>, as they are written in D.</summary>
    public static IReadOnlyList<string> ArgumentTypes(ProbeEntry probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        return [.. ProviderTypes.Arguments(probe).Select(t => t.Kind == DKind.Pointer ? t.Name : t.PointerTo().Name)];
    }

    /// <summary>How stable a probe's whole name is.</summary>
    public static Stability StabilityOf(ProbeEntry probe)
    {
        ArgumentNullException.ThrowIfNull(probe);
        return Stability.Of(probe);
    }
}
