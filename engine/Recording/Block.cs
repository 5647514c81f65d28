using System.Buffers.Binary;
using Iscsitop.Target.Iscsi;

namespace Iscsitop.Engine.Recording;

/// <summary>The header of a block of a recording (docs/recording.md): everything that is needed to pass it over.</summary>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="Checksum">CRC-32C of the payload.</param>
/// <param name="Snapshots">Snapshots in it, at least 1.</param>
/// <param name="HasNews">Whether it tells something that later blocks do not tell again.</param>
/// <param name="Restates">Whether it tells everything there was.</param>
/// <param name="First">When its first snapshot's interval began, ns since 1970.</param>
/// <param name="Last">When its last snapshot's ended.</param>
internal readonly record struct BlockHeader(int Length, uint Checksum, int Snapshots, bool HasNews, bool Restates, long First, long Last)
{
    /// <summary>Whether events were recorded, were there none.</summary>
    public bool WithEvents { get; init; }

    /// <summary>Bytes of events at the payload's end, behind the snapshots.</summary>
    public int EventBytes { get; init; }

    /// <summary>Bytes of a header.</summary>
    public const int Size = 48;

    /// <summary>The version written; those before are read.</summary>
    public const int Version = 3;

    /// <summary>The version it has.</summary>
    public int Format { get; init; } = Version;

    /// <summary>Bytes of a payload at most: one snapshot of an engine whose table of cells is full needs a tenth.</summary>
    public const int MostBytes = 16 << 20;

    /// <summary>Snapshots of a block at most.</summary>
    public const int MostSnapshots = 4096;

    /// <summary>What a block begins with.</summary>
    public static ReadOnlySpan<byte> Magic => "iscsirec"u8;

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> into)
    {
        into[..Size].Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[8..], (ushort)Format);
        BinaryPrimitives.WriteUInt16LittleEndian(into[10..], (ushort)((HasNews ? 1 : 0) | (Restates ? 2 : 0) | (WithEvents ? 4 : 0)));
        BinaryPrimitives.WriteInt32LittleEndian(into[12..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], Checksum);
        BinaryPrimitives.WriteInt32LittleEndian(into[20..], Snapshots);
        BinaryPrimitives.WriteInt64LittleEndian(into[24..], First);
        BinaryPrimitives.WriteInt64LittleEndian(into[32..], Last);
        BinaryPrimitives.WriteInt32LittleEndian(into[40..], EventBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(into[44..], Sum(into[..44]));
    }

    /// <summary>Reads one.</summary>
    /// <param name="bytes">What stands where a header may begin.</param>
    /// <param name="header">The header.</param>
    /// <param name="version">Its version, when it is one of another.</param>
    /// <returns>False when it is none, or none of this version.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out BlockHeader header, out int version)
    {
        (header, version) = (default, 0);
        if (bytes.Length < Size || !bytes.StartsWith(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[44..]) != Sum(bytes[..44])) return false;
        version = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        int flags = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]);
        header = new BlockHeader(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]), (flags & 1) != 0, (flags & 2) != 0,
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]))
        {
            Format = version,
            WithEvents = (flags & 4) != 0,
            EventBytes = BinaryPrimitives.ReadInt32LittleEndian(bytes[40..]),
        };
        return version is > 0 and <= Version && header is { Length: > 0 and <= MostBytes, Snapshots: > 0 and <= MostSnapshots } && header.First <= header.Last
            && header.EventBytes >= 0 && header.EventBytes < header.Length;
    }

    /// <summary>CRC-32C of some bytes.</summary>
    public static uint Sum(ReadOnlySpan<byte> bytes) => ~Crc32C.Add(Crc32C.Start, bytes);
}
