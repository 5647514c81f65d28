using Iscsitop.Engine.Filtering;

namespace Iscsitop.Engine.Checking;

/// <summary>An expression that says when something is wrong: comparisons of figures, joined by <c>&amp;&amp;</c>, <c>||</c> and <c>!</c>.</summary>
public sealed class Check
{
    private readonly Node _root;

    internal Check(string text, Node root, IReadOnlyList<Term> comparisons) => (Text, _root, Comparisons) = (text, root, comparisons);

    /// <summary>The expression as it was written.</summary>
    public string Text { get; }

    /// <summary>Its comparisons, in their order.</summary>
    public IReadOnlyList<Term> Comparisons { get; }

    /// <summary>The longest time that one has to hold.</summary>
    public TimeSpan Longest => Comparisons.Max(c => c.For);

    /// <summary>Reads an expression.</summary>
    /// <param name="text">The expression.</param>
    /// <param name="changes">Whether two spans of time are compared, so that limits may be changes in percent and nothing lasts.</param>
    /// <exception cref="FilterException">It is none.</exception>
    public static Check Parse(string text, bool changes = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            var parser = new CheckParser(text, changes);
            Node root = parser.Parse();
            return new Check(text, root, parser.Comparisons);
        }
        catch (FilterException e)
        {
            throw new FilterException(e.Problem, text, e.Position, "condition");
        }
    }

    /// <summary>The expression with the words, signs and brackets it needs.</summary>
    public override string ToString() => _root.ToString()!;

    internal Truth Of(Func<Term, Truth> of) => _root.Of(of);

    /// <summary>A part of an expression.</summary>
    internal abstract class Node
    {
        public abstract Truth Of(Func<Term, Truth> of);

        /// <summary>0 for what needs no brackets anywhere, 1 within ||, 2 nowhere.</summary>
        protected virtual int Looseness => 0;

        protected string Within(int looseness, Node part) => part.Looseness > looseness ? $"({part})" : part.ToString()!;
    }

    internal sealed class Leaf(Term comparison) : Node
    {
        public override Truth Of(Func<Term, Truth> of) => of(comparison);

        public override string ToString() => comparison.ToString();
    }

    internal sealed class Contrary(Node part) : Node
    {
        public override Truth Of(Func<Term, Truth> of) => (Truth)(-(sbyte)part.Of(of));

        public override string ToString() => $"!({part})";
    }

    internal sealed class Together(Node[] parts) : Node
    {
        protected override int Looseness => 1;

        // As true as the least true. All are asked: each counts how long it has held.
        public override Truth Of(Func<Term, Truth> of) => parts.Select(p => p.Of(of)).ToArray().Min();

        public override string ToString() => string.Join(" && ", parts.Select(p => Within(0, p)));
    }

    internal sealed class Alternatives(Node[] parts) : Node
    {
        protected override int Looseness => 2;

        public override Truth Of(Func<Term, Truth> of) => parts.Select(p => p.Of(of)).ToArray().Max();

        public override string ToString() => string.Join(" || ", parts.Select(p => Within(1, p)));
    }
}
