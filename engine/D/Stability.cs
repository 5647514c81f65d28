using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D;

/// <summary>How long a name or the meaning of data will stay, from the least.</summary>
public enum StabilityLevel
{
    Private,
    Unstable,
    Evolving,
    Stable,
}

/// <summary>What a thing depends on, from the narrowest.</summary>
public enum DependencyClass
{
    Unknown,
    Isa,
    Common,
}

/// <summary>What a program may rely on.</summary>
/// <param name="Name">Of names.</param>
/// <param name="Data">Of what they mean.</param>
/// <param name="Class">On what they depend.</param>
public readonly record struct Stability(StabilityLevel Name, StabilityLevel Data, DependencyClass Class)
{
    /// <summary>Of what is D's own.</summary>
    public static Stability Most { get; } = new(StabilityLevel.Stable, StabilityLevel.Stable, DependencyClass.Common);

    /// <summary>Of kernel variables, and of whatever is nobody's to rely on.</summary>
    public static Stability Least { get; } = new(StabilityLevel.Private, StabilityLevel.Private, DependencyClass.Unknown);

    /// <summary>Of a provider that is not named.</summary>
    private static Stability Unnamed { get; } = new(StabilityLevel.Unstable, StabilityLevel.Unstable, DependencyClass.Common);

    /// <summary>The class as it is written.</summary>
    public string ClassName => Class == DependencyClass.Isa ? "ISA" : Class.ToString();

    /// <summary>Less of both, each for itself.</summary>
    public Stability And(Stability other) => new(
        (StabilityLevel)Math.Min((int)Name, (int)other.Name),
        (StabilityLevel)Math.Min((int)Data, (int)other.Data),
        (DependencyClass)Math.Min((int)Class, (int)other.Class));

    /// <summary>Of a probe's <c>args[]</c>.</summary>
    public static Stability OfArguments(ProbeSource source) => Provider.Of(source).Arguments;

    /// <summary>Of a probe whose every field is named.</summary>
    internal static Stability Of(ProbeEntry probe) => Of(probe.Provider, probe.Module, probe.Function, probe.Name, probe);

    /// <summary>Of a description: what its fields name, and nothing else, counts.</summary>
    /// <param name="description">As it was written; of a number the probe it is of.</param>
    /// <param name="first">The first probe it matches; null for none.</param>
    internal static Stability Of(ProbeDescription description, ProbeEntry? first) => description.Id is not null && first is not null
        ? Of(first)
        : Of(description.Provider, description.Module, description.Function, description.Name, first);

    private static Stability Of(string provider, string module, string function, string name, ProbeEntry? first)
    {
        Provider of = first is null || !Names(provider) ? new(Unnamed, Unnamed, Unnamed, Unnamed, Unnamed) : Provider.Of(first.Source);
        Stability stability = of.Itself;
        if (Names(module)) stability = stability.And(of.Module);
        if (Names(function)) stability = stability.And(of.Function);
        return Names(name) ? stability.And(of.Name) : stability;
    }

    private static bool Names(string field) => field.Length > 0 && !field.AsSpan().ContainsAny("*?[\\");

    // What a provider says of itself and of the fields of its probes' names, as the originals do.
    private sealed record Provider(Stability Itself, Stability Module, Stability Function, Stability Name, Stability Arguments)
    {
        private static readonly Stability s_evolving = new(StabilityLevel.Evolving, StabilityLevel.Evolving, DependencyClass.Common);
        private static readonly Stability s_isa = s_evolving with { Class = DependencyClass.Isa };
        private static readonly Provider s_engine = new(s_isa, Least, Least, Least with { Class = DependencyClass.Isa }, s_isa);
        private static readonly Provider s_timer = new(s_evolving, Unnamed with { Class = DependencyClass.Unknown }, Least, s_evolving, s_evolving);
        private static readonly Provider s_dtrace = new(Most, Least, Least, Most, Most);

        public static Provider Of(ProbeSource source) => source switch
        {
            ProbeSource.Engine => s_engine,
            ProbeSource.Timer => s_timer,
            _ => s_dtrace,
        };
    }
}
