using System.Text;
using Iscsitop.Engine;
using Iscsitop.Engine.D;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;
using Iscsitop.Tests.Engine;

namespace Iscsitop.Tests.D;

/// <summary>A program that runs beside an engine of ours: what fires is composed, what it prints is text.</summary>
internal sealed class Running
{
    public const int Instance = 7;

    public static readonly ConnectionInfo Connection = new(
        5, "192.0.2.1:3260", "192.0.2.7:4000", "iqn.2026-11.example:t", "iqn.2026-11.example:i", "400000370000", 1);

    private static readonly EngineStatus s_engine = new();
    private readonly OutputBuffer _output = new();
    private long _now;

    public Running(string text, DOptions? options = null, IReadOnlyDictionary<string, string>? kernel = null, params string[] sources)
    {
        Options = options ?? new DOptions { Quiet = true };
        Catalog.AddEngine(Instance);
        Program = DProgram.Compile([.. sources.Prepend(text).Select(s => new DSource { Text = s, KernelVariables = kernel ?? s_kernel })], Options, Catalog);
        Session = new DSession(Program, _output) { OnError = Errors.Add };
    }

    private static readonly Dictionary<string, string> s_kernel = new() { ["hp_avenrun"] = "0x200", ["release"] = "5.11" };

    public DOptions Options { get; }

    public ProbeCatalog Catalog { get; } = new();

    public DProgram Program { get; }

    public DSession Session { get; }

    public List<string> Errors { get; } = [];

    public string Output => Encoding.UTF8.GetString(_output.Written);

    /// <summary>What a program prints that has only BEGIN, without more than it prints itself.</summary>
    public static string Of(string statements) => new Running($"BEGIN {{ {statements} }}").Begin().Output;

    /// <summary>What an expression is, printed by %d.</summary>
    public static string Value(string expression) => Of($"printf(\"%d\", {expression});");

    /// <summary>What a string expression is.</summary>
    public static string Text(string expression) => Of($"printf(\"%s\", {expression});");

    /// <summary>What is said of a program that cannot be compiled: tag and message.</summary>
    public static string Fails(string text, DOptions? options = null)
    {
        DCompileException e = Assert.Throws<DCompileException>(() => _ = new Running(text, options))!;
        return $"[{e.Tag}] {e.Message}";
    }

    public Running Begin(long now = 0)
    {
        Session.Begin(_now = now, now);
        return this;
    }

    public Running At(long now)
    {
        _now = now;
        return this;
    }

    public Running Advance(long now)
    {
        Session.Advance(_now = now, now);
        return this;
    }

    public Running End()
    {
        Session.End(_now, _now);
        return this;
    }

    public Running Fire(ProbeEvent e, ConnectionInfo? connection = null, int instance = Instance)
    {
        connection ??= Connection;
        e.Connection = connection.Id;
        var context = new EventContext(connection, connection.Target, connection.Initiator, e.Time + 1_000_000, s_engine);
        Session.OnEvent(instance, in e, in context);
        return this;
    }

    public Running Command(uint itt = 1, byte opcode = Events.Read10, uint expected = 4096, ulong lun = 3, ConnectionInfo? connection = null) =>
        Fire(Events.Command(_now, 5, lun, itt, opcode, expected), connection);

    public Running Response(uint itt = 1, ConnectionInfo? connection = null) => Fire(Events.Response(_now, 5, 3, itt), connection);

    public Running DataIn(uint itt = 1, int length = 4096, ConnectionInfo? connection = null) =>
        Fire(Events.DataIn(_now, 5, 3, itt, length, BhsFlags.Final | BhsFlags.Status), connection);

    public Running Transfer(bool write, uint length = 8192)
    {
        ProbeEvent e = default;
        e.Time = _now;
        e.Probe = Probe.XferStart;
        e.LunNumber = 3;
        ProbeEvent.XferView xfer = e.Xfer;
        (xfer.Id, xfer.Length, xfer.Write, xfer.Itt) = (99, length, write, 4);
        return Fire(e);
    }

    public string Aggregations()
    {
        _output.Clear();
        Session.PrintAggregations();
        return Output;
    }
}
