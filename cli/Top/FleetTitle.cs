using Iscsitop.Engine;

namespace Iscsitop.Cli.Top;

/// <summary>What the top line says of a fleet: whether its server answers, how old what it has is, and who tells nothing.</summary>
internal static class FleetTitle
{
    /// <summary>Writes it, what matters most first.</summary>
    /// <param name="pen">Where to.</param>
    /// <param name="snapshot">What is shown.</param>
    /// <param name="local">From ns since 1970 to the time of the screen.</param>
    public static void Draw(ref Pen pen, Snapshot snapshot, Func<long, DateTime> local)
    {
        int sessions = 0, silent = 0;
        double age = double.NaN;
        foreach (EngineStatus engine in snapshot.Engines)
        {
            sessions += engine.Sessions;
            if (engine.Host is { SilentSince: > 0 }) silent++;
            else if (engine.Host is { } host && !(host.Age <= age)) age = host.Age;
        }
        if (snapshot.Fleet is { Problem.Length: > 0 } fleet)
        {
            pen.Text("no answer since ", Style.Hot);
            pen.Number(local(fleet.Since), "HH:mm:ss", style: Style.Hot);
            pen.Text(": ", Style.Warn);
            pen.Text(fleet.Problem, Style.Warn);
            pen.Skip(2);
        }
        pen.Number(snapshot.Engines.Count);
        pen.Text(snapshot.Engines.Count == 1 ? " host" : " hosts", Style.Dim);
        if (!double.IsNaN(age))
        {
            pen.Text(", ", Style.Dim);
            pen.Number(Numbers.Age, age, 0);
            pen.Text(" old", Style.Dim);
        }
        pen.Skip(2);
        if (silent > 0) Silent(ref pen, snapshot, local);
        pen.Number(sessions);
        pen.Text(sessions == 1 ? " session" : " sessions", Style.Dim);
    }

    private static void Silent(ref Pen pen, Snapshot snapshot, Func<long, DateTime> local)
    {
        foreach (EngineStatus engine in snapshot.Engines)
        {
            if (engine.Host is not { SilentSince: > 0 } host) continue;
            pen.Text(engine.Source, Style.Warn);
            pen.Text(host.Up == false ? " down since " : " silent since ", Style.Warn);
            pen.Number(local(host.SilentSince), "HH:mm:ss", style: Style.Warn);
            pen.Skip(2);
        }
    }
}
