namespace Iscsitop.Engine.D;

/// <summary>The options of <c>#pragma D option</c>, <c>-x</c> and <c>setopt()</c>, with the defaults of dtrace(1M) (docs/d.md).</summary>
public sealed class DOptions
{
    /// <summary>Only explicit output.</summary>
    public bool Quiet { get; set; }

    /// <summary>Bytes of an aggregation's memory, all in all.</summary>
    public long AggSize { get; set; } = 4 << 20;

    /// <summary>Bytes of dynamic variables (associative arrays, self).</summary>
    public long DynVarSize { get; set; } = 1 << 20;

    /// <summary>Bytes of output between two writes; more is dropped and counted.</summary>
    public long BufSize { get; set; } = 4 << 20;

    /// <summary>Bytes of a string with its NUL.</summary>
    public int StrSize { get; set; } = 256;

    /// <summary>Time between two writes of output, ns.</summary>
    public long SwitchRate { get; set; } = 1_000_000_000;

    /// <summary>Time between two takings of aggregations, ns.</summary>
    public long AggRate { get; set; } = 1_000_000_000;

    /// <summary>Sort by key before value.</summary>
    public bool AggSortKey { get; set; }

    /// <summary>The key to begin with when sorting by key, from 0.</summary>
    public int AggSortKeyPos { get; set; }

    /// <summary>The aggregation of a printa of several that is sorted by, from 0.</summary>
    public int AggSortPos { get; set; }

    /// <summary>Sort in reverse.</summary>
    public bool AggSortRev { get; set; }

    /// <summary>trace() prints bytes as they are.</summary>
    public bool RawBytes { get; set; }

    /// <summary>Macro arguments that are not given are 0 and "".</summary>
    public bool DefaultArgs { get; set; }

    /// <summary>Macro arguments need not be referenced.</summary>
    public bool ArgRef { get; set; }

    /// <summary>Descriptions may match nothing.</summary>
    public bool ZDefs { get; set; }

    /// <summary>Messages begin with their tag.</summary>
    public bool ErrTags { get; set; }

    /// <summary>An empty program may be compiled.</summary>
    public bool Empty { get; set; }

    /// <summary>The preprocessor is run.</summary>
    public bool Cpp { get; set; }

    /// <summary>The preprocessor that is run.</summary>
    public string CppPath { get; set; } = "cpp";

    /// <summary>What the preprocessor is given besides the program: -D, -U, -I, -H.</summary>
    public List<string> CppArguments { get; } = [];

    /// <summary>Destructive actions may be named; there are none here.</summary>
    public bool Destructive { get; set; }
}
