namespace Iscsitop.Engine.D.Execution;

/// <summary>What can go wrong while a clause runs; the numbers are those that ERROR gets as arg4.</summary>
internal enum DFaultKind
{
    BadAddress = 1,
    BadAlignment = 2,
    IllegalOperation = 3,
    DivideByZero = 4,
    NoScratch = 5,
}

/// <summary>
/// Ends a clause. Thrown by what cannot go on, caught where clauses are run; each kind is made once, for a program may fault at every event.
/// </summary>
internal sealed class DFault(DFaultKind kind) : Exception(kind.ToString())
{
    private static readonly DFault s_address = new(DFaultKind.BadAddress);
    private static readonly DFault s_division = new(DFaultKind.DivideByZero);
    private static readonly DFault s_scratch = new(DFaultKind.NoScratch);
    private static readonly DFault s_operation = new(DFaultKind.IllegalOperation);

    /// <summary>What went wrong.</summary>
    public DFaultKind Kind { get; } = kind;

    /// <summary>A division or remainder by 0.</summary>
    public static DFault Division => s_division;

    /// <summary>A clause's strings and alloca() need more than there is.</summary>
    public static DFault Scratch => s_scratch;

    /// <summary>What no machine does.</summary>
    public static DFault Operation => s_operation;

    /// <summary>An address where nothing is.</summary>
    public static DFault At(Machine machine, long address)
    {
        machine.FaultAddress = address;
        return s_address;
    }

    /// <summary>The words of dtrace(1M).</summary>
    public static string Words(DFaultKind kind, long address) => kind switch
    {
        DFaultKind.BadAddress => $"invalid address (0x{address:x})",
        DFaultKind.BadAlignment => $"invalid alignment (0x{address:x})",
        DFaultKind.DivideByZero => "divide-by-zero",
        DFaultKind.NoScratch => "out of scratch space",
        _ => "illegal operation",
    };
}
