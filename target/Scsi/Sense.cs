using System.Buffers.Binary;

namespace Iscsitop.Target.Scsi;

/// <summary>Sense key in bits 23–16, additional sense code in 15–8, qualifier in 7–0 (SPC-4 §4.5.6, Annex D).</summary>
public enum SenseCode
{
    NoSense = 0x000000,

    LogicalUnitNotReady = 0x020400,
    BecomingReady = 0x020401,
    InitializingCommandRequired = 0x020402,
    AsymmetricAccessStateTransition = 0x02040a,
    TargetPortInStandbyState = 0x02040b,
    TargetPortInUnavailableState = 0x02040c,
    LogicalUnitOffline = 0x020412,
    SanitizeInProgress = 0x02041b,
    LogicalUnitCommunicationFailure = 0x020800,
    MediumNotPresent = 0x023a00,
    MediumNotPresentTrayClosed = 0x023a01,
    MediumNotPresentTrayOpen = 0x023a02,

    WriteError = 0x030c00,
    UnrecoveredReadError = 0x031100,
    SanitizeCommandFailed = 0x033103,

    InternalTargetFailure = 0x044400,

    OperationInProgress = 0x050016,
    InvalidFieldInCommandInformationUnit = 0x050e03,
    ParameterListLengthError = 0x051a00,
    InvalidOpcode = 0x052000,
    LbaOutOfRange = 0x052100,
    InvalidFieldInCdb = 0x052400,
    LunNotSupported = 0x052500,
    InvalidFieldInParameterList = 0x052600,
    InvalidReleaseOfPersistentReservation = 0x052604,
    TooManyTargetDescriptors = 0x052606,
    UnsupportedTargetDescriptorType = 0x052607,
    TooManySegmentDescriptors = 0x052608,
    UnsupportedSegmentDescriptorType = 0x052609,
    SavingParametersNotSupported = 0x053900,
    InvalidMessage = 0x054900,
    MediumRemovalPrevented = 0x055302,
    InsufficientRegistrationResources = 0x055504,

    MediumMayHaveChanged = 0x062800,
    PowerOnOrReset = 0x062900,
    PowerOn = 0x062901,
    ScsiBusReset = 0x062902,
    BusDeviceReset = 0x062903,
    DeviceInternalReset = 0x062904,
    NexusLoss = 0x062907,
    ModeParametersChanged = 0x062a01,
    ReservationsPreempted = 0x062a03,
    ReservationsReleased = 0x062a04,
    RegistrationsPreempted = 0x062a05,
    AsymmetricAccessStateChanged = 0x062a06,
    CapacityDataChanged = 0x062a09,
    CommandsClearedByAnotherInitiator = 0x062f00,
    ThinProvisioningThresholdReached = 0x063807,
    InquiryDataChanged = 0x063f03,
    ReportedLunsDataChanged = 0x063f0e,
    CommandsClearedByNexusLoss = 0x06477f,

    WriteProtected = 0x072700,
    LogicalUnitSoftwareWriteProtected = 0x072702,
    SpaceAllocationFailed = 0x072707,

    CopyAborted = 0x0a0000,
    UnreachableCopyTarget = 0x0a0804,
    CopyTargetDeviceNotReachable = 0x0a0d02,

    UnexpectedUnsolicitedData = 0x0b0c0c,
    NotEnoughUnsolicitedData = 0x0b0c0d,
    SnackRejected = 0x0b1113,
    ProtocolServiceCrcError = 0x0b4705,

    MiscompareDuringVerify = 0x0e1d00,
}

/// <summary>The sense data of one command, reused.</summary>
internal sealed class Sense
{
    /// <summary>Bytes <see cref="Write"/> needs at most.</summary>
    public const int MaxLength = 28;

    private const byte FieldPointerValid = 0x80;
    private const byte InCdb = 0x40;
    private const byte BitPointerValid = 0x08;

    private byte _pointerFlags;
    private ushort _pointer;

    /// <summary>What went wrong; <see cref="SenseCode.NoSense"/> when nothing did.</summary>
    public SenseCode Code { get; private set; }

    /// <summary>The INFORMATION field: an LBA or a byte offset, as the code says; null when it is not valid.</summary>
    public ulong? Information { get; private set; }

    /// <summary>Nothing went wrong.</summary>
    public void Clear() => Set(SenseCode.NoSense);

    /// <summary>Sets the code; a field pointer of an earlier one is gone.</summary>
    public void Set(SenseCode code, ulong? information = null)
    {
        Code = code;
        Information = information;
        _pointerFlags = 0;
        _pointer = 0;
    }

    /// <summary>Points to the field in error (SPC-4 §4.5.2.4.2).</summary>
    /// <param name="inCdb">Whether the field is in the CDB rather than in the parameter list.</param>
    /// <param name="atByte">Its first byte.</param>
    /// <param name="bit">Its leftmost bit, 0–7; negative when the whole byte is meant.</param>
    public void PointTo(bool inCdb, int atByte, int bit)
    {
        _pointerFlags = (byte)(FieldPointerValid | (inCdb ? InCdb : 0) | (bit >= 0 ? BitPointerValid | bit : 0));
        _pointer = (ushort)atByte;
    }

    /// <summary>Tells how far something has come, in 65536ths (SPC-4 §4.5.2.4.4).</summary>
    public void Indicate(ushort progress)
    {
        _pointerFlags = FieldPointerValid; // SKSV: the same bit
        _pointer = progress;
    }

    /// <summary>Writes it, in fixed (70h) or descriptor (72h) format; no sense is sense data too (SPC-4 §4.5).</summary>
    /// <param name="into">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="descriptorFormat">What D_SENSE of the control mode page or DESC of REQUEST SENSE asks for.</param>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> into, bool descriptorFormat) => descriptorFormat ? WriteDescriptors(into) : WriteFixed(into);

    private int WriteFixed(Span<byte> into)
    {
        const int length = 18;
        into[..length].Clear();
        into[0] = 0x70;
        into[2] = (byte)((int)Code >> 16);
        if (Information is <= uint.MaxValue) // a larger one does not fit: VALID stays 0
        {
            into[0] |= 0x80;
            BinaryPrimitives.WriteUInt32BigEndian(into[3..], (uint)Information.Value);
        }
        into[7] = length - 8;
        BinaryPrimitives.WriteUInt16BigEndian(into[12..], (ushort)Code);
        WritePointer(into[15..]);
        return length;
    }

    private int WriteDescriptors(Span<byte> into)
    {
        into[..MaxLength].Clear();
        into[0] = 0x72;
        into[1] = (byte)((int)Code >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(into[2..], (ushort)Code);
        int length = 8;
        if (Information is { } information)
        {
            into[length + 1] = 0x0a;
            into[length + 2] = 0x80;
            BinaryPrimitives.WriteUInt64BigEndian(into[(length + 4)..], information);
            length += 12;
        }
        if (_pointerFlags != 0)
        {
            into[length] = 0x02;
            into[length + 1] = 0x06;
            WritePointer(into[(length + 4)..]);
            length += 8;
        }
        into[7] = (byte)(length - 8);
        return length;
    }

    private void WritePointer(Span<byte> into)
    {
        into[0] = _pointerFlags;
        BinaryPrimitives.WriteUInt16BigEndian(into[1..], _pointer);
    }
}
