using Iscsitop.Target.Iscsi;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class Crc32CTests
{
    // RFC 7143 Appendix A.4: the bytes as they are sent.
    private static readonly object[] s_vectors =
    [
        new object[] { Enumerable.Repeat((byte)0, 32).ToArray(), "aa36918a" },
        new object[] { Enumerable.Repeat((byte)0xff, 32).ToArray(), "43aba862" },
        new object[] { Enumerable.Range(0, 32).Select(i => (byte)i).ToArray(), "4e79dd46" },
        new object[] { Enumerable.Range(0, 32).Select(i => (byte)(31 - i)).ToArray(), "5cdb3f11" },
        new object[] { Convert.FromHexString("01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000"), "563a96d9" },
    ];

    [TestCaseSource(nameof(s_vectors))]
    public void The_standards_examples_come_out(byte[] data, string digest)
    {
        Span<byte> bytes = stackalloc byte[4];
        Crc32C.Write(bytes, Crc32C.Add(Crc32C.Start, data));
        Assert.That(Convert.ToHexStringLower(bytes), Is.EqualTo(digest));
        Assert.That(Crc32C.Matches(bytes, Crc32C.Add(Crc32C.Start, data)));
    }

    [TestCaseSource(nameof(s_vectors))]
    public void It_does_not_matter_how_the_bytes_are_cut(byte[] data, string digest)
    {
        for (int cut = 0; cut <= data.Length; cut++)
        {
            uint crc = Crc32C.Add(Crc32C.Add(Crc32C.Start, data.AsSpan(0, cut)), data.AsSpan(cut));
            Assert.That(Crc32C.Matches(Convert.FromHexString(digest), crc), $"cut at {cut}");
        }
    }
}
