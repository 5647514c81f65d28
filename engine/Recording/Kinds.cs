namespace Iscsitop.Engine.Recording;

/// <summary>The kinds of numbers in a record: each has models of its own. Where a kind has several, the next follows behind them.</summary>
internal static class Kinds
{
    /// <summary>Sizes of a quantity told apart where it is its own context: its length in bits.</summary>
    public const int Magnitudes = 12;

    public const int Time = 0;
    public const int Seconds = Time + 1;
    public const int New = Seconds + 1;
    public const int Reference = New + 10;
    public const int Lun = Reference + 4;
    public const int Operation = Lun + 1;
    public const int Text = Operation + 1;
    public const int Engine = Text + 2 * TextKinds;
    public const int Info = Engine + EngineCounts;
    public const int Facts = Info + 24;
    public const int Totals = Facts + ConnectionFacts.Count + 4;
    public const int Unit = Totals + 2;
    public const int CellCompleted = Unit + 6;
    public const int Cell = CellCompleted + Magnitudes;
    public const int Histogram = Cell + 12;
    public const int Density = Histogram + 6 * HistogramKinds;
    public const int Pattern = Density + Magnitudes;
    public const int PatternCounts = Pattern + 8 + Magnitudes;
    public const int Failure = PatternCounts + PatternArrays * 4;
    public const int Task = Failure + 8;
    public const int End = Task + 14;
    public const int Reservation = End + 20;
    public const int Escape = Reservation + 10;
    public const int Initiator = Escape + 2;
    public const int Reclaimed = Initiator + 1;
    public const int Numbers = Reclaimed + 3;

    /// <summary>Texts told apart, two kinds each.</summary>
    public const int TextKinds = 10;

    /// <summary>Counters of an engine.</summary>
    public const int EngineCounts = 24;

    /// <summary>Histograms told apart: the phases, the times of pings, those between commands.</summary>
    public const int HistogramKinds = Iscsitop.Engine.Cell.PhaseCount + 2;

    /// <summary>Arrays of a pattern.</summary>
    public const int PatternArrays = 4;
}

/// <summary>The kinds of single decisions.</summary>
internal static class Decisions
{
    public const int Present = 0;
    public const int Changed = Present + 2 * 8;
    public const int Flag = Changed + 16;
    public const int Mode = Flag + 32;
    public const int Expected = Mode + 4 * 4 * Kinds.HistogramKinds;
    public const int Classes = Expected + 9 * Levels * Unary;
    public const int Differences = Classes + (Kinds.PatternArrays - 1) * Levels * Unary;
    public const int All = Differences + DifferenceContexts * Unary;

    /// <summary>Steps of a count before it is told as a number.</summary>
    public const int Unary = 20;

    /// <summary>Levels of what is expected of a count: half a doubling each.</summary>
    public const int Levels = 18;

    /// <summary>Contexts of a difference between two histograms.</summary>
    public const int DifferenceContexts = 4 * 5 * 2;
}
