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

    // Module and function are nobody's to rely on, so the whole of a description is not either.
    private static void Describe(StringBuilder text, ProbeEntry probe)
    {
        Stability(text, "Probe Description", ("Private", "Private", "Unknown"));
        Stability(text, "Argument", ProbeListing.ArgumentStability(probe));
        text.Append("\n\tArgument Types\n");
        IReadOnlyList<string> types = ProbeListing.ArgumentTypes(probe);
        for (int i = 0; i < types.Count; i++) text.Append(CultureInfo.InvariantCulture, $"\t\targs[{i}]: {types[i]}\n");
        if (types.Count == 0) text.Append("\t\tNone\n");
        text.Append('\n');
    }

    private static void Stability(StringBuilder text, string of, (string Name, string Data, string Class) stability) =>
        text.Append(CultureInfo.InvariantCulture, $"\n\t{of} Attributes\n\t\tIdentifier Names: {stability.Name}\n\t\tData Semantics:   {stability.Data}\n\t\tDependency Class: {stability.Class}\n");
}
