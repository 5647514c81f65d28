using System.Buffers.Binary;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class OperationCodesTests
{
    private static IEnumerable<CommandRow> Supported => Command.Rows.ToArray().Where(r => r.Handler is not null);

    [Test]
    public void All_lists_exactly_the_rows_with_a_handler([Values] bool timeouts)
    {
        using var rig = new Rig(thin: true);
        rig.Run($"A3 0C {(timeouts ? 0x80 : 0):X2} 00 00 00 00 00 FF FF 00 00");
        byte[] data = rig.DataIn;
        Assert.That(BinaryPrimitives.ReadUInt32BigEndian(data), Is.EqualTo(data.Length - 4));
        var listed = new List<(int, int, int, int)>();
        for (int at = 4; at < data.Length; at += timeouts ? 20 : 8)
        {
            listed.Add((data[at], BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at + 2)), data[at + 5], BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(at + 6))));
            if (timeouts) Assert.That(Convert.ToHexString(data, at + 8, 12), Is.EqualTo("000A00000000000000000000"));
        }
        int more = timeouts ? 2 : 0;
        Assert.That(listed, Is.EqualTo(Supported.Select(r => ((int)r.Opcode, (int)r.ServiceAction, more | (r.HasServiceAction ? 1 : 0), r.Usage.Length))));
    }

    [Test]
    public void One_returns_the_usage_mask([ValueSource(nameof(Supported))] CommandRow row, [Values] bool timeouts)
    {
        using var rig = new Rig(thin: true);
        int option = (row.HasServiceAction ? 2 : 1) | (timeouts ? 0x80 : 0);
        rig.Run($"A3 0C {option:X2} {row.Opcode:X2} 00 {row.ServiceAction:X2} 00 00 FF FF 00 00");
        string expected = $"00{(timeouts ? 0x83 : 0x03):X2}{row.Usage.Length:X4}{Convert.ToHexString(row.Usage)}{(timeouts ? "000A00000000000000000000" : "")}";
        Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo(expected));
    }

    [TestCase("01 C1 00 00", TestName = "unknown opcode")]
    [TestCase("01 42 00 00", TestName = "row without a handler")]
    [TestCase("02 83 00 10", TestName = "service action without a handler")]
    [TestCase("02 9E 00 1F", TestName = "unknown service action")]
    [TestCase("02 9E 01 10", TestName = "service action beyond a byte")]
    [TestCase("03 9E 00 00", TestName = "either, unknown service action")]
    [TestCase("03 28 00 01", TestName = "either, service action of an opcode without one")]
    public void What_is_not_supported_says_so(string fields)
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run($"A3 0C {fields} 00 00 FF FF 00 00"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(Convert.ToHexString(rig.DataIn), Is.EqualTo("00010000"));
        });
    }

    [TestCase("01 9E 00 10", TestName = "opcode only, but it has service actions")]
    [TestCase("02 28 00 00", TestName = "service action, but the opcode has none")]
    [TestCase("04 28 00 00", TestName = "reserved option")]
    public void Wrong_options_are_pointed_to(string fields)
    {
        using var rig = new Rig();
        rig.Run($"A3 0C {fields} 00 00 FF FF 00 00");
        Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, "2.2")));
    }

    [TestCase("03 28 00 00", 10)]
    [TestCase("03 9E 00 10", 16)]
    public void Either_finds_both_kinds(string fields, int length)
    {
        using var rig = new Rig();
        rig.Run($"A3 0C {fields} 00 00 FF FF 00 00");
        Assert.That(rig.DataIn, Has.Length.EqualTo(4 + length));
    }

    [TestCase("28", 0x18)]
    [TestCase("2A", 0x18)]
    [TestCase("2E", 0x10)]
    [TestCase("2F", 0x10)]
    [TestCase("88", 0x18)]
    [TestCase("8F", 0x10)]
    public void Dpo_and_fua_match_mode_sense(string opcode, int bits)
    {
        using var rig = new Rig();
        rig.Run($"A3 0C 01 {opcode} 00 00 00 00 FF FF 00 00");
        Assert.That(rig.DataIn[5] & 0x18, Is.EqualTo(bits));
    }
}
