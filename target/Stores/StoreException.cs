using Iscsitop.Target.Scsi;

namespace Iscsitop.Target.Stores;

/// <summary>A store could not do what it was asked.</summary>
/// <param name="code">The sense data that says so to the initiator.</param>
/// <param name="message">What an administrator should know.</param>
/// <param name="offset">The first byte in error, null when it is not known.</param>
/// <param name="inner">What the system said.</param>
internal sealed class StoreException(SenseCode code, string message, long? offset = null, Exception? inner = null)
    : IOException(message, inner)
{
    /// <summary>The sense data.</summary>
    public SenseCode Code => code;

    /// <summary>The first byte in error.</summary>
    public long? Offset => offset;
}
