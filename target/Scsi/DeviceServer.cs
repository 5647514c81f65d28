using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>The checks every command passes and the call of its handler (SAM-5 §5, SPC-4 §5).</summary>
internal static class DeviceServer
{
    /// <summary>When the command arrives, before its data: finds the row, makes every check that needs no data, sets lengths.</summary>
    /// <returns>GOOD when the command may go on; else its final status.</returns>
    public static ScsiStatus Prepare(ScsiTask task) => throw new NotImplementedException();

    /// <summary>When all data is there: runs the handler. I/O errors become sense data.</summary>
    /// <returns>The command's status, or <see cref="ScsiTask.Deferred"/>.</returns>
    public static ScsiStatus Execute(ScsiTask task) => throw new NotImplementedException();
}
