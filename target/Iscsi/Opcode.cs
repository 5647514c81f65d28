namespace Iscsitop.Target.Iscsi;

/// <summary>The opcodes of RFC 7143 §11.2.1.2: bits 5–0 of a PDU's first byte.</summary>
public enum Opcode : byte
{
    NopOut = 0x00,
    ScsiCommand = 0x01,
    TaskManagementRequest = 0x02,
    LoginRequest = 0x03,
    TextRequest = 0x04,
    DataOut = 0x05,
    LogoutRequest = 0x06,
    SnackRequest = 0x10,
    NopIn = 0x20,
    ScsiResponse = 0x21,
    TaskManagementResponse = 0x22,
    LoginResponse = 0x23,
    TextResponse = 0x24,
    DataIn = 0x25,
    LogoutResponse = 0x26,
    ReadyToTransfer = 0x31,
    AsyncMessage = 0x32,
    Reject = 0x3f,
}

/// <summary>Which way a PDU travels.</summary>
public enum Direction : byte
{
    ToTarget,
    ToInitiator,
}

/// <summary>Byte 1 of a BHS; the meaning of a bit depends on the opcode (RFC 7143 §11.3–§11.19).</summary>
public static class BhsFlags
{
    /// <summary>F: the last PDU of a sequence; T (transit) in the login phase.</summary>
    public const byte Final = 0x80;

    /// <summary>C (continue) of Text and Login PDUs.</summary>
    public const byte Continue = 0x40;

    /// <summary>R of a SCSI Command: data is expected from the target.</summary>
    public const byte Read = 0x40;

    /// <summary>W of a SCSI Command: data is expected from the initiator.</summary>
    public const byte Write = 0x20;

    /// <summary>O: residual overflow.</summary>
    public const byte Overflow = 0x04;

    /// <summary>U: residual underflow.</summary>
    public const byte Underflow = 0x02;

    /// <summary>S of a Data-In: the PDU carries the command's status.</summary>
    public const byte Status = 0x01;
}

/// <summary>Task management functions (RFC 7143 §11.5.1).</summary>
public enum TaskFunction : byte
{
    AbortTask = 1,
    AbortTaskSet = 2,
    ClearAca = 3,
    ClearTaskSet = 4,
    LogicalUnitReset = 5,
    TargetWarmReset = 6,
    TargetColdReset = 7,
    TaskReassign = 8,
}

/// <summary>Task management responses (RFC 7143 §11.6.1).</summary>
public enum TaskFunctionResponse : byte
{
    Complete = 0,
    TaskDoesNotExist = 1,
    LunDoesNotExist = 2,
    TaskStillAllegiant = 3,
    ReassignmentNotSupported = 4,
    NotSupported = 5,
    AuthorizationFailed = 6,
    Rejected = 255,
}

/// <summary>Reject reasons (RFC 7143 §11.17.1).</summary>
public enum RejectReason : byte
{
    DataDigestError = 0x02,
    SnackReject = 0x03,
    ProtocolError = 0x04,
    CommandNotSupported = 0x05,
    TooManyImmediateCommands = 0x06,
    TaskInProgress = 0x07,
    InvalidDataAck = 0x08,
    InvalidPduField = 0x09,
    OutOfResources = 0x0a,
    WaitingForLogout = 0x0c,
}

/// <summary>Login status: class in the high byte, detail in the low byte (RFC 7143 §11.13.5).</summary>
public enum LoginStatus : ushort
{
    Success = 0x0000,
    TargetMovedTemporarily = 0x0101,
    TargetMovedPermanently = 0x0102,
    InitiatorError = 0x0200,
    AuthenticationFailure = 0x0201,
    AuthorizationFailure = 0x0202,
    NotFound = 0x0203,
    TargetRemoved = 0x0204,
    UnsupportedVersion = 0x0205,
    TooManyConnections = 0x0206,
    MissingParameter = 0x0207,
    CannotIncludeInSession = 0x0208,
    SessionTypeNotSupported = 0x0209,
    SessionDoesNotExist = 0x020a,
    InvalidDuringLogin = 0x020b,
    TargetError = 0x0300,
    ServiceUnavailable = 0x0301,
    OutOfResources = 0x0302,
}

/// <summary>Events of an Asynchronous Message (RFC 7143 §11.9.1).</summary>
public enum AsyncEvent : byte
{
    ScsiEvent = 0,
    LogoutRequest = 1,
    ConnectionDrop = 2,
    SessionDrop = 3,
    NegotiationRequest = 4,
    TaskTermination = 5,
}

/// <summary>Login stages (RFC 7143 §11.12.3).</summary>
public enum Stage : byte
{
    SecurityNegotiation = 0,
    LoginOperationalNegotiation = 1,
    FullFeaturePhase = 3,
}
