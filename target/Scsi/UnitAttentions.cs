using System.Numerics;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// The unit attention conditions one unit owes one nexus (SAM-5 §5.14): a set, so it is bounded and a condition that
/// comes twice is reported once. Every call may come from any thread.
/// </summary>
internal sealed class UnitAttentions
{
    // In the order they are reported: resets have precedence, SAM-5 §5.14.1.
    private static readonly SenseCode[] s_codes =
    [
        SenseCode.PowerOn,
        SenseCode.PowerOnOrReset,
        SenseCode.DeviceInternalReset,
        SenseCode.ScsiBusReset,
        SenseCode.BusDeviceReset,
        SenseCode.NexusLoss,
        SenseCode.CommandsClearedByNexusLoss,
        SenseCode.CommandsClearedByAnotherInitiator,
        SenseCode.MediumMayHaveChanged,
        SenseCode.ReportedLunsDataChanged,
        SenseCode.InquiryDataChanged,
        SenseCode.CapacityDataChanged,
        SenseCode.ModeParametersChanged,
        SenseCode.ReservationsPreempted,
        SenseCode.ReservationsReleased,
        SenseCode.RegistrationsPreempted,
        SenseCode.AsymmetricAccessStateChanged,
        SenseCode.ThinProvisioningThresholdReached,
    ];

    private int _pending;

    /// <summary>Establishes a condition.</summary>
    /// <exception cref="ArgumentException">The code is no unit attention of the table.</exception>
    public void Add(SenseCode code) => Interlocked.Or(ref _pending, Bit(code));

    /// <summary>Clears one condition, reported or not.</summary>
    public void Remove(SenseCode code) => Interlocked.And(ref _pending, ~Bit(code));

    /// <summary>Takes the condition to be reported next; <see cref="SenseCode.NoSense"/> when there is none.</summary>
    public SenseCode Take()
    {
        int pending = Volatile.Read(ref _pending);
        while (pending != 0)
        {
            int seen = Interlocked.CompareExchange(ref _pending, pending & (pending - 1), pending);
            if (seen == pending) return s_codes[BitOperations.TrailingZeroCount(pending)];
            pending = seen;
        }
        return SenseCode.NoSense;
    }

    private static int Bit(SenseCode code)
    {
        int index = Array.IndexOf(s_codes, code);
        return index >= 0 ? 1 << index : throw new ArgumentException($"{code} is no unit attention", nameof(code));
    }
}
