namespace Iscsitop.Engine.Filtering;

/// <summary>An expression that is none: what is wrong, where, and what would be right.</summary>
public sealed class FilterException : Exception
{
    /// <param name="problem">What is wrong and would be right.</param>
    /// <param name="expression">The expression.</param>
    /// <param name="position">Where, in characters from 0; its length when something is missing at the end.</param>
    public FilterException(string problem, string expression, int position)
        : base($"{problem}, at character {position + 1} of the filter")
    {
        ArgumentNullException.ThrowIfNull(expression);
        (Problem, Expression, Position) = (problem, expression, Math.Clamp(position, 0, expression.Length));
    }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>The expression.</summary>
    public string Expression { get; }

    /// <summary>The character it is wrong at, from 0.</summary>
    public int Position { get; }
}
