using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Cli.Output;

/// <summary>The descriptors of standard input, output and error.</summary>
internal static class Descriptors
{
    private const int Output = 1, Last = 2;

    // A handle that is collected closes its descriptor.
    private static readonly List<SafeFileHandle> s_kept = [];

    /// <summary>Whether standard output was closed.</summary>
    public static bool OutputWasClosed { get; private set; }

    /// <summary>
    /// Sees to it that each of them is open: in the place of one that was closed (<c>2>&amp;-</c>) the next file would be opened, and what is
    /// said would go into that. What stands in for it has nothing to read and cannot be written.
    /// </summary>
    public static void Fill()
    {
        if (OperatingSystem.IsWindows()) return;
        try
        {
            for (; ; )
            {
                SafeFileHandle handle = File.OpenHandle("/dev/null", share: FileShare.ReadWrite);
                if (handle.DangerousGetHandle() > Last)
                {
                    handle.Dispose();
                    return;
                }
                OutputWasClosed |= handle.DangerousGetHandle() == Output;
                s_kept.Add(handle);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing stands in for them, then.
        }
    }

    /// <summary>An output that was closed.</summary>
    public sealed class Closed : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("standard output is closed");
    }
}
