namespace Iscsitop.Engine.Filtering;

/// <summary>An expression that is none: what is wrong, where, and what would be right.</summary>
public sealed class FilterException : Exception
{
    /// <param name="problem">What is wrong and would be right.</param>
    /// <param name="expression">The expression.</param>
    /// <param name="position">Where, in characters from 0; its length when something is missing at the end.</param>
    /// <param name="what">What it was meant to be.</param>
    public FilterException(string problem, string expression, int position, string what = "filter")
        : base($"{problem}, at character {position + 1} of the {what}")
    {
        ArgumentNullException.ThrowIfNull(expression);
        (Problem, Expression, Position, What) = (problem, expression, Math.Clamp(position, 0, expression.Length), what);
    }

    /// <summary>What it was meant to be: a filter, a condition.</summary>
    public string What { get; }

    /// <summary>What is wrong, without the place.</summary>
    public string Problem { get; }

    /// <summary>The expression.</summary>
    public string Expression { get; }

    /// <summary>The character it is wrong at, from 0.</summary>
    public int Position { get; }
}
