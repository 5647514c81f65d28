using System.Reflection;
using System.Reflection.Metadata;
using Iscsitop.Engine;
using Iscsitop.Target.Server;

namespace Iscsitop.Tests;

/// <summary>The house's one direction: cli → engine → target.</summary>
[TestFixture]
public sealed class LayerTests
{
    private static readonly Assembly s_target = typeof(TargetServer).Assembly;
    private static readonly Assembly s_engine = typeof(Cell).Assembly;

    [Test]
    public void The_target_knows_the_BCL_and_logging_only()
    {
        IEnumerable<string> foreign = s_target.GetReferencedAssemblies().Select(a => a.Name!)
            .Where(n => !n.StartsWith("System.", StringComparison.Ordinal) && n is not "System" and not "netstandard" and not "Microsoft.Win32.Primitives");
        Assert.That(foreign, Is.EquivalentTo(new[] { "Microsoft.Extensions.Logging.Abstractions" }));
    }

    [Test]
    public void The_engine_knows_the_target_and_no_terminal()
    {
        string[] names = [.. s_engine.GetReferencedAssemblies().Select(a => a.Name!)];
        Assert.That(names, Does.Contain("Iscsitop.Target"));
        Assert.That(names, Has.None.StartsWith("Terminal.Gui").And.None.StartsWith("System.CommandLine").And.None.EqualTo("iscsitop"));
    }

    [Test]
    public void Of_the_server_only_its_facade_is_public()
    {
        IEnumerable<string> names = s_target.GetExportedTypes().Where(t => t.Namespace == "Iscsitop.Target.Server").Select(t => t.Name);
        Assert.That(names, Is.SubsetOf(new[] { nameof(TargetServer), nameof(TargetOptions), nameof(LunSpec), nameof(PortalException), nameof(TargetSpec), nameof(InitiatorSpec), nameof(PortalGroup), nameof(Redirection), nameof(Authentication), nameof(ChapAccount) }));
        Assert.That(s_target.GetExportedTypes().Where(t => t.Namespace == "Iscsitop.Target.Stores"), Is.Empty);
    }

    // It may see the vocabulary that is internal (text, keys, digests), and with it could see the server.
    [Test]
    public void The_engine_does_not_reach_into_the_server()
    {
        using var file = new System.Reflection.PortableExecutable.PEReader(File.OpenRead(s_engine.Location));
        MetadataReader reader = file.GetMetadataReader();
        string[] used = [.. reader.TypeReferences.Select(reader.GetTypeReference).Select(t => reader.GetString(t.Namespace)).Distinct()];
        Assert.That(used, Does.Contain("Iscsitop.Target.Iscsi"));
        Assert.That(used, Has.None.EqualTo("Iscsitop.Target.Server").And.None.EqualTo("Iscsitop.Target.Stores").And.None.EqualTo("Iscsitop.Target.Initiator"));
    }

    [Test]
    public void No_folder_is_called_common_or_utils()
    {
        IEnumerable<string> namespaces = new[] { s_target, s_engine, typeof(Program).Assembly }.SelectMany(a => a.GetTypes()).Select(t => t.Namespace).OfType<string>().Distinct();
        Assert.That(namespaces, Has.None.Matches<string>(n => n!.Contains("Common", StringComparison.Ordinal) || n!.Contains("Util", StringComparison.Ordinal) || n!.Contains("Helper", StringComparison.Ordinal)));
    }
}
