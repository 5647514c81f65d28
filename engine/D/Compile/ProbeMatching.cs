using System.IO.Enumeration;
using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compile;

internal static class ProbeMatching
{
    public static bool Matches(ProbeDescription d, ProbeEntry e) => d.Id is { } id ? id == e.Id
        : Field(d.Provider, e.Provider) && Field(d.Module, e.Module) && Field(d.Function, e.Function) && Field(d.Name, e.Name);

    public static void AddTimers(ProbeDescription d, ProbeCatalog catalog)
    {
        if (!d.Name.StartsWith("tick-", StringComparison.Ordinal)) return;
        string text = d.Name[5..];
        int digits = text.TakeWhile(char.IsAsciiDigit).Count();
        if (digits == 0) return;
        long n = long.Parse(text[..digits]);
        long period = text[digits..] switch { "" or "hz" => 1_000_000_000 / n, "ms" or "msec" => n * 1_000_000, "s" or "sec" => n * 1_000_000_000, "us" => n * 1000, _ => 0 };
        if (period > 0) catalog.AddTimer(d.Name, period);
    }

    private static bool Field(string pattern, string text) => pattern.Length == 0 || FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase: false);
}
