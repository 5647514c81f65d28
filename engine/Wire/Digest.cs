namespace Iscsitop.Engine.Wire;

/// <summary>What is known of one of a connection's digests; both directions have the same (RFC 7143 §13.1).</summary>
internal enum Digest : byte
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>There is one.</summary>
    Crc32C,

    /// <summary>It will show.</summary>
    Unknown,
}
