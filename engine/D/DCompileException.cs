namespace Iscsitop.Engine.D;

/// <summary>Which part of a clause a message is about; dtrace says so when a program comes from the command line.</summary>
public enum ClausePart
{
    None,
    Predicate,
    Actions,
}

/// <summary>A program that cannot be compiled.</summary>
/// <param name="tag">The message's tag as <c>-x errtags</c> shows it, like <c>D_IDENT_UNDEF</c>.</param>
/// <param name="message">The message alone, in the words of dtrace(1M).</param>
/// <param name="line">Line of the program, from 1; 0 when no line is to blame.</param>
/// <param name="part">Where in the clause.</param>
public sealed class DCompileException(string tag, string message, int line, ClausePart part = ClausePart.None) : Exception(message)
{
    /// <summary>The message's tag.</summary>
    public string Tag { get; } = tag;

    /// <summary>Line of the program, from 1; 0 for none.</summary>
    public int Line { get; } = line;

    /// <summary>Where in the clause it was found.</summary>
    public ClausePart Part { get; } = part;

    /// <summary>File of the line, when a <c># n "file"</c> line of the preprocessor named one; else "".</summary>
    public string File { get; init; } = "";

    /// <summary>The character of the program's text that it is about, from 0; -1 when only its line is known.</summary>
    public int At { get; init; } = -1;
}
