using System.Text;
using Iscsitop.Cli;
using Iscsitop.Cli.Output;
using Iscsitop.Tests.Pipeline;

namespace Iscsitop.Tests.D;

/// <summary>
/// Runs every program under tests/D/Cases with <c>iscsitop trace</c> on a capture. What is expected stands in the name:
/// <c>tst.NAME.d</c> ends with 0 (or with the status that <c>tst.exitN.NAME.d</c> tells), <c>err.TAG.NAME.d</c> is refused with that tag.
/// What it prints stands in NAME.d.out, what it says in NAME.d.err, both to the byte; of a file that is not there nothing is expected of
/// tst, and anything but the tag of err. A first line <c>/* run: OPTIONS */</c> says what it is run with, instead of <c>-q -r nops.pcap</c>.
/// </summary>
[TestFixture]
public sealed class CaseTests
{
    private static string Root => Path.Combine(Here(), "Cases");

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    private static IEnumerable<TestCaseData> Cases() =>
        Directory.EnumerateFiles(Root, "*.d", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => new TestCaseData(file).SetArgDisplayNames(Path.GetRelativePath(Root, file)));

    [Test]
    public void There_are_several_hundred() => Assert.That(Cases().Count(), Is.GreaterThan(300));

    [TestCaseSource(nameof(Cases))]
    public void Case(string file)
    {
        string[] parts = Path.GetFileName(file).Split('.');
        string text = File.ReadAllText(file);
        using var output = new MemoryStream();
        using var error = new StringWriter();
        int code = CommandLine.Run(["trace", .. Options(text), "-s", file, .. Arguments(text)], new Streams(output, error, false, false));
        string printed = Encoding.UTF8.GetString(output.ToArray());
        if (parts[0] == "err")
        {
            Assert.That(error.ToString(), Does.Contain($"[{parts[1]}] "), printed);
            Assert.That(code, Is.EqualTo(1), "exit status");
            if (Expected(file + ".err", null) is { } message) Assert.That(error.ToString().Replace(file, "FILE", StringComparison.Ordinal), Is.EqualTo(message));
            return;
        }
        int status = parts[1].StartsWith("exit", StringComparison.Ordinal) && int.TryParse(parts[1].AsSpan(4), out int n) ? n : 0;
        Assert.Multiple(() =>
        {
            Assert.That(error.ToString().Replace(file, "FILE", StringComparison.Ordinal), Is.EqualTo(Expected(file + ".err", "")), "standard error");
            Assert.That(printed, Is.EqualTo(Expected(file + ".out", "")), "standard output");
            Assert.That(code, Is.EqualTo(status), "exit status");
        });
    }

    private static string? Expected(string file, string? otherwise) => File.Exists(file) ? File.ReadAllText(file) : otherwise;

    // Tags are what names are checked against; a tst's messages are those that users see.
    private static IEnumerable<string> Options(string text)
    {
        string[] words = Words(text, "run");
        if (words.Length == 0) words = ["-q", "-r", "nops.pcap"];
        string[] tags = ["-x", "errtags"];
        return [.. tags, .. words.Select(w => w.Contains(".pcap", StringComparison.Ordinal) ? Corpus.PathOf(w) : w)];
    }

    private static string[] Arguments(string text) => Words(text, "args");

    private static string[] Words(string text, string key)
    {
        foreach (string line in text.Split('\n').Take(3))
            if (line.StartsWith($"/* {key}: ", StringComparison.Ordinal))
                return line[(key.Length + 5)..line.LastIndexOf("*/", StringComparison.Ordinal)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [];
    }
}
