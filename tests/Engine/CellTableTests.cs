using Iscsitop.Engine;
using Iscsitop.Target.Iscsi;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Tests.Engine;

[TestFixture]
public sealed class CellTableTests
{
    [Test]
    public void A_full_table_counts_the_rest_apart_by_connection_and_kind()
    {
        var cells = new CellTable(2);
        for (ulong lun = 0; lun < 5; lun++) cells.Of(new CellKey(1, lun, 0x2800), CommandKind.Read, 0);
        cells.Of(new CellKey(1, 9, 0x2a00), CommandKind.Write, 0);
        Assert.That(cells.Folded, Is.EqualTo(4));
        Assert.That(cells.All.Select(c => c.Cell.Key.Lun), Is.EquivalentTo((ulong[])[0, 1, Lun.Unknown, Lun.Unknown]));
        Assert.That(cells.All[2].Cell.Key.Operation, Is.EqualTo(CellTable.Overflow(CommandKind.Read)));
        Assert.That(cells.All[3].Cell.Kind, Is.EqualTo(CommandKind.Write));
    }

    [Test]
    public void Cells_of_closed_connections_make_room()
    {
        var cells = new CellTable(2);
        cells.Touch(cells.Of(new CellKey(1, 0, 0x2800), CommandKind.Read, 0), 5).Completed = 3;
        cells.Of(new CellKey(2, 0, 0x2800), CommandKind.Read, 0);
        cells.MakeRoom = _ => cells.Forget(c => c == 1, unseen: 0);
        CellState made = cells.Of(new CellKey(3, 0, 0x2800), CommandKind.Read, 7);
        Assert.That(made.Cell.Completed, Is.Zero);
        Assert.That(made.Cell.Key.Connection, Is.EqualTo(3));
        Assert.That(cells.Folded, Is.EqualTo(3), "nobody had seen the three commands");
        Assert.That(cells.All, Has.Count.EqualTo(2));
    }
}
