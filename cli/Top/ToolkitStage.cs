using System.Collections.Concurrent;
using Iscsitop.Cli.Top.Terminal;
using Terminal.Gui.App;
using Terminal.Gui.Configuration;

namespace Iscsitop.Cli.Top;

/// <summary>The screen as the toolkit shows it: on Windows, whose consoles it knows.</summary>
internal sealed class ToolkitStage : Stage
{
    private readonly Grid _grid;
    private readonly bool _sixteen;
    private readonly ConcurrentQueue<Action> _posted = new();
    private IApplication? _app;

    public ToolkitStage(State state, Screen screen, Controls controls, Looks looks, bool sixteen)
    {
        _grid = new Grid(state, screen, controls, looks, () => Used());
        _sixteen = sixteen;
    }

    public override void Run()
    {
        // NativeAOT's process does not begin with this (cli/Trimming.xml); doing it twice changes nothing.
        new TuiConfigurationBuilder().ApplyToStaticFacades();
        using IApplication app = Application.Create().Init();
        app.Driver!.Force16Colors = _sixteen;
        _app = app;
        app.Invoke(DoPosted);
        if (Tick is not null) app.AddTimeout(TickTime, DoTick);
        app.Run(_grid);
        _app = null;
    }

    public override void Post(Action action)
    {
        _posted.Enqueue(action);
        _app?.Invoke(DoPosted);
    }

    public override void Redraw() => _grid.SetNeedsDraw();

    public override void Stop() => _app?.RequestStop();

    public override void Dispose() => _grid.Dispose();

    private void DoPosted()
    {
        while (_posted.TryDequeue(out Action? action)) action();
    }

    private bool DoTick()
    {
        bool more = Tick!();
        Redraw();
        return more;
    }
}
