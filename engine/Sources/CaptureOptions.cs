using Iscsitop.Engine.Wire;

namespace Iscsitop.Engine.Sources;

/// <summary>Which packets are observed, and what else becomes of them.</summary>
public sealed record CaptureOptions
{
    /// <summary>The interface to listen on, "" for a file.</summary>
    public string Interface { get; init; } = "";

    /// <summary>The file to read, "-" for standard input.</summary>
    public string File { get; init; } = "";

    /// <summary>Whether a file is read no faster than it was captured.</summary>
    public bool RealTime { get; init; }

    /// <summary>What is taken for iSCSI.</summary>
    public WireOptions Wire { get; init; } = new();

    /// <summary>A filter of the user's own in libpcap's language, "" for none. Of an interface only.</summary>
    public string Filter { get; init; } = "";

    /// <summary>Bytes captured of a packet at most. Of an interface only.</summary>
    public int SnapLength { get; init; } = 262144;

    /// <summary>Bytes the kernel may hold for us. Of an interface only.</summary>
    public int BufferBytes { get; init; } = 64 << 20;

    /// <summary>The pcapng file all packets are written to, "-" for standard output, "" for none.</summary>
    public string WriteTo { get; init; } = "";

    /// <summary>Whether user data is left out of that file.</summary>
    public bool HeadersOnly { get; init; }

    /// <summary>Whether names and addresses are replaced in that file.</summary>
    public bool Anonymize { get; init; }

    /// <summary>The stream of a <see cref="File"/> of which somebody has looked at the first bytes; null to open it.</summary>
    internal Stream? Opened { get; init; }

    /// <summary>Opens the source and the file to write.</summary>
    internal Capture Open()
    {
        PacketSource source = Interface.Length > 0
            ? LiveCapture.Open(new LiveOptions(Interface) { Filter = Filter, Ports = Wire.Ports, SnapLength = SnapLength, BufferBytes = BufferBytes })
            : Opened is { } stream ? CaptureFile.OpenStream(stream, File) : CaptureFile.Open(File);
        try
        {
            using FileStream? input = File == "-" && WriteTo is not ("" or "-") ? InputFile() : null;
            return new Capture(source, Wire, WriteTo.Length == 0 ? null : CaptureWriter.Create(WriteTo, new CaptureWriterOptions { HeadersOnly = HeadersOnly, Anonymize = Anonymize, SnapLength = Interface.Length > 0 && SnapLength < LiveOptions.MaxSnapLength ? SnapLength : 0 }));
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    // The file that standard input is, opened as one that is read, which our writer minds whatever path or link it came by. Only Linux
    // tells which it is; a pipe has no length.
    private static FileStream? InputFile()
    {
        const string Input = "/proc/self/fd/0";
        try
        {
            return OperatingSystem.IsLinux() && new FileInfo(Input).LinkTarget is { } path && path.StartsWith('/') && new FileInfo(path) is { Exists: true, Length: > 0 }
                ? new FileStream(Input, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // what may not be opened again to be read
        }
    }
}
