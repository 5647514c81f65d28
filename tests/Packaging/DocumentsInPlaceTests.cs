using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>
/// What README and cookbook print is typed, as printed and in this order, on the terminal of a bare Debian on which nothing but the .deb is
/// installed, and what they themselves say to install.
/// </summary>
[TestFixture]
public sealed partial class DocumentsInPlaceTests
{
    private static readonly string[] s_documents = ["README.md", "docs/cookbook.md"];

    // What is not typed there, and why.
    private static readonly (string Start, string Reason)[] s_elsewhere =
    [
        ("./install.sh", "builds from the source; InstallTests and the tests themselves do"),
        ("./tests/run.sh", "is these tests"),
        ("dnf ", "is for another system; PackageTests installs the .rpm"),
        ("tar ", "is for systems without packages; PackageTests unpacks the archive"),
        ("podman ", "needs an image"),
    ];

    private readonly Scratch _scratch = new();
    private readonly ConcurrentQueue<string> _wrong = new();
    private Machine _machine = null!;
    private CleanRoot _root = null!;
    private Manual _manual = null!;

    [OneTimeSetUp]
    public void Prepare()
    {
        Client.NeedThat(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "a root to install into needs the user root");
        Client.NeedQemu("qemu-img");
        Packing.Need();
        Packing.Pack(_scratch.Path, "deb");
        string deb = Directory.EnumerateFiles(_scratch.Path, "*.deb").Single();
        _machine = new Machine();
        IEnumerable<string> ours = [.. Packing.Related(deb, "Depends"), .. Packing.Related(deb, "Recommends")];
        _root = CleanRoot.WithApt(_machine, Installations().Where(l => !l.Contains("./", StringComparison.Ordinal)).Prepend(string.Join(' ', ours)));
        _manual = new Manual(_root);
        File.Copy(deb, _root.At("root/" + Path.GetFileName(deb)));
    }

    [OneTimeTearDown]
    public void Remove()
    {
        _root?.Dispose();
        _machine?.Dispose();
        _scratch.Dispose();
    }

    [Test]
    public void Every_command_works_as_printed_with_the_package_alone()
    {
        using Subscriber theirs = _machine.StartElsewhere(_scratch, Binary.Path, "target", "--portal", Machine.Elsewhere, "--insecure-allow-remote", "--name", TargetProcess.Iqn, "--lun", "0=ram:16MiB", "--lun", "1=ram:16MiB");
        Assert.That(theirs.Error.WaitFor(t => t.Contains("listening on", StringComparison.Ordinal), Client.Patience), theirs.Error.Text);
        using Subscriber passing = Load($"iscsi://{Machine.Elsewhere}/{TargetProcess.Iqn}");

        Install("./");
        foreach (string document in s_documents) Serve(document);
        string serves = Printed("README.md").First(e => e.Command.StartsWith("iscsitop target --lun", StringComparison.Ordinal)).Command;
        using Manual.Typed ours = _manual.Leave(serves, "listening on");
        using Subscriber load = Load("iscsi://127.0.0.1/iqn.2026-01.io.github.iscsitop:target");
        foreach (string document in s_documents) Work(document, e => !Foreign(e));

        Install("");
        File.WriteAllText(_root.At("root/prometheus.yml"), Documents.Block("docs/cookbook.md", "yaml"));
        _manual.Directory = "/root";
        using Manual.Typed metrics = _manual.Leave("iscsitop metrics", "/metrics");
        using Manual.Typed prometheus = _manual.Leave(Printed("docs/cookbook.md").Single(e => e.Command.StartsWith("prometheus ", StringComparison.Ordinal)).Command, "ready to receive web requests");
        // It has nothing to tell before it has asked.
        for (int i = 0; i < 30 && !_root.Run("iscsitop", "--prometheus", "http://localhost:9090", "--view", "host", "-b", "1", "2").Out.Contains("localhost:9260", StringComparison.Ordinal); i++) { }
        foreach (string document in s_documents) Work(document, Foreign);

        int left = s_documents.SelectMany(Documents.Examples).Count(e => Reason(e.Command) is not null);
        TestContext.Out.WriteLine($"{left} commands are not typed: {string.Join("; ", s_elsewhere.Select(e => e.Start.Trim() + " " + e.Reason))}");
        Assert.That(_wrong, Is.Empty, string.Join("\n\n", _wrong));
        Assert.That(s_elsewhere.Where(e => !s_documents.SelectMany(Documents.Examples).Any(x => x.Command.StartsWith(e.Start, StringComparison.Ordinal))), Is.Empty);
    }

    [Test]
    public void The_services_are_right()
    {
        Client.Need("systemd-analyze");
        Install("./");
        string[] units = [.. Directory.EnumerateFiles(_root.At("usr/lib/systemd/system"), "iscsitop-*.service").Select(Path.GetFileName).OfType<string>()];
        Assert.That(units, Has.Length.GreaterThanOrEqualTo(3));
        // There is no systemd inside: what the units refer to is the host's.
        foreach (string unit in Directory.EnumerateFiles("/usr/lib/systemd/system").Where(f => f.EndsWith(".target", StringComparison.Ordinal) || f.EndsWith(".slice", StringComparison.Ordinal)))
            File.Copy(unit, _root.At("usr/lib/systemd/system/" + Path.GetFileName(unit)), overwrite: true);
        Output output = Client.Run("systemd-analyze", ["verify", "--man=no", "--root=" + _root.Path, .. units], null);
        Assert.That((output.ExitCode, output.All), Is.EqualTo((0, "")));
    }

    // Somebody comes, reads and writes a little, and goes, again and again: nobody's machine is to be full for it.
    private Subscriber Load(string target) =>
        _machine.Start("sh", "-c", $"while qemu-img bench -f raw -t none -c 300 -d 4 {target}/0 && qemu-img bench -f raw -t none -w -c 100 -d 2 {target}/1; do sleep 0.2; done");

    // Those lines of "apt install" that name a file, or those that do not.
    private void Install(string what)
    {
        _manual.Directory = "/root";
        foreach (string line in Installations().Where(l => l.Contains("./", StringComparison.Ordinal) == (what == "./")))
            Assert.That(_manual.Try("apt install " + line, TimeSpan.FromMinutes(5)), Is.Null);
    }

    // What serves is at an address of its own each time: one after the other, and before what is left on.
    private void Serve(string document)
    {
        Enter(document);
        foreach (Example example in Printed(document).Where(e => Serves().IsMatch(e.Command) && !Foreign(e))) Type(example);
    }

    // First what makes files that others read, in its order.
    private void Work(string document, Func<Example, bool> which)
    {
        Enter(document);
        Example[] examples = [.. Printed(document).Where(e => !Serves().IsMatch(e.Command) && which(e))];
        foreach (Example example in examples.Where(e => Makes().IsMatch(e.Command))) Type(example);
        Parallel.ForEach(examples.Where(e => !Makes().IsMatch(e.Command)), new ParallelOptions { MaxDegreeOfParallelism = 8 }, Type);
    }

    private void Enter(string document)
    {
        string directory = "/root/" + Path.GetFileNameWithoutExtension(document);
        Directory.CreateDirectory(_root.At(directory));
        _manual.Directory = directory;
        if (Documents.Examples(document).Select(e => e.Command).FirstOrDefault(c => c.StartsWith("cp ", StringComparison.Ordinal)) is not { } copy) return;
        string[] parts = copy.Split(" && cd ");
        if (!Directory.Exists(_root.At(directory + "/" + parts[1]))) Assert.That(_manual.Try(parts[0]), Is.Null);
        _manual.Directory += "/" + parts[1];
    }

    private void Type(Example example)
    {
        if (example.Output.Length == 0)
        {
            // Spans of ten seconds are asked for of what this records, and what sleeps ends by itself.
            if (_manual.Try(example.Command, Long().IsMatch(example.Command) ? TimeSpan.FromSeconds(24) : null) is { } wrong) _wrong.Enqueue(wrong);
            return;
        }
        Output output = _root.Run("bash", "-c", $"cd {_manual.Directory}; {{ {example.Command}\n}} 2>&1");
        string? differs = output.ExitCode == 0 ? example.Differs(output.Out) : $"$ {example.Command}\nends with {output.ExitCode}:\n{output.All}";
        if (differs is not null) _wrong.Enqueue(differs);
    }

    private static IEnumerable<Example> Printed(string document) =>
        Documents.Examples(document).Where(e => Reason(e.Command) is null && !e.Command.StartsWith("apt ", StringComparison.Ordinal) && !e.Command.StartsWith("cp ", StringComparison.Ordinal));

    private static string? Reason(string command) => s_elsewhere.FirstOrDefault(e => command.StartsWith(e.Start, StringComparison.Ordinal)).Reason;

    private static IEnumerable<string> Installations() =>
        s_documents.SelectMany(Documents.Examples).Select(e => e.Command).Where(c => c.StartsWith("apt install ", StringComparison.Ordinal)).Select(c => c["apt install ".Length..]);

    // What needs a program of others, or what one of them serves.
    private static bool Foreign(Example example) =>
        !example.Command.StartsWith("iscsi", StringComparison.Ordinal) || ForeignProgram().IsMatch(example.Command);

    [GeneratedRegex("record run.rec|sleep")]
    private static partial Regex Long();

    [GeneratedRegex(@"\| jq |--prometheus|^iscsi-")]
    private static partial Regex ForeignProgram();

    [GeneratedRegex(@"^(iscsitop (target|metrics|engine)|prometheus) ?")]
    private static partial Regex Serves();

    [GeneratedRegex(@"\brecord |-w \S+\.pcapng|--into ")]
    private static partial Regex Makes();
}
