using System.Security.Cryptography;

namespace Iscsitop.Tests.Conformance;

/// <summary>QEMU's initiator: images in and out, single reads and writes, flush.</summary>
[TestFixture]
public sealed class ImageTests
{
    private const long ImageSize = 256L << 20;

    private Scratch _scratch = null!;
    private TargetProcess _target = null!;

    [OneTimeSetUp]
    public void StartTarget()
    {
        Client.NeedQemu("qemu-img", "qemu-io");
        _scratch = new Scratch();
        _target = TargetProcess.Start($"0=ram:{ImageSize}", $"1=file:{_scratch.File("lun1")},size={ImageSize}", "2=ram:8MiB,ro");
    }

    [OneTimeTearDown]
    public void StopTarget()
    {
        _target?.Dispose();
        _scratch?.Dispose();
    }

    [TestCase(0, "none")]
    [TestCase(1, "none")]
    [TestCase(1, "writeback")]
    public void A_random_image_comes_back_as_it_went(int lun, string cache)
    {
        string source = _scratch.File($"in{lun}{cache}");
        string copy = _scratch.File($"out{lun}{cache}");
        byte[] digest = WriteRandomImage(source, seed: lun * 10 + cache.Length);

        Client.RunWell("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", "-t", cache, source, _target.Url(lun));
        Client.RunWell("qemu-img", "convert", "-f", "raw", "-O", "raw", "-T", cache, _target.Url(lun), copy);

        Assert.That(Convert.ToHexString(Digest(copy)), Is.EqualTo(Convert.ToHexString(digest)));
        File.Delete(source);
        File.Delete(copy);
    }

    [Test]
    public void An_image_is_copied_by_the_target_itself()
    {
        string source = _scratch.File("offload");
        byte[] digest = WriteRandomImage(source, seed: 7);
        Client.RunWell("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, _target.Url(0));
        using Subscriber commands = _target.Attach("snoop", "-o", "ndjson");
        AwaitAttached(commands);

        Client.RunWell("qemu-img", "convert", "-C", "-n", "-f", "raw", "-O", "raw", _target.Url(0), _target.Url(1));
        Client.RunWell("qemu-img", "convert", "-f", "raw", "-O", "raw", _target.Url(1), source);

        Assert.That(Convert.ToHexString(Digest(source)), Is.EqualTo(Convert.ToHexString(digest)));
        Assert.That(commands.Stop().Out, Does.Contain("EXTENDED COPY(LID1)"));
        File.Delete(source);
    }

    [TestCase("0")]
    [TestCase("268434944", "512")]
    [TestCase("4096", "4096")]
    [TestCase("512", "1M")]
    [TestCase("1048064", "16M")]
    public void A_pattern_reads_back_where_it_was_written(string offset, string length = "64k")
    {
        foreach (int lun in new[] { 0, 1 })
        {
            Output output = Client.RunWell("qemu-io", "-f", "raw", "-t", "none",
                "-c", $"write -P 0xa5 {offset} {length}", "-c", $"read -P 0xa5 {offset} {length}", "-c", "flush", _target.Url(lun));

            Assert.That(output.All, Does.Not.Contain("verification failed").And.Not.Contain("error").IgnoreCase);
        }
    }

    [Test]
    public void Many_writes_at_once_all_arrive()
    {
        string[] writes = [.. Enumerable.Range(0, 64).SelectMany(i => new[] { "-c", $"aio_write -P {i + 1} {i * 256}k 256k" })];
        string[] reads = [.. Enumerable.Range(0, 64).SelectMany(i => new[] { "-c", $"read -P {i + 1} {i * 256}k 256k" })];

        Output output = Client.RunWell("qemu-io", ["-f", "raw", "-t", "none", .. writes, "-c", "aio_flush", .. reads, _target.Url(0)]);

        Assert.That(output.All, Does.Not.Contain("verification failed").And.Not.Contain("error").IgnoreCase);
    }

    [Test]
    public void A_read_only_lun_cannot_be_written()
    {
        Output output = Client.Run("qemu-io", "-f", "raw", "-c", "write 0 4k", _target.Url(2));

        Assert.That(output.ExitCode, Is.Not.Zero, output.All);
    }

    [Test]
    public void What_was_flushed_is_in_the_file()
    {
        Client.RunWell("qemu-io", "-f", "raw", "-t", "writeback", "-c", "write -P 0x3c 100M 1M", "-c", "flush", _target.Url(1));

        // The target keeps others that ask for a lock away from its file; cp does not ask.
        Client.RunWell("cp", _scratch.File("lun1"), _scratch.File("copy"));
        byte[] piece = new byte[1 << 20];
        using (FileStream file = File.OpenRead(_scratch.File("copy")))
        {
            file.Position = 100L << 20;
            file.ReadExactly(piece);
        }
        File.Delete(_scratch.File("copy"));

        Assert.That(piece, Has.All.EqualTo((byte)0x3c));
    }

    private static byte[] WriteRandomImage(string path, int seed)
    {
        var random = new Random(seed);
        byte[] chunk = new byte[4 << 20];
        using FileStream file = File.Create(path);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = 0; at < ImageSize; at += chunk.Length)
        {
            random.NextBytes(chunk);
            digest.AppendData(chunk);
            file.Write(chunk);
        }
        return digest.GetHashAndReset();
    }

    // A command of somebody else is seen when the subscriber is there.
    private void AwaitAttached(Subscriber commands)
    {
        for (int attempt = 0; attempt < 60; attempt++)
        {
            Client.RunWell("qemu-img", "info", "-f", "raw", _target.Url(2));
            if (commands.Out.WaitFor(t => t.Length > 0, TimeSpan.FromSeconds(1))) return;
        }
        Assert.Fail($"the subscriber sees nothing: {commands.Error.Text}");
    }

    private static byte[] Digest(string path)
    {
        using FileStream file = File.OpenRead(path);
        return SHA256.HashData(file);
    }
}
