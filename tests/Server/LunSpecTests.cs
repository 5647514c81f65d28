using Iscsitop.Target.Server;

namespace Iscsitop.Tests.Server;

[TestFixture]
public sealed class LunSpecTests
{
    private static IEnumerable<object[]> Right =>
    [
        ["0=ram:64MiB", new LunSpec(0, "ram", "", 64 << 20)],
        ["16383=ram:512", new LunSpec(16383, "ram", "", 512)],
        ["1=ram:1GiB,ro", new LunSpec(1, "ram", "", 1 << 30, ReadOnly: true)],
        ["1=ram:512KiB,delay=2ms", new LunSpec(1, "ram", "", 512 << 10, Delay: TimeSpan.FromMilliseconds(2))],
        ["1=ram:1TiB,delay=1s", new LunSpec(1, "ram", "", 1L << 40, Delay: TimeSpan.FromSeconds(1))],
        ["1=ram:64MB,serial=AB 1", new LunSpec(1, "ram", "", 64_000_000, Serial: "AB 1")],
        ["1=ram:4096000kb,block=4096", new LunSpec(1, "ram", "", 4_096_000_000, BlockSize: 4096)],
        ["1=ram:1MiB,bs=4096,pbs=8192", new LunSpec(1, "ram", "", 1 << 20, BlockSize: 4096, PhysicalBlockSize: 8192)],
        ["1=ram:1MiB,removable,thin", new LunSpec(1, "ram", "", 1 << 20, Thin: true, Removable: true)],
        ["1=ram:1MiB,naa=5000c500a1b2c3d4,vendor=ACME,product=Disk 1", new LunSpec(1, "ram", "", 1 << 20, Naa: "5000c500a1b2c3d4", Vendor: "ACME", Product: "Disk 1")],
        ["1=block:/dev/sdx,ro", new LunSpec(1, "block", "/dev/sdx", 0, ReadOnly: true)],
        ["2=file:/tmp/x.img", new LunSpec(2, "file", "/tmp/x.img", 0)],
        ["2=file:C:\\x=1.img,size=1GB,ro", new LunSpec(2, "file", "C:\\x=1.img", 1_000_000_000, ReadOnly: true)],
        ["2=file:\"a,b\".img,serial=\"x,y\"", new LunSpec(2, "file", "a,b.img", 0, Serial: "x,y")],
    ];

    [TestCaseSource(nameof(Right))]
    public void Specifications_are_read(string text, LunSpec expected) => Assert.Multiple(() =>
    {
        Assert.That(LunSpec.TryParse(text, out LunSpec? spec, out string error), Is.True, error);
        Assert.That(spec, Is.EqualTo(expected));
    });

    [TestCase("", "should look like N=ram:SIZE")]
    [TestCase("0", "should look like N=ram:SIZE")]
    [TestCase("0=ram", "should look like N=ram:SIZE")]
    [TestCase("16384=ram:1MiB", "the number '16384' should be 0 to 16383")]
    [TestCase("-1=ram:1MiB", "the number '-1'")]
    [TestCase("x=ram:1MiB", "the number 'x'")]
    [TestCase("0=tape:1MiB", "the kind 'tape' should be ram, file or block")]
    [TestCase("0=ram:", "the size '' should be")]
    [TestCase("0=ram:0", "the size '0' should be")]
    [TestCase("0=ram:1QiB", "the size '1QiB' should be")]
    [TestCase("0=ram:1.5GiB", "the size '1.5GiB' should be")]
    [TestCase("0=ram:9999999TiB", "beyond what 63 bits can count")]
    [TestCase("0=ram:17TiB", "should be at most 16TiB")]
    [TestCase("0=ram:1000", "1000 bytes is no multiple of the block size 512")]
    [TestCase("0=ram:512,block=4096", "512 bytes is no multiple of the block size 4096")]
    [TestCase("0=ram:1MiB,block=500", "the block size '500' should be 512, 1024, 2048 or 4096")]
    [TestCase("0=ram:1MiB,size=1MiB", "the option 'size=1MiB' should be ro, thin, removable, bs=BYTES")]
    [TestCase("0=ram:1MiB,bs=", "the block size '' should be 512")]
    [TestCase("0=ram:1MiB,pbs=600", "pbs='600' should be a power of two from 512 to 65536")]
    [TestCase("0=ram:1MiB,pbs=131072", "pbs='131072' should be a power of two")]
    [TestCase("0=ram:1MiB,bs=4096,pbs=512", "pbs='512' should be no less than the block size 4096")]
    [TestCase("0=ram:1MiB,naa=123", "naa='123' should be 16 hexadecimal digits")]
    [TestCase("0=ram:1MiB,naa=7000c500a1b2c3d4", "naa='7000c500a1b2c3d4' should be")]
    [TestCase("0=ram:1MiB,naa=5000c500a1b2c3d45000c500a1b2c3d4", "or 32 that begin with 6")]
    [TestCase("0=ram:1MiB,vendor=TOOLONGER", "vendor='TOOLONGER' should be 1 to 8 printable")]
    [TestCase("0=ram:1MiB,product=", "product='' should be 1 to 16 printable")]
    [TestCase("0=ram:1MiB,thin=1", "the option 'thin=1' should be ro, thin")]
    [TestCase("0=block:/dev/x,size=1MiB", "the option 'size=1MiB' should be ro, thin, removable, bs=BYTES")]
    [TestCase("0=block:", "the path after 'block:' is empty")]
    [TestCase("0=ram:1MiB,ro=1", "the option 'ro=1' should be")]
    [TestCase("0=ram:1MiB,", "the option '' should be")]
    [TestCase("0=ram:1MiB,delay=2", "delay='2' should be 1ms to 60s")]
    [TestCase("0=ram:1MiB,delay=0ms", "delay='0ms' should be 1ms to 60s")]
    [TestCase("0=ram:1MiB,delay=61s", "delay='61s' should be 1ms to 60s")]
    [TestCase("0=ram:1MiB,serial=", "serial='' should be 1 to 64 printable")]
    [TestCase("0=ram:1MiB,serial=é", "serial='é' should be 1 to 64 printable")]
    [TestCase("0=file:", "the path after 'file:' is empty")]
    [TestCase("0=file:/a,b", "a path with a comma needs double quotes")]
    [TestCase("0=file:\"/a", "a double quote is not closed")]
    [TestCase("0=file:/a,size=x", "the size 'x' should be")]
    public void Errors_name_the_value_and_what_would_be_right(string text, string expected) => Assert.Multiple(() =>
    {
        Assert.That(LunSpec.TryParse(text, out LunSpec? spec, out string error), Is.False);
        Assert.That(spec, Is.Null);
        Assert.That(error, Does.StartWith($"LUN '{text}': ").And.Contains(expected));
    });
}
