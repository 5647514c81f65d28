using System.Globalization;
using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Snooping;

/// <summary>What lines and records both need to know of a command.</summary>
internal static class Marks
{
    /// <summary>The response of a command that ended without a status.</summary>
    public const byte Aborted = 255;

    /// <summary>All 32 bytes of a CDB, zeros behind its end, so that no layout points outside.</summary>
    public static ReadOnlySpan<byte> Cdb(in CompletedCommand command) => command.Cdb;

    /// <summary>Opcode and service action, null when the CDB was not seen.</summary>
    public static ushort? Operation(in CompletedCommand command) =>
        command.CdbLength == 0 ? null : Command.Operation(Cdb(command));

    /// <summary>The row of the command table, null when it has none.</summary>
    public static CommandRow? Row(in CompletedCommand command) => command.CdbLength == 0 ? null : Command.Find(Cdb(command));

    /// <summary>Blocks it asks for, by its CDB or, of an UNMAP, by its parameter list; null when they are not known.</summary>
    public static ulong? Blocks(in CompletedCommand command) =>
        command.Unmapped.IsKnown ? (ulong)command.Unmapped.Blocks : Row(command)?.Blocks(Cdb(command));

    /// <summary>Descriptors of an UNMAP's parameter list; null when it was not seen, and of other commands.</summary>
    public static ulong? Descriptors(in CompletedCommand command) => command.Unmapped.IsKnown ? (ulong)command.Unmapped.Descriptors : null;

    /// <summary>Sense key, code and qualifier (SPC-4 §4.5.2, §4.5.3), -1 when there are none.</summary>
    public static int Sense(in CompletedCommand command)
    {
        ReadOnlySpan<byte> sense = ((ReadOnlySpan<byte>)command.Sense)[..Math.Min((int)command.SenseLength, CompletedCommand.SenseBytes.Length)];
        return sense.Length == 0 ? -1 : (sense[0] & 0x7f) switch
        {
            0x70 or 0x71 when sense.Length >= 14 => (sense[2] & 0xf) << 16 | sense[12] << 8 | sense[13],
            0x72 or 0x73 when sense.Length >= 4 => (sense[1] & 0xf) << 16 | sense[2] << 8 | sense[3],
            _ => -1,
        };
    }

    /// <summary>Sense as <c>05/24/00</c>.</summary>
    public static string SenseText(int sense) =>
        string.Create(CultureInfo.InvariantCulture, $"{sense >> 16:x2}/{sense >> 8 & 0xff:x2}/{sense & 0xff:x2}");
}
