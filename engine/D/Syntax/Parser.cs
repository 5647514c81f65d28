namespace Iscsitop.Engine.D.Syntax;

/// <summary>What a program is compiled with: its macro arguments and variables.</summary>
/// <param name="Arguments">$0 is the script's name or "dtrace", then $1 and so on.</param>
/// <param name="Variables">$target, $pid, $uid and so on, without the dollar.</param>
internal sealed record Macros(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, long> Variables);

/// <summary>From text to a tree.</summary>
internal static class Parser
{
    /// <summary>Parses a program.</summary>
    /// <param name="text">The program.</param>
    /// <param name="macros">What macro variables stand for.</param>
    /// <param name="options">Options as they are from the command line; defaultargs matters here. Pragmas are applied by the compiler.</param>
    /// <param name="fromFile">A script: descriptions alone are an error, <c>#!</c> is skipped.</param>
    /// <exception cref="DCompileException">It is not D.</exception>
    public static Script Parse(string text, Macros macros, DOptions options, bool fromFile) => throw new NotImplementedException();
}
