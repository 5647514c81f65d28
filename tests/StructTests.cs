using System.Runtime.CompilerServices;
using Iscsitop.Engine;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests;

[TestFixture]
public sealed class StructTests
{
    [Test]
    public void Structs_of_the_stream_have_the_documented_size()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Unsafe.SizeOf<ProbeEvent>(), Is.EqualTo(ProbeEvent.Size));
            Assert.That(Unsafe.SizeOf<CompletedCommand>(), Is.EqualTo(CompletedCommand.Size));
        });
    }
}
