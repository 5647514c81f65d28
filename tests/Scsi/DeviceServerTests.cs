using Iscsitop.Target.Scsi;
using Iscsitop.Target.Stores;

namespace Iscsitop.Tests.Scsi;

[TestFixture]
public sealed class DeviceServerTests
{
    private static IEnumerable<CommandRow> Supported => Command.Rows.ToArray().Where(r => r.Handler is not null);

    [Test]
    public void Every_opcode_and_service_action_gets_a_status([Values((byte)0x00, (byte)0xff)] byte fill, [Values(0ul, 1ul)] ulong lun)
    {
        using var rig = new Rig();
        byte[] cdb = new byte[16], data = new byte[1 << 20];
        var wrong = new List<string>();
        for (int operation = 0; operation < 256 * 32; operation++)
        {
            Array.Fill(cdb, fill);
            cdb[0] = (byte)(operation / 32);
            cdb[1] = (byte)(fill & 0xe0 | operation % 32);
            ScsiStatus status = rig.Run(cdb, data, lun);
            bool supported = Command.Find(cdb) is { } row && Command.Supports(rig.Task.Unit, row);
            bool answered = status == ScsiStatus.ReservationConflict ? cdb[0] == 0x5f // from a nexus that has not registered
                : status == ScsiStatus.Good ? rig.Code == SenseCode.NoSense && supported
                : status == ScsiStatus.CheckCondition && (int)rig.Code >> 16 == 5 && (supported || rig.Task.DataInCount == 0);
            if (!answered) wrong.Add($"{cdb[0]:x2}/{cdb[1]:x2} {status} {rig.Code}");
        }
        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Supported_commands_answer_a_cdb_of_zeros_with_good_unless_they_need_a_list([ValueSource(nameof(Supported))] CommandRow row)
    {
        using var rig = new Rig(thin: true);
        rig.Run(Zeros(row), row.Name == "SANITIZE OVERWRITE" ? [1, 0, 0, 1, 0] : new byte[256 * 512]);
        Assert.That(rig.Code, Is.EqualTo(row.Operation switch
        {
            >= 0x5f00 and <= 0x5fff => SenseCode.ParameterListLengthError,
            0x8400 => SenseCode.InvalidFieldInCdb, // there was no copy of that identifier
            _ => SenseCode.NoSense,
        }));
    }

    [Test]
    public void A_bit_outside_the_usage_mask_is_pointed_to([ValueSource(nameof(Supported))] CommandRow row)
    {
        using var rig = new Rig(thin: true);
        byte[] data = new byte[256 * 512];
        var ignored = new List<string>();
        for (int bit = 8; bit < row.Usage.Length * 8; bit++)
        {
            byte[] cdb = Zeros(row);
            byte mask = (byte)(0x80 >> bit % 8);
            if ((row.Usage[bit / 8] & mask) != 0 || bit / 8 == 1 && row.HasServiceAction && (mask & 0x1f) != 0) continue;
            cdb[bit / 8] |= mask;
            if (rig.Run(cdb, data) == ScsiStatus.Good) ignored.Add($"{bit / 8}.{7 - bit % 8}");
            else Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, $"{bit / 8}.{7 - bit % 8}")));
        }
        int group = row.Usage.Length switch { 10 => 6, 12 => 10, _ => 14 };
        string[] allowed = row.Opcode == 0x42
            ? [.. Enumerable.Range(0, 6).Select(b => $"6.{b}")]
            : row.Layout.Blocks && row.Usage.Length > 6
            ? [.. (row.Usage[1] & 0x18) == 0x18 && row.Transfer != Transfer.OneBlock ? ["1.1"] : Array.Empty<string>(), .. Enumerable.Range(0, 6).Select(b => $"{group}.{5 - b}")]
            : [];
        Assert.That(ignored, Is.EquivalentTo(allowed));
    }

    [Test]
    public void Naca_is_refused([ValueSource(nameof(Supported))] CommandRow row)
    {
        using var rig = new Rig(thin: true);
        byte[] cdb = Zeros(row);
        cdb[row.Usage.Length - 1] = 0x04;
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(cdb), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Pointer, Is.EqualTo($"{row.Usage.Length - 1}.2"));
        });
    }

    [TestCase("28 20 00 00 00 00 00 00 01 00", "1.5", TestName = "RDPROTECT of READ(10)")]
    [TestCase("8A E0 00 00 00 00 00 00 00 00 00 00 00 01 00 00", "1.7", TestName = "WRPROTECT of WRITE(16)")]
    [TestCase("2F 80 00 00 00 00 00 00 01 00", "1.7", TestName = "VRPROTECT of VERIFY(10)")]
    [TestCase("12 02 00 00 FF 00", "1.1", TestName = "CMDDT of INQUIRY")]
    [TestCase("25 00 00 00 00 01 00 00 00 00", "5.0", TestName = "LBA of READ CAPACITY(10)")]
    [TestCase("9E 1F", "1.4", TestName = "unknown service action")]
    [TestCase("1B 00 00 00 02 00", "4.1", TestName = "LOEJ of a fixed medium")]
    public void Field_errors_are_pointed_to(string cdb, string pointer)
    {
        using var rig = new Rig();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run(cdb, new byte[512]), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That((rig.Code, rig.Pointer), Is.EqualTo((SenseCode.InvalidFieldInCdb, pointer)));
        });
    }

    [TestCase("42 00 00 00 00 00 00 00 00 00")]
    [TestCase("A4 0A")]
    [TestCase("85")]
    [TestCase("C1")]
    public void What_is_not_there_is_an_invalid_opcode(string cdb)
    {
        using var rig = new Rig();
        rig.Run(cdb);
        Assert.That(rig.Code, Is.EqualTo(SenseCode.InvalidOpcode));
    }

    [TestCase("00", SenseCode.LunNotSupported)]
    [TestCase("28 00 00 00 00 00 00 00 01 00", SenseCode.LunNotSupported)]
    [TestCase("A3 0C", SenseCode.LunNotSupported)]
    [TestCase("C1", SenseCode.LunNotSupported)]
    [TestCase("12 00 00 00 60 00", SenseCode.NoSense)]
    [TestCase("A0 00 00 00 00 00 00 00 00 10", SenseCode.NoSense)]
    [TestCase("03 00 00 00 12 00", SenseCode.NoSense)]
    public void A_lun_without_a_unit_answers_only_what_it_must(string cdb, SenseCode expected)
    {
        using var rig = new Rig();
        rig.Run(Convert.FromHexString(cdb.Replace(" ", "", StringComparison.Ordinal)), lun: 5);
        Assert.That(rig.Code, Is.EqualTo(expected));
    }

    [Test]
    public void Lun_0_answers_when_nothing_is_mapped()
    {
        using var rig = new Rig();
        rig.Nexus = new Nexus("i", new byte[6], "t", 1, new Dictionary<int, LogicalUnit>());
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run("12 00 00 00 60 00"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.DataIn, Has.Length.EqualTo(96).And.ItemAt(0).EqualTo(0x7f));
            Assert.That(rig.Run("A0 00 00 00 00 00 00 00 00 10"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.DataIn, Is.EqualTo(new byte[8]));
        });
    }

    [Test]
    public void Checks_are_made_in_the_order_of_the_standard()
    {
        using var rig = new Rig(readOnly: true);
        rig.Nexus = rig.Open();
        const string farAndReserved = "2A E0 FF FF FF FF 00 00 01 00", far = "2A 00 FF FF FF FF 00 00 01 00";
        var codes = new List<SenseCode>();
        foreach (string cdb in new[] { "C1", farAndReserved, far, far }) { rig.Run(cdb); codes.Add(rig.Code); }
        rig.Run("28 00 FF FF FF FF 00 00 01 00");
        codes.Add(rig.Code);
        Assert.That(codes, Is.EqualTo(new[]
        {
            SenseCode.InvalidOpcode, SenseCode.InvalidFieldInCdb, SenseCode.PowerOnOrReset, SenseCode.WriteProtected, SenseCode.LbaOutOfRange,
        }));
    }

    [Test]
    public void Inquiry_and_report_luns_leave_unit_attentions_alone()
    {
        using var rig = new Rig();
        rig.Nexus = rig.Open();
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run("12 00 00 00 60 00"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.Run("A0 00 00 00 00 00 00 00 00 10"), Is.EqualTo(ScsiStatus.Good));
            Assert.That(rig.Run("00"), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That(rig.Code, Is.EqualTo(SenseCode.PowerOnOrReset));
            Assert.That(rig.Run("00"), Is.EqualTo(ScsiStatus.Good));
        });
    }

    [TestCase(SenseCode.SpaceAllocationFailed, null)]
    [TestCase(SenseCode.UnrecoveredReadError, 3ul)]
    public void A_store_error_becomes_sense_data(SenseCode code, ulong? lba)
    {
        using var rig = new Rig(new FailingStore(() => new StoreException(code, "", (long?)lba * 512)));
        Assert.Multiple(() =>
        {
            Assert.That(rig.Run("28 00 00 00 00 00 00 00 08 00"), Is.EqualTo(ScsiStatus.CheckCondition));
            Assert.That((rig.Code, rig.Task.Sense.Information), Is.EqualTo((code, lba)));
        });
    }

    [TestCase("28 00 00 00 00 00 00 00 01 00", SenseCode.UnrecoveredReadError)]
    [TestCase("2A 00 00 00 00 00 00 00 01 00", SenseCode.WriteError)]
    public void An_unexpected_i_o_error_is_a_medium_error(string cdb, SenseCode code)
    {
        using var rig = new Rig(new FailingStore(() => new IOException()));
        rig.Run(cdb, new byte[512]);
        Assert.That(rig.Code, Is.EqualTo(code));
    }

    [Test]
    public void A_closed_store_is_a_lost_unit()
    {
        using var rig = new Rig(new FailingStore(() => new ObjectDisposedException("store")));
        rig.Run("28 00 00 00 00 00 00 00 01 00");
        Assert.That(rig.Code, Is.EqualTo(SenseCode.LogicalUnitCommunicationFailure));
    }

    private static byte[] Zeros(CommandRow row)
    {
        byte[] cdb = new byte[16];
        (cdb[0], cdb[1]) = (row.Opcode, row.ServiceAction);
        if (row.Name.StartsWith("MODE SENSE", StringComparison.Ordinal)) cdb[2] = 0x3f; // page 00h is nobody's
        if (row.Name.StartsWith("MODE SELECT", StringComparison.Ordinal)) cdb[1] = 0x10; // PF
        if (row.Name == "SANITIZE OVERWRITE") cdb[8] = 5;
        if (row.Transfer == Transfer.OneBlock) cdb[row.Layout.Length + row.Layout.LengthBytes - 1] = 1; // WSNZ
        return cdb;
    }

    private sealed class FailingStore(Func<Exception> error) : Store
    {
        public override long Length => 1 << 20;

        public override bool MayBlock => true;

        public override bool TryReadNow(long offset, int length, Target.Server.ScsiTask task) => false;

        public override void Read(long offset, int length, Target.Server.ScsiTask task) => throw error();

        public override void Read(long offset, Span<byte> into) => throw error();

        public override void Put(long offset, ReadOnlySpan<byte> from) => throw error();

        public override void Flush() => throw error();
    }
}
