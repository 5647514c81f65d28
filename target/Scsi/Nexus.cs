namespace Iscsitop.Target.Scsi;

/// <summary>An I_T nexus: one initiator port and one target port, and what the units owe it.</summary>
internal sealed class Nexus
{
}
