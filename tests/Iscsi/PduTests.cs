using CsCheck;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Probes;

namespace Iscsitop.Tests.Iscsi;

[TestFixture]
public sealed class PduTests
{
    [Test]
    public void Every_opcode_has_one_row()
    {
        foreach (Opcode opcode in Enum.GetValues<Opcode>())
        {
            Assert.That(Pdu.TryGetRow((byte)opcode, out PduRow row), opcode.ToString());
            Assert.That(row.Opcode, Is.EqualTo(opcode));
        }
        Assert.That(Pdu.Rows.Length, Is.EqualTo(18));
    }

    [Test]
    public void Requests_are_below_0x20_and_responses_above()
    {
        foreach (PduRow row in Pdu.Rows)
            Assert.That(row.Direction, Is.EqualTo((int)row.Opcode < 0x20 ? Direction.ToTarget : Direction.ToInitiator), row.Name);
    }

    [Test]
    public void Sixteen_rows_have_a_probe_of_their_own_and_only_SNACK_and_Reject_none()
    {
        var probes = new List<Probe>();
        foreach (PduRow row in Pdu.Rows)
        {
            if (row.Opcode is Opcode.SnackRequest or Opcode.Reject) Assert.That(row.Probe, Is.EqualTo(Probe.None));
            else probes.Add(row.Probe);
        }
        Assert.That(probes, Is.Unique);
        Assert.That(probes, Has.Count.EqualTo(16));
        Assert.That(probes.Aggregate(0u, (mask, p) => mask | p.Bit()), Is.EqualTo(ProbeSet.Pdus));
    }

    [Test]
    public void Offsets_stand_inside_the_header_and_do_not_overlap_the_tag()
    {
        foreach (PduRow row in Pdu.Rows)
            foreach (byte at in new[] { row.Lun, row.Ttt, row.CmdSn, row.StatSn, row.DataSn })
                Assert.That(at == 0 || at == 8 || (at >= 20 && at <= 44 && at % 4 == 0), row.Name);
    }

    [Test]
    public void Reserved_and_vendor_opcodes_have_no_row([Values(0x07, 0x0f, 0x11, 0x1c, 0x1f, 0x27, 0x30, 0x33, 0x3c, 0x3e)] int opcode)
    {
        Assert.That(Pdu.TryGetRow((byte)opcode, out _), Is.False);
        Assert.That(Pdu.ProbeBit((byte)opcode), Is.Zero);
    }

    [Test]
    public void A_header_is_read_where_the_RFC_puts_its_fields()
    {
        byte[] bytes = [.. Enumerable.Range(0, 48).Select(i => (byte)i)];
        bytes[0] = 0x41; // SCSI Command, immediate
        var bhs = new Bhs(bytes);
        Assert.That(bhs.Opcode, Is.EqualTo(Opcode.ScsiCommand));
        Assert.That(bhs.Immediate);
        Assert.That(bhs.AhsLength, Is.EqualTo(16), "TotalAHSLength counts 4-byte words");
        Assert.That(bhs.DataLength, Is.EqualTo(0x050607));
        Assert.That(bhs.LunField, Is.EqualTo(0x08090a0b0c0d0e0ful));
        Assert.That(bhs.Itt, Is.EqualTo(0x10111213u));
        Assert.That(bhs.Ttt, Is.EqualTo(Pdu.ReservedTag), "a SCSI Command has none");
        Assert.That(bhs.At20, Is.EqualTo(0x14151617u));
        Assert.That(bhs.CmdSn, Is.EqualTo(0x18191a1bu));
        Assert.That(bhs.StatSn, Is.EqualTo(0x1c1d1e1fu));
        Assert.That(bhs.DataSn, Is.Zero);
    }

    [Test]
    public void A_response_has_ExpCmdSN_at_28_and_StatSN_at_24()
    {
        byte[] bytes = [.. Enumerable.Range(0, 48).Select(i => (byte)i)];
        bytes[0] = (byte)Opcode.DataIn;
        var bhs = new Bhs(bytes);
        Assert.That(bhs.StatSn, Is.EqualTo(0x18191a1bu));
        Assert.That(bhs.CmdSn, Is.EqualTo(0x1c1d1e1fu));
        Assert.That(bhs.MaxCmdSn, Is.EqualTo(0x20212223u));
        Assert.That(bhs.DataSn, Is.EqualTo(0x24252627u));
        Assert.That(bhs.BufferOffset, Is.EqualTo(0x28292a2bu));
    }

    [Test]
    public void Any_48_bytes_can_be_looked_at()
    {
        Gen.Byte.Array[48].Sample(bytes =>
        {
            var bhs = new Bhs(bytes);
            _ = bhs.Ttt + bhs.CmdSn + bhs.StatSn + bhs.DataSn + bhs.At20 + bhs.At44 + bhs.MaxCmdSn + bhs.BufferOffset + Lun.Of(bhs);
            return bhs.DataLength <= 0xffffff && bhs.AhsLength <= 1020;
        });
    }

    [TestCase(0, 0)]
    [TestCase(1, 4)]
    [TestCase(4, 4)]
    [TestCase(5, 8)]
    public void Data_is_padded_to_four(int length, int padded) => Assert.That(Pdu.Pad(length), Is.EqualTo(padded));
}
