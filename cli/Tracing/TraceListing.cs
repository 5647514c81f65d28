using System.Globalization;
using System.Text;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Tracing;

/// <summary>Lists probes as <c>dtrace -l</c> and <c>-lv</c> do.</summary>
internal static class TraceListing
{
    /// <summary>The list.</summary>
    /// <param name="probes">What is listed.</param>
    /// <param name="verbose">Whether with stabilities and argument types.</param>
    public static string Of(IEnumerable<ProbeEntry> probes, bool verbose)
    {
        var text = new StringBuilder();
        Line(text, "ID", "PROVIDER", "MODULE", "FUNCTION", "NAME");
        foreach (ProbeEntry probe in probes)
        {
            Line(text, probe.Id.ToString(CultureInfo.InvariantCulture), probe.Provider, probe.Module, probe.Function, probe.Name);
            if (verbose) Describe(text, probe);
        }
        return text.ToString();
    }

    private static void Line(StringBuilder text, string id, string provider, string module, string function, string name) =>
        text.Append(CultureInfo.InvariantCulture, $"{id,5} {provider,10} {module,17} {function,33} {name}\n");

    /// <summary>What <c>-v</c> tells of a program: how long it will work.</summary>
    /// <param name="name">What notices call it, with what it is.</param>
    /// <param name="program">The whole.</param>
    /// <param name="source">Which of its sources.</param>
    /// <param name="listed">Whether the probes of each clause are listed, too (-e).</param>
    public static string Of(string name, DProgram program, int source, bool listed)
    {
        (Stability descriptions, Stability statements) = program.StabilityOf(source);
        var text = new StringBuilder($"\nStability attributes for {name}:\n");
        Attributes(text, "Minimum Probe Description", descriptions);
        Attributes(text, "Minimum Statement", statements);
        if (!listed) return text.Append('\n').ToString();
        foreach (IReadOnlyList<ProbeEntry> probes in program.MatchedByClause(source)) text.Append('\n').Append(Of(probes, verbose: true));
        return text.ToString();
    }

    private static void Describe(StringBuilder text, ProbeEntry probe)
    {
        Attributes(text, "Probe Description", ProbeListing.StabilityOf(probe));
        Attributes(text, "Argument", Stability.OfArguments(probe.Source));
        text.Append("\n\tArgument Types\n");
        IReadOnlyList<string> types = ProbeListing.ArgumentTypes(probe);
        for (int i = 0; i < types.Count; i++) text.Append(CultureInfo.InvariantCulture, $"\t\targs[{i}]: {types[i]}\n");
        if (types.Count == 0) text.Append("\t\tNone\n");
        text.Append('\n');
    }

    private static void Attributes(StringBuilder text, string of, Stability stability) =>
        text.Append(CultureInfo.InvariantCulture, $"\n\t{of} Attributes\n\t\tIdentifier Names: {stability.Name}\n\t\tData Semantics:   {stability.Data}\n\t\tDependency Class: {stability.ClassName}\n");
}
