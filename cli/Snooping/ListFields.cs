using System.Globalization;
using System.Numerics;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;
using E = Iscsitop.Cli.Snooping.RecordValues<Iscsitop.Engine.EngineListing>;
using P = Iscsitop.Cli.Snooping.RecordValues<Iscsitop.Cli.Snooping.OfferedProbe>;

namespace Iscsitop.Cli.Snooping;

/// <summary>A probe that an engine offers.</summary>
/// <param name="Id">Its number in the list, from 1.</param>
/// <param name="Engine">The engine.</param>
/// <param name="Probe">The probe.</param>
internal sealed record OfferedProbe(int Id, EngineListing Engine, Probe Probe)
{
    /// <summary>The name of its provider.</summary>
    public string Provider => string.Create(CultureInfo.InvariantCulture, $"iscsi{Engine.Pid}");
}

/// <summary>What <c>iscsitop list</c> tells of engines and probes: fields for programs, columns for people.</summary>
internal static class ListFields
{
    /// <summary>The fields of an engine.</summary>
    public static readonly RecordField<EngineListing>[] OfEngine =
    [
        new("pid", "process id of the engine", E.Int64((in e, in x) => e.Pid)),
        new("source", "what it observes: target, an interface, a file", E.Text((in e, in x) => e.Source)),
        new("version", "version of its program", E.Text((in e, in x) => e.Version)),
        new("sessions", "sessions it sees", E.Int64((in e, in x) => Known(e, e.Sessions))),
        new("connections", "connections it sees", E.Int64((in e, in x) => Known(e, e.Connections))),
        new("viewers", "viewers attached to it", E.Int64((in e, in x) => Known(e, e.Subscribers))),
        new("probes", "probes it offers", E.Int64((in e, in x) => Known(e, BitOperations.PopCount(e.Probes)))),
        new("probes_enabled", "probes in use", E.Int64((in e, in x) => Known(e, BitOperations.PopCount(e.Enabled)))),
        new("pipe", "the pipe it serves", E.Text((in e, in x) => e.Path)),
        new("problem", "why it could not be asked", E.Text((in e, in x) => e.Problem)),
    ];

    /// <summary>The fields of a probe.</summary>
    public static readonly RecordField<OfferedProbe>[] OfProbe =
    [
        new("id", "number in the list, from 1", P.Int64((in p, in x) => p.Id)),
        new("provider", "name of the provider: iscsi and the process id", P.Text((in p, in x) => p.Provider)),
        new("pid", "process id of the engine", P.Int64((in p, in x) => p.Engine.Pid)),
        new("source", "what the engine observes", P.Text((in p, in x) => p.Engine.Source)),
        new("probe", "name of the probe", P.Text((in p, in x) => p.Probe.Name())),
    ];

    /// <summary>The columns of engines. One that could not be asked has the reason in place of its source.</summary>
    public static readonly LineColumn<EngineListing>[] EngineColumns =
    [
        new("PID", 7, false, (t, in e, in x) => t.Put(e.Pid)),
        new("SESS", 5, false, (t, in e, in x) => Put(t, Known(e, e.Sessions))),
        new("CONN", 5, false, (t, in e, in x) => Put(t, Known(e, e.Connections))),
        new("VIEW", 5, false, (t, in e, in x) => Put(t, Known(e, e.Subscribers))),
        new("PROBES", 7, false, (t, in e, in x) => Enabled(t, e)),
        new("VERSION", 10, true, (t, in e, in x) => t.PutName(e.Version)),
        new("SOURCE", 6, true, (t, in e, in x) => t.PutName(e.Problem.Length > 0 ? $"({e.Problem})" : e.Source)),
    ];

    /// <summary>The columns of probes, those of dtrace -l. The function of a user-land probe is where it fires; ours fire where PDUs pass.</summary>
    public static readonly LineColumn<OfferedProbe>[] ProbeColumns =
    [
        new("ID", 5, false, (t, in p, in x) => t.Put(p.Id)),
        new("PROVIDER", 12, false, (t, in p, in x) => t.Put(p.Provider)),
        new("MODULE", 17, false, (t, in p, in x) => t.PutName(p.Engine.Source)),
        new("NAME", 4, true, (t, in p, in x) => t.Put(p.Probe.Name())),
    ];

    private static long? Known(EngineListing engine, int number) => engine.Problem.Length == 0 ? number : null;

    private static void Put(LineText text, long? number)
    {
        if (number is { } known) text.Put(known);
        else text.Put("-");
    }

    // Those somebody asked for, of those there are.
    private static void Enabled(LineText text, EngineListing engine)
    {
        Put(text, Known(engine, BitOperations.PopCount(engine.Enabled)));
        if (engine.Problem.Length > 0) return;
        text.Put("/");
        text.Put(BitOperations.PopCount(engine.Probes));
    }
}
