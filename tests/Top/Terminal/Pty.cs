using System.Runtime.InteropServices;
using System.Text;
using Iscsitop.Cli.Top.Terminal;

namespace Iscsitop.Tests.Top.Terminal;

/// <summary>A terminal whose other end a test holds.</summary>
internal sealed unsafe partial class Pty : IDisposable
{
    private const int ReadWriteNoControl = 0x102;                    // O_RDWR | O_NOCTTY on Linux

    private bool _open = true;

    public Pty()
    {
        Master = posix_openpt(ReadWriteNoControl);
        Assert.That(Master, Is.GreaterThanOrEqualTo(0));
        Assert.That(grantpt(Master) + unlockpt(Master), Is.Zero);
        Slave = open(Marshal.PtrToStringUTF8(ptsname(Master))!, ReadWriteNoControl);
        Assert.That(Slave, Is.GreaterThanOrEqualTo(0));
    }

    public int Master { get; }

    public int Slave { get; }

    /// <summary>The settings, as the system has them.</summary>
    public byte[] Settings
    {
        get
        {
            byte[] settings = new byte[LibC.TermiosRoom];
            fixed (byte* s = settings) Assert.That(LibC.GetAttributes(Slave, s), Is.Zero);
            return settings;
        }
    }

    public void Type(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* b = bytes) Assert.That(LibC.Write(Master, b, (nuint)bytes.Length), Is.EqualTo((nint)bytes.Length));
    }

    /// <summary>What has been written since the last call, once it holds a text.</summary>
    public string ReadUntil(string text)
    {
        var all = new List<byte>();
        byte[] buffer = new byte[4096];
        while (true)
        {
            string so = Encoding.UTF8.GetString([.. all]);
            if (so.Contains(text, StringComparison.Ordinal)) return so;
            var fd = new LibC.PollFd(Master, LibC.Readable, 0);
            if (LibC.Poll(&fd, 1, 60_000) != 1) Assert.Fail($"{text} did not come: {so}");
            nint n;
            fixed (byte* b = buffer) n = LibC.Read(Master, b, (nuint)buffer.Length);
            Assert.That(n, Is.GreaterThan((nint)0), so);
            all.AddRange(buffer[..(int)n]);
        }
    }

    /// <summary>Whether there is nothing to read.</summary>
    public bool Silent
    {
        get
        {
            var fd = new LibC.PollFd(Master, LibC.Readable, 0);
            return LibC.Poll(&fd, 1, 0) == 0;
        }
    }

    /// <summary>The end that shows goes away.</summary>
    public void HangUp()
    {
        if (_open) _ = LibC.Close(Master);
        _open = false;
    }

    public void Dispose()
    {
        HangUp();
        _ = LibC.Close(Slave);
    }

    [LibraryImport("libc")]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc")]
    private static partial int grantpt(int fd);

    [LibraryImport("libc")]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc")]
    private static partial nint ptsname(int fd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);
}
