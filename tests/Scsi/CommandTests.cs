using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class CommandTests
{
    private static IEnumerable<CommandRow> Rows => Command.Rows.ToArray();

    [Test]
    public void Usage_mask_is_as_long_as_the_opcode_group_says([ValueSource(nameof(Rows))] CommandRow row)
    {
        int length = row.Opcode switch { < 0x20 => 6, < 0x60 => 10, 0x7f => 32, < 0xa0 => 16, _ => 12 };
        Assert.That(row.Usage, Has.Length.EqualTo(length), row.Name);
    }

    [Test]
    public void Control_byte_claims_no_naca([ValueSource(nameof(Rows))] CommandRow row) =>
        Assert.That(row.Opcode == 0x7f ? row.Usage[1] : row.Usage[^1] & 0x07, Is.Zero, row.Name);

    [Test]
    public void Layout_lies_within_the_cdb([ValueSource(nameof(Rows))] CommandRow row)
    {
        CdbLayout layout = row.Layout;
        Assert.Multiple(() =>
        {
            Assert.That(layout.Lba + layout.LbaBytes, Is.LessThanOrEqualTo(row.Usage.Length));
            Assert.That(layout.Length + layout.LengthBytes, Is.LessThanOrEqualTo(row.Usage.Length));
        });
    }

    [Test]
    public void Usage_mask_evaluates_the_length_field([ValueSource(nameof(Rows))] CommandRow row)
    {
        byte[] field = row.Usage[row.Layout.Length..(row.Layout.Length + row.Layout.LengthBytes)];
        Assert.That(field, Is.All.EqualTo(0xff), row.Name);
    }

    [Test]
    public void Rows_are_found_by_their_own_mask([ValueSource(nameof(Rows))] CommandRow row) =>
        Assert.That(Command.Find(row.Usage), Is.SameAs(row));

    [Test]
    public void Operations_and_names_are_unique() => Assert.Multiple(() =>
    {
        Assert.That(Rows.Select(r => r.Operation), Is.Unique);
        Assert.That(Rows.Select(r => r.Name), Is.Unique);
    });

    [Test]
    public void Kinds_follow_the_names([ValueSource(nameof(Rows))] CommandRow row)
    {
        string name = row.Name;
        bool read = name.StartsWith("READ(", StringComparison.Ordinal);
        bool write = name.StartsWith("WRITE(", StringComparison.Ordinal) || name.StartsWith("WRITE AND VERIFY", StringComparison.Ordinal)
            || name.StartsWith("WRITE ATOMIC", StringComparison.Ordinal) || name.StartsWith("WRITE STREAM", StringComparison.Ordinal)
            || name == "COMPARE AND WRITE";
        Assert.That(row.Kind, Is.EqualTo(read ? CommandKind.Read : write ? CommandKind.Write : CommandKind.Other));
    }

    [TestCase("28 00 00 00 10 00 00 00 08 00", 0x1000ul, 8u)]
    [TestCase("08 1F FF FF 00 00", 0x1ffffful, 256u)]
    [TestCase("0A E0 00 02 01 00", 2ul, 1u)]
    [TestCase("A8 00 80 00 00 00 00 01 00 00 00 00", 0x80000000ul, 65536u)]
    [TestCase("88 00 FF FF FF FF FF FF FF FF 00 00 00 02 00 00", ulong.MaxValue, 2u)]
    [TestCase("89 00 00 00 00 00 00 00 00 07 00 00 00 03 00 00", 7ul, 3u)]
    [TestCase("7F 00 00 00 00 00 00 18 00 09 00 00 00 00 00 00 00 00 00 09 00 00 00 00 00 00 00 00 00 00 00 04", 9ul, 4u)]
    public void Lba_and_blocks_are_read_from_the_cdb(string hex, ulong lba, uint blocks)
    {
        byte[] cdb = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        CommandRow row = Command.Find(cdb)!;
        Assert.Multiple(() =>
        {
            Assert.That(row.Lba(cdb), Is.EqualTo(lba));
            Assert.That(row.Blocks(cdb), Is.EqualTo(blocks));
        });
    }

    [Test]
    public void A_cut_32_byte_cdb_has_no_lba()
    {
        byte[] cdb = Convert.FromHexString("7F00000000000018000900000000FFFF");
        CommandRow row = Command.Find(cdb)!;
        Assert.Multiple(() =>
        {
            Assert.That(row.Name, Is.EqualTo("READ(32)"));
            Assert.That(row.Lba(cdb), Is.Null);
        });
    }

    [TestCase((ushort)0x2800, "READ(10)", "0x28")]
    [TestCase((ushort)0x9e10, "READ CAPACITY(16)", "0x9e/0x10")]
    [TestCase((ushort)0x9e1f, "0x9e/0x1f", "0x9e/0x1f")]
    [TestCase((ushort)0xc100, "0xc1", "0xc1")]
    [TestCase((ushort)0x7f0b, "WRITE(32)", "0x7f/0x0b")]
    [TestCase((ushort)0x7fff, "0x7f/0xff", "0x7f/0xff")]
    public void Operations_have_names_and_numbers(ushort operation, string name, string hex) => Assert.Multiple(() =>
    {
        Assert.That(Command.Name(operation), Is.EqualTo(name));
        Assert.That(Command.Hex(operation), Is.EqualTo(hex));
    });
}
