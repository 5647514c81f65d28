using Iscsitop.Engine.Wire;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Engine.Wire;

/// <summary>What UNMAPs ask for, as packets tell it, and when they do not.</summary>
[TestFixture]
public sealed class UnmapTests
{
    // Three descriptors: 256, 1 and 65536 blocks.
    private static readonly byte[] s_list = List(256, 1, 65536);

    private WireRig _rig = null!;

    [SetUp]
    public void LogIn() => _rig = WireRig.LoggedIn();

    [Test]
    public void It_may_come_with_its_command()
    {
        _rig.ToTarget(Unmap(5, s_list, s_list.Length));
        Assert.That(Ended(5), Is.EqualTo(new UnmapSum(65793, 3)));
    }

    [Test]
    public void It_may_come_in_any_pieces([Values(1, 3, 8, 16, 17, 40, 4096)] int first, [Values(1, 7, 16, 4096)] int each)
    {
        int at = Math.Min(first, s_list.Length);
        _rig.ToTarget(Unmap(5, s_list[..at], s_list.Length));
        for (; at < s_list.Length; at += each) _rig.ToTarget(Part(5, at, each));
        Assert.That(Ended(5), Is.EqualTo(new UnmapSum(65793, 3)));
    }

    [Test]
    public void Tcp_may_cut_it_anywhere()
    {
        byte[] all = [.. Unmap(5, s_list[..20], s_list.Length), .. Part(5, 20, 100)];
        for (int cut = 1; cut < all.Length; cut++)
        {
            _rig.Send(Direction.ToTarget, all.AsSpan(0, cut)).Send(Direction.ToTarget, all.AsSpan(cut));
            Assert.That(Ended(5), Is.EqualTo(new UnmapSum(65793, 3)), $"cut at {cut}");
        }
    }

    [Test]
    public void What_comes_twice_counts_once()
    {
        _rig.ToTarget(Unmap(5, s_list[..20], s_list.Length), Part(5, 20, 10), Part(5, 20, 10), Part(5, 24, 100), Part(5, 20, 100));
        Assert.That(Ended(5), Is.EqualTo(new UnmapSum(65793, 3)));
    }

    [TestCase(0, 1)]
    [TestCase(3, 1)]
    [TestCase(20, 30)]
    [TestCase(55, 1)]
    public void What_was_not_captured_leaves_it_unknown(int at, int missing)
    {
        byte[] pdu = Unmap(5, s_list, s_list.Length);
        _rig.Send(Direction.ToTarget, pdu.AsSpan(0, 48 + at));
        _rig.Connection.Missing(Direction.ToTarget, missing, _rig.Now++);
        _rig.Send(Direction.ToTarget, pdu.AsSpan(48 + at + missing));
        Assert.That(Ended(5).IsKnown, Is.False);
        _rig.ToTarget(Unmap(6, s_list, s_list.Length));
        Assert.That(Ended(6), Is.EqualTo(new UnmapSum(65793, 3)), "the next is whole");
    }

    [Test]
    public void Data_that_never_came_or_came_out_of_order_leaves_it_unknown()
    {
        _rig.ToTarget(Unmap(5, s_list[..20], s_list.Length), Part(5, 20, 10));
        Assert.That(Ended(5).IsKnown, Is.False);
        _rig.ToTarget(Unmap(5, [], s_list.Length), Part(5, 20, 100), Part(5, 0, 20));
        Assert.That(Ended(5).IsKnown, Is.False);
    }

    [Test]
    public void Zeros_in_place_of_user_data_say_nothing()
    {
        byte[] zeros = new byte[s_list.Length];
        _rig.ToTarget(Unmap(5, zeros, zeros.Length));
        Assert.That(Ended(5).IsKnown, Is.False);
        _rig.ToTarget(Unmap(5, [], 0));
        Assert.That(Ended(5), Is.EqualTo(new UnmapSum(0, 0)), "no list at all");
    }

    [Test]
    public void A_data_digest_that_does_not_match_leaves_it_unknown()
    {
        _rig = WireRig.LoggedIn("DataDigest=CRC32C\0", "DataDigest=CRC32C\0");
        byte[] good = Pdus.Digested(Unmap(5, s_list, s_list.Length), header: false), bad = [.. good];
        bad[^3] ^= 1;
        _rig.ToTarget(good);
        Assert.That(Ended(5), Is.EqualTo(new UnmapSum(65793, 3)));
        _rig.ToTarget(bad);
        Assert.That(Ended(5).IsKnown, Is.False);
    }

    [Test]
    public void Only_good_says_that_it_was_done()
    {
        _rig.ToTarget(Unmap(5, s_list, s_list.Length));
        Assert.That(Ended(5, status: 2).IsKnown, Is.False);
        _rig.ToTarget(Pdus.Command(5, 101, opcode: 0x2a, flags: 0xa1));
        Assert.That(Ended(5).IsKnown, Is.False, "the tag is another command's");
    }

    [Test]
    public void Many_may_be_outstanding_and_the_oldest_of_too_many_is_unknown()
    {
        uint last = UnmapLists.Most + 1;
        for (uint itt = 1; itt <= last; itt++) _rig.ToTarget(Unmap(itt, List(itt), 24));
        for (uint itt = last; itt >= 2; itt--) Assert.That(Ended(itt), Is.EqualTo(new UnmapSum(itt, 1)));
        Assert.That(Ended(1).IsKnown, Is.False);
    }

    [Test]
    public void Its_length_allocates_nothing()
    {
        byte[] list = List([.. Enumerable.Repeat(2u, 4000)]), command = Unmap(5, list[..8192], list.Length), rest = Data(5, 8192, list[8192..]);
        byte[] response = Pdus.Response(5, 100);
        Do();
        _rig.Events();
        Assert.That(Allocated.By(Do), Is.Zero);
        Assert.That(_rig.Events()[^1], Does.EndWith("unmaps 8000 in 4000"));

        void Do()
        {
            _rig.Send(Direction.ToTarget, command).Send(Direction.ToTarget, rest).Send(Direction.ToInitiator, response);
        }
    }

    private static byte[] List(params uint[] blocks)
    {
        int length = 8 + 16 * blocks.Length;
        return Convert.FromHexString($"{length - 2:X4}{length - 8:X4}00000000" + string.Concat(blocks.Select((n, i) => $"{i * 1000:X16}{n:X8}00000000")));
    }

    private static byte[] Unmap(uint itt, byte[] immediate, int length) =>
        Pdus.Command(itt, 100, length: (uint)length, flags: 0xa1, data: immediate, cdb: $"42000000000000{length:X4}00");

    private static byte[] Part(uint itt, int at, int length) => Data(itt, at, s_list[at..Math.Min(s_list.Length, at + length)]);

    private static byte[] Data(uint itt, int at, byte[] bytes)
    {
        byte[] pdu = Pdus.DataOut(itt, 100, 77, bytes);
        Pdus.Put(pdu, 40, (uint)at);
        return pdu;
    }

    private UnmapSum Ended(uint itt, byte status = 0)
    {
        _rig.ToInitiator(Pdus.Response(itt, 100, status));
        string[] words = _rig.Events()[^1].Split(" unmaps ");
        if (words.Length < 2) return default;
        string[] numbers = words[1].Split(" in ");
        return new UnmapSum(long.Parse(numbers[0], provider: null), int.Parse(numbers[1], provider: null));
    }
}
