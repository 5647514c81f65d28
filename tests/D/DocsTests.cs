using System.Runtime.CompilerServices;
using Iscsitop.Engine.D;
using Iscsitop.Engine.D.Compilation;

namespace Iscsitop.Tests.D;

/// <summary>docs/d.md names all there is.</summary>
[TestFixture]
public sealed class DocsTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(Path.GetDirectoryName(Here())!, "..", "..", "docs", "d.md"));

    private static IEnumerable<string> Names =>
    [
        .. OptionTable.Rows.Select(r => $"`{r.Name}`"),
        .. FunctionTable.Rows.Select(r => $"`{r.Name}("),
        .. ActionTable.Rows.Where(r => r.Missing.Length == 0).Select(r => $"`{r.Name}("),
        .. Enum.GetNames<AggregatingFunction>().Select(n => $"`{n.ToLowerInvariant()}("),
    ];

    [TestCaseSource(nameof(Names))]
    public void Everything_is_told(string name) => Assert.That(s_text, Does.Contain(name));

    private static string Here([CallerFilePath] string file = "") => file;
}
