using System.Runtime.CompilerServices;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Probes;

[TestFixture]
public sealed class ProviderTests
{
    [Test]
    public void A_probe_nobody_asked_for_is_not_wanted()
    {
        var provider = new Provider("test", 16) { Enabled = Probe.ScsiCommand.Bit() };
        Assert.That(provider.Wants((byte)Opcode.ScsiCommand));
        Assert.That(provider.Wants(0x40 | (byte)Opcode.ScsiCommand), "the I bit is no part of the opcode");
        Assert.That(provider.Wants((byte)Opcode.DataIn), Is.False);
        provider.Enabled = 0;
        Assert.That(provider.Wants((byte)Opcode.ScsiCommand), Is.False);
    }

    [Test]
    public void An_event_carries_the_header_as_it_stood()
    {
        var provider = new Provider("test", 16) { Enabled = ProbeSet.All };
        byte[] bhs = [.. Enumerable.Range(0, 48).Select(i => (byte)i)];
        bhs[0] = (byte)Opcode.ScsiCommand;
        uint target = provider.Intern("iqn.t");
        provider.Fire(bhs, [1, 2, 3], lun: 5, connection: 7, target, initiator: 0, time: 99);
        ref ProbeEvent e = ref provider.Ring!.Peek();
        Assert.That(Unsafe.IsNullRef(ref e), Is.False);
        Assert.That(e.Probe, Is.EqualTo(Probe.ScsiCommand));
        Assert.That(e.Bhs.Bytes.SequenceEqual(bhs));
        Assert.That(e.TailSpan.ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That((e.LunNumber, e.Connection, e.Target, e.Initiator, e.Time), Is.EqualTo((5ul, 7u, target, 0u, 99L)));
        Assert.That(e.Flags, Is.EqualTo(1));
    }

    [Test]
    public void Flags_of_a_task_command_are_0_as_they_always_were()
    {
        var e = new ProbeEvent { Probe = Probe.TaskCommand };
        e.Header[1] = 0x85;
        Assert.That(e.Flags, Is.Zero);
    }

    [Test]
    public void Names_get_one_id_each_and_empty_is_0()
    {
        var provider = new Provider("test", 16);
        uint a = provider.Intern("a");
        Assert.That(provider.Intern(""), Is.Zero);
        Assert.That(provider.Intern("a"), Is.EqualTo(a));
        Assert.That(provider.Intern("b"), Is.Not.EqualTo(a));
        var names = new List<string>();
        provider.NamesSince(0, names);
        Assert.That(names[(int)a], Is.EqualTo("a"));
    }

    [Test]
    public void Peers_cannot_fill_memory_with_names()
    {
        var provider = new Provider("test", 16);
        for (int i = 0; i < Provider.MaxNames + 100; i++) provider.Intern($"n{i}");
        Assert.That(provider.NameCount, Is.EqualTo(Provider.MaxNames));
        Assert.That(provider.Intern("one more"), Is.EqualTo(1));
    }

    [Test]
    public void Firing_allocates_nothing()
    {
        var provider = new Provider("test", 1024) { Enabled = ProbeSet.All };
        byte[] bhs = new byte[48];
        bhs[0] = (byte)Opcode.DataIn;
        void Fire()
        {
            for (int i = 0; i < 1000; i++)
            {
                provider.Fire(bhs, default, 0, 1, 2, 3, i);
                provider.Ring!.Release();
            }
        }

        Assert.That(Allocated.By(Fire), Is.Zero);
    }

    [TestCase("scsi-*", 2)]
    [TestCase("*", 18)]
    [TestCase("data-?e*", 3)]
    [TestCase("nop-send", 1)]
    [TestCase("NOP-SEND", 0)]
    public void Globs_select_probes(string glob, int count) => Assert.That(System.Numerics.BitOperations.PopCount(ProbeSet.Match(glob)), Is.EqualTo(count));

    [Test]
    public void Every_probe_has_the_providers_name()
    {
        string[] names = [.. Enumerable.Range(0, ProbeSet.Count).Select(i => ((Probe)i).Name())];
        Assert.That(names, Is.EquivalentTo(new[]
        {
            "async-send", "data-receive", "data-request", "data-send", "login-command", "login-response", "logout-command", "logout-response", "nop-receive",
            "nop-send", "scsi-command", "scsi-response", "task-command", "task-response", "text-command", "text-response", "xfer-start", "xfer-done",
        }));
    }
}
