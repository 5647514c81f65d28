using System.Text.RegularExpressions;

namespace Iscsitop.Engine.Filtering;

internal delegate double NumberOf(in Subject s);

internal delegate string TextOf(in Subject s);

/// <summary>A part of an expression.</summary>
internal abstract class Condition
{
    /// <summary>What it says of a thing.</summary>
    public abstract Truth Of(in Subject s);

    protected static Truth From(bool yes) => yes ? Truth.Yes : Truth.No;
}

/// <summary>All of them: as true as the least true.</summary>
internal sealed class All(Condition[] parts) : Condition
{
    public override Truth Of(in Subject s)
    {
        Truth all = Truth.Yes;
        foreach (Condition part in parts)
        {
            Truth one = part.Of(in s);
            if (one == Truth.No) return one;
            if (one < all) all = one;
        }
        return all;
    }
}

/// <summary>Any of them: as true as the most true.</summary>
internal sealed class Any(Condition[] parts) : Condition
{
    public override Truth Of(in Subject s)
    {
        Truth any = Truth.No;
        foreach (Condition part in parts)
        {
            Truth one = part.Of(in s);
            if (one == Truth.Yes) return one;
            if (one > any) any = one;
        }
        return any;
    }
}

/// <summary>The contrary; of what is not known nothing is.</summary>
internal sealed class Not(Condition part) : Condition
{
    public override Truth Of(in Subject s) => (Truth)(-(sbyte)part.Of(in s));
}

/// <summary>Whether a field is known at all: that itself is always known.</summary>
internal sealed class IsKnown(Condition part) : Condition
{
    public override Truth Of(in Subject s) => From(part.Of(in s) != Truth.Unknown);
}

/// <summary>Numbers within ranges, both ends included.</summary>
internal sealed class Within(NumberOf number, (double From, double To)[] ranges) : Condition
{
    public override Truth Of(in Subject s)
    {
        double value = number(in s);
        if (double.IsNaN(value)) return Truth.Unknown;
        foreach ((double from, double to) in ranges)
            if (value >= from && value <= to)
                return Truth.Yes;
        return Truth.No;
    }
}

/// <summary>A number below another, or above it.</summary>
internal sealed class Ordered(NumberOf number, bool less, bool orEqual, double than) : Condition
{
    public override Truth Of(in Subject s)
    {
        double value = number(in s);
        if (double.IsNaN(value)) return Truth.Unknown;
        return From(value == than ? orEqual : less ? value < than : value > than);
    }
}

/// <summary>Texts that are one of some, letter case ignored as iSCSI names do (RFC 7143 §4.2.7.2).</summary>
internal sealed class OneOf(TextOf text, string[] texts) : Condition
{
    public override Truth Of(in Subject s)
    {
        string value = text(in s);
        if (value.Length == 0) return Truth.Unknown;
        foreach (string one in texts)
            if (string.Equals(value, one, StringComparison.OrdinalIgnoreCase))
                return Truth.Yes;
        return Truth.No;
    }
}

/// <summary>Texts in which a regular expression is found.</summary>
internal sealed class Matches(TextOf text, Regex regex) : Condition
{
    public override Truth Of(in Subject s)
    {
        string value = text(in s);
        return value.Length == 0 ? Truth.Unknown : From(regex.IsMatch(value));
    }
}

/// <summary>Addresses in networks, with any port or with one.</summary>
internal sealed class InNetworks(TextOf text, Network[] networks) : Condition
{
    public override Truth Of(in Subject s)
    {
        if (!Network.TryAddress(text(in s), out UInt128 address, out int port)) return Truth.Unknown;
        foreach (Network network in networks)
            if (network.Contains(address, port))
                return Truth.Yes;
        return Truth.No;
    }
}

/// <summary>Operations that a rule takes; each is asked for once.</summary>
internal sealed class Operations(Func<ushort, bool> takes) : Condition
{
    private readonly Truth[] _known = new Truth[1 << 16];

    public override Truth Of(in Subject s)
    {
        // What was counted apart has no operation (CellTable.Overflow).
        if (s.Operation is < 0 or >= 0xff00) return Truth.Unknown;
        Truth known = _known[s.Operation];
        return known != Truth.Unknown ? known : _known[s.Operation] = From(takes((ushort)s.Operation));
    }
}
