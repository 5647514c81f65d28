using Iscsitop.Target.Server;
using Iscsitop.Target.Stores;

namespace Iscsitop.Target.Scsi;

/// <summary>The checks every command passes and the call of its handler (SAM-5 §5, SPC-4 §5).</summary>
internal static class DeviceServer
{
    /// <summary>Longest parameter list: what a CDB with two bytes for it can say.</summary>
    private const uint MaxParameterList = ushort.MaxValue;

    /// <summary>When the command arrives, before its data: finds the row, makes every check that needs no data, sets lengths.</summary>
    /// <returns>GOOD when the command may go on; else its final status.</returns>
    public static ScsiStatus Prepare(ScsiTask task)
    {
        CommandRow? row = task.Row = Command.Find(task.Cdb);
        LogicalUnit? unit = task.Unit;
        if (unit is null && (row is null || (row.Access & Access.AnyLun) == 0)) return task.Fail(SenseCode.LunNotSupported);
        if (row is null || !Command.Supports(unit, row)) return Unsupported(task);
        if (!row.Accepts(task.Cdb, out int atByte, out int bit)) return task.FailField(atByte, bit);
        if (unit is null) return ScsiStatus.Good;
        if ((row.Access & Access.IgnoresAttention) == 0 && task.Nexus.Attentions(unit).Take() is var attention and not SenseCode.NoSense)
            return task.Fail(attention);
        if (unit.Reservations.Stops(task.Nexus, row, task.Cdb)) return ScsiStatus.ReservationConflict;
        if ((row.Access & Access.Write) == Access.Write && (unit.WriteProtected || task.Nexus.ReadOnly))
            return task.Fail(unit.WriteProtected ? unit.WriteProtection : SenseCode.WriteProtected);
        if (unit.Refuses(row)) return unit.FailNotReady(task);
        if (row.Layout.Blocks) return PrepareBlocks(task, row, unit);
        return row.Transfer == Transfer.Out ? PrepareParameters(task, row) : ScsiStatus.Good;
    }

    /// <summary>When all data is there: runs the handler. I/O errors become sense data.</summary>
    /// <returns>The command's status, or <see cref="ScsiTask.Deferred"/>.</returns>
    public static ScsiStatus Execute(ScsiTask task)
    {
        try
        {
            // A command whose data came while the unit was sanitized would bring back what is gone.
            if (task.Unit is { Sanitizer.InProgress: true } unit && unit.Refuses(task.Row!)) return unit.FailNotReady(task);
            // One whose first blocks were erased since must not pass for whole; initiators send it again.
            if (task.Placed > 0 && task.PlacedAt != task.Unit!.Sanitizer.Count) return task.Fail(SenseCode.SanitizeInProgress);
            return task.Row!.Handler!(task);
        }
        catch (StoreException e)
        {
            return task.Fail(e.Code, e.Offset is { } offset ? (ulong)offset / (uint)task.Unit!.BlockSize : null);
        }
        catch (IOException)
        {
            return task.Fail((task.Row!.Access & Access.Write) == Access.Write ? SenseCode.WriteError : SenseCode.UnrecoveredReadError);
        }
        catch (ObjectDisposedException)
        {
            return task.Fail(SenseCode.LogicalUnitCommunicationFailure); // the target is going down
        }
    }

    private static ScsiStatus Unsupported(ScsiTask task)
    {
        byte opcode = task.Cdb[0];
        return Command.HasServiceActions(opcode) && Command.Supports(task.Unit, opcode) ? task.FailField(1, 4) : task.Fail(SenseCode.InvalidOpcode);
    }

    private static ScsiStatus PrepareParameters(ScsiTask task, CommandRow row)
    {
        uint length = row.Length(task.Cdb);
        if (length > MaxParameterList) return task.Fail(SenseCode.ParameterListLengthError);
        task.OutLength = length;
        return ScsiStatus.Good;
    }

    private static ScsiStatus PrepareBlocks(ScsiTask task, CommandRow row, LogicalUnit unit)
    {
        ulong lba = task.Lba = row.Lba(task.Cdb)!.Value;
        uint blocks = row.Blocks(task.Cdb)!.Value;
        if (lba > unit.BlockCount || blocks > unit.BlockCount - lba) return task.Fail(SenseCode.LbaOutOfRange);
        // A WRITE SAME of no blocks goes to the end of the medium (SBC-4 §5.51), unless that is farther than the limit.
        bool toTheEnd = blocks == 0 && row.Transfer == Transfer.OneBlock;
        ulong all = toTheEnd ? unit.BlockCount - lba : blocks;
        if (all > MaxBlocks(row, unit) || toTheEnd && unit.RefusesWriteSameOfNoBlocks) return task.FailField(row.Layout.Length);
        task.Blocks = (uint)all;
        task.OutLength = row.Transfer switch
        {
            Transfer.Out => (long)blocks * unit.BlockSize,
            Transfer.Verify => Medium.VerifyLength(task),
            Transfer.OneBlock when Medium.HasData(task) => unit.BlockSize,
            Transfer.TwoFold => 2L * blocks * unit.BlockSize,
            _ => 0,
        };
        return ScsiStatus.Good;
    }

    // What VPD page B0h says of the command.
    private static uint MaxBlocks(CommandRow row, LogicalUnit unit) => row.Transfer switch
    {
        Transfer.None => uint.MaxValue,
        Transfer.TwoFold => Uninterrupted.MaxCompareBlocks,
        _ when (row.Needs & Feature.Atomic) != 0 => unit.MaxAtomicBlocks,
        _ => unit.MaxTransferBlocks,
    };
}
