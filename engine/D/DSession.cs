using Iscsitop.Engine.D.Compilation;
using Iscsitop.Engine.D.Execution;
using Iscsitop.Target.Probes;

namespace Iscsitop.Engine.D;

/// <summary>
/// A program that runs. Not thread-safe: its host calls it from one thread at a time. Timers fire in <see cref="Advance"/> and before an
/// event that is later than they are, so that a file's events and ticks always come in the same order.
/// </summary>
public sealed class DSession
{
    private readonly Machine _machine;
    private readonly Faces _faces = new();
    private readonly Timers _timers = new();
    private readonly int[] _clauseNumbers;
    private readonly int[] _clauseTexts;
    private Dispatch _dispatch;
    private bool _headed;

    /// <summary>Prepares; nothing runs yet.</summary>
    public DSession(DProgram program, OutputBuffer output)
    {
        ArgumentNullException.ThrowIfNull(program);
        (Program, Output) = (program, output);
        _machine = new Machine(program.Options, output, program.Variables.Numbers, program.Variables.Texts);
        _clauseNumbers = [.. program.Variables.ClauseNumbers];
        _clauseTexts = [.. program.Variables.ClauseTexts];
        _dispatch = new Dispatch(program);
    }

    /// <summary>The program.</summary>
    public DProgram Program { get; }

    /// <summary>What it prints. The host writes it out and clears it.</summary>
    public OutputBuffer Output { get; }

    /// <summary>What goes to standard error: faults as <c>error on enabled probe ID ...</c>, without "dtrace: ".</summary>
    public Action<string>? OnError { get; set; }

    /// <summary>Whether exit() was called: only End is still run.</summary>
    public bool Exited => _machine.Exiting;

    /// <summary>What exit() was given.</summary>
    public int ExitStatus => _machine.ExitStatus;

    /// <summary>Dynamic variables that found no room.</summary>
    public long DynamicDrops => _machine.Dynamic.Drops;

    /// <summary>Aggregations that found no room.</summary>
    public long AggregationDrops => Program.Budget.Drops;

    /// <summary>Output that was more than bufsize between two writes.</summary>
    public long OutputDrops { get; private set; }

    /// <summary>What closures work on.</summary>
    internal Machine Machine => _machine;

    /// <summary>BEGIN fires, timers start.</summary>
    /// <param name="timestamp">Monotonic ns.</param>
    /// <param name="wall">ns since 1970.</param>
    public void Begin(long timestamp, long wall)
    {
        _machine.TakeNone(timestamp, wall);
        Fire(_dispatch.Begin);
        _timers.Start(_dispatch, timestamp);
    }

    /// <summary>A probe of an engine fires.</summary>
    /// <param name="instance">Which engine, as in <see cref="ProbeCatalog.AddEngine"/>.</param>
    /// <param name="e">The event.</param>
    /// <param name="context">The names behind its ids.</param>
    public void OnEvent(int instance, in ProbeEvent e, in EventContext context)
    {
        if (_timers.Next < e.Time) FireTimers(e.Time - 1, context.WallTime - e.Time);
        if (_machine.Exiting) return;
        if (_dispatch.Version != Program.Version) _dispatch = new Dispatch(Program);
        Enabling[] clauses = _dispatch.At(instance, e.Probe);
        if (clauses.Length == 0) return;
        _machine.Take(in e, _faces.Of(instance, e.Connection, in context), context.WallTime);
        Fire(clauses);
    }

    /// <summary>Time goes on: timers that are due fire.</summary>
    public void Advance(long timestamp, long wall)
    {
        if (_timers.Next <= timestamp) FireTimers(timestamp, wall - timestamp);
    }

    /// <summary>END fires.</summary>
    public void End(long timestamp, long wall)
    {
        _machine.TakeNone(timestamp, wall);
        Forget();
        foreach (Enabling enabling in _dispatch.End) Run(enabling);
    }

    /// <summary>Prints the aggregations that no printa has printed: a blank line, then each (dtrace(1M) at exit).</summary>
    /// <param name="json">As one JSON object a key instead.</param>
    public void PrintAggregations(bool json = false)
    {
        if (!json) Output.Write("\n"u8);
        // What is sorted in reverse is so from the last aggregation to the first.
        int direction = Program.Options.AggSortRev ? -1 : 1;
        foreach (Aggregation aggregation in Program.Aggregations.OrderBy(a => direction * a.Shape.Id))
        {
            if (aggregation.Printed) continue;
            if (json) AggregationText.PrintJson(Output, [aggregation], Program.Options);
            else AggregationText.Print(Output, [aggregation], Program.Options);
        }
    }

    private void FireTimers(long until, long wallOffset)
    {
        while (_timers.Next <= until && !_machine.Exiting)
        {
            (Enabling[] clauses, long due) = _timers.Take();
            _machine.TakeNone(due, due + wallOffset);
            Fire(clauses);
        }
    }

    // exit() ends a firing with the clause it is in.
    private void Fire(Enabling[] clauses)
    {
        Forget();
        foreach (Enabling enabling in clauses)
        {
            Run(enabling);
            if (_machine.Exiting) return;
        }
    }

    // this-> is of a firing: what an earlier one left would be chance.
    private void Forget()
    {
        foreach (int slot in _clauseNumbers) _machine.Numbers[slot] = 0;
        foreach (int slot in _clauseTexts) _machine.Texts[slot].Set(default);
    }

    private void Run(Enabling enabling)
    {
        int start = Output.Length;
        bool headed = _headed;
        _machine.Begin(enabling.Probe, enabling.Epid);
        try
        {
            ClauseCode code = enabling.Code;
            if (code.Predicate is { } predicate && predicate(_machine) == 0) return;
            bool quiet = Program.Options.Quiet || !code.Records;
            if (!quiet) Head(enabling.Probe);
            ActionOf[] statements = code.Statements;
            for (int i = 0; i < statements.Length; i++)
            {
                _machine.Statement = i + 1;
                statements[i](_machine);
            }
            if (!quiet) Output.Write("\n"u8);
        }
        catch (DFault fault)
        {
            Output.TakeBack(start);
            _headed = headed;
            Report(enabling, fault);
        }
        if (Output.Length <= Program.Options.BufSize) return;
        if (Output.Length == start) return;
        Output.TakeBack(start);
        _headed = headed;
        OutputDrops++;
    }

    private void Head(BoundProbe probe)
    {
        if (!_headed) Output.Write("CPU     ID                    FUNCTION:NAME\n"u8);
        _headed = true;
        Output.Write(probe.Heading);
    }

    private void Report(Enabling enabling, DFault fault)
    {
        bool addressed = fault.Kind is DFaultKind.BadAddress or DFaultKind.BadAlignment;
        (int statement, long address) = (_machine.Statement, addressed ? _machine.FaultAddress : 0);
        string where = statement == 0 ? "predicate" : $"action #{statement}";
        OnError?.Invoke($"error on enabled probe ID {enabling.Epid} (ID {enabling.Probe.Entry.Id}: {enabling.Probe.Full}): {DFault.Words(fault.Kind, address)} in {where} at DIF offset 0");
        if (enabling.Probe.Entry.Source == ProbeSource.Error) return;
        long[] arguments = _machine.ErrorArguments;
        (arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]) = (enabling.Epid, statement, 0, (long)fault.Kind, address);
        foreach (Enabling handler in _dispatch.Error) Run(handler);
    }
}
