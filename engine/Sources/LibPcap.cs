using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Iscsitop.Engine.Sources;

/// <summary>
/// The calls of the system's libpcap (1.5 or later) or of Npcap that a live capture makes. The library is looked for when the first
/// capture is opened, and never by who reads files.
/// </summary>
internal static unsafe partial class LibPcap
{
    public const int ErrorBuffer = 256;
    public const int NoSuchDevice = -5, NotUp = -9, NotPermitted = -8, PromiscuousNotPermitted = -11;
    public const int Nanoseconds = 1;
    public const uint UnknownNetmask = 0xffffffff;

    private const string Library = "pcap";

    private static readonly Lazy<nint> s_library = new(Load);

    /// <summary>Finds the library.</summary>
    /// <exception cref="CaptureException">It is not here; the message says what to install.</exception>
    public static void Need()
    {
        if (s_library.Value == 0) throw new CaptureException(Missing);
        // struct timeval has one layout in all 64-bit libraries of a system, and two in the others.
        if (nint.Size != 8) throw new CaptureException("a live capture needs a 64-bit process");
    }

    /// <summary>Which library it is, in its own words.</summary>
    public static string Version => Text(LibVersion());

    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    private static string Missing =>
        OperatingSystem.IsWindows() ? "a live capture needs Npcap, which is not installed: https://npcap.com"
        : OperatingSystem.IsMacOS() ? "a live capture needs libpcap, which was not found: it is part of macOS, /usr/lib/libpcap.A.dylib"
        : "a live capture needs libpcap, which was not found: install libpcap0.8 (Debian, Ubuntu) or libpcap (Fedora, Arch, Alpine)";

    // Distributions disagree on the number in libpcap's name.
    private static string[] Names =>
        OperatingSystem.IsWindows() ? [Path.Combine(Environment.SystemDirectory, "Npcap", "wpcap.dll"), "wpcap.dll"]
        : OperatingSystem.IsMacOS() ? ["libpcap.A.dylib", "libpcap.dylib"]
        : ["libpcap.so.1", "libpcap.so.0.8", "libpcap.so"];

    private static nint Load()
    {
        nint found = 0;
        foreach (string name in Names)
            if (NativeLibrary.TryLoad(name, out found)) break;
        if (found != 0) NativeLibrary.SetDllImportResolver(typeof(LibPcap).Assembly, Resolve);
        return found;
    }

    // Asked for each library of this assembly once; 0 leaves the others to the runtime.
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == Library ? s_library.Value : 0;

    [LibraryImport(Library, EntryPoint = "pcap_lib_version")]
    private static partial byte* LibVersion();

    [LibraryImport(Library, EntryPoint = "pcap_findalldevs")]
    public static partial int FindAllDevices(out Device* first, byte* error);

    [LibraryImport(Library, EntryPoint = "pcap_freealldevs")]
    public static partial void FreeAllDevices(Device* first);

    [LibraryImport(Library, EntryPoint = "pcap_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Create(string device, byte* error);

    // The setters fail on a handle that is active already, and for a precision the system has not: its own is asked for later.
    [LibraryImport(Library, EntryPoint = "pcap_set_snaplen")]
    public static partial void SetSnapLength(nint pcap, int bytes);

    [LibraryImport(Library, EntryPoint = "pcap_set_promisc")]
    public static partial void SetPromiscuous(nint pcap, int on);

    [LibraryImport(Library, EntryPoint = "pcap_set_timeout")]
    public static partial void SetTimeout(nint pcap, int milliseconds);

    [LibraryImport(Library, EntryPoint = "pcap_set_buffer_size")]
    public static partial void SetBufferSize(nint pcap, int bytes);

    [LibraryImport(Library, EntryPoint = "pcap_set_tstamp_precision")]
    public static partial void SetTimePrecision(nint pcap, int precision);

    [LibraryImport(Library, EntryPoint = "pcap_get_tstamp_precision")]
    public static partial int GetTimePrecision(nint pcap);

    [LibraryImport(Library, EntryPoint = "pcap_activate")]
    public static partial int Activate(nint pcap);

    [LibraryImport(Library, EntryPoint = "pcap_datalink")]
    public static partial int DataLink(nint pcap);

    [LibraryImport(Library, EntryPoint = "pcap_set_datalink")]
    public static partial int SetDataLink(nint pcap, int link);

    [LibraryImport(Library, EntryPoint = "pcap_datalink_val_to_name")]
    public static partial byte* DataLinkName(int link);

    [LibraryImport(Library, EntryPoint = "pcap_compile", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Compile(nint pcap, out Program program, string expression, int optimize, uint netmask);

    [LibraryImport(Library, EntryPoint = "pcap_setfilter")]
    public static partial int SetFilter(nint pcap, ref Program program);

    [LibraryImport(Library, EntryPoint = "pcap_freecode")]
    public static partial void FreeCode(ref Program program);

    [LibraryImport(Library, EntryPoint = "pcap_setnonblock")]
    public static partial int SetNonBlocking(nint pcap, int on, byte* error);

    [LibraryImport(Library, EntryPoint = "pcap_get_selectable_fd")]
    public static partial int SelectableDescriptor(nint pcap);

    [LibraryImport(Library, EntryPoint = "pcap_next_ex")]
    public static partial int Next(nint pcap, out PacketHeader* header, out byte* bytes);

    [LibraryImport(Library, EntryPoint = "pcap_stats")]
    public static partial int Statistics(nint pcap, uint* statistics);

    [LibraryImport(Library, EntryPoint = "pcap_geterr")]
    public static partial byte* Error(nint pcap);

    [LibraryImport(Library, EntryPoint = "pcap_statustostr")]
    public static partial byte* Status(int code);

    [LibraryImport(Library, EntryPoint = "pcap_close")]
    public static partial void Close(nint pcap);

    [UnsupportedOSPlatform("windows")]
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollDescriptor
    {
        public const short In = 1;

        public int Descriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>struct pcap_if.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Device
    {
        public const uint Loopback = 1, Up = 2;

        public Device* Next;
        public byte* Name;
        public byte* Description;
        public void* Addresses;
        public uint Flags;
    }

    /// <summary>struct bpf_program.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Program
    {
        public uint Length;
        public void* Instructions;
    }

    /// <summary>struct pcap_pkthdr, whose struct timeval has 8 bytes on Windows, 16 elsewhere (macOS: 12 and padding).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PacketHeader
    {
        private fixed uint _words[6];

        public readonly long Seconds => OperatingSystem.IsWindows() ? (int)_words[0] : (long)(_words[1] * 0x1_0000_0000ul + _words[0]);

        /// <summary>µs or ns.</summary>
        public readonly uint Fraction => _words[OperatingSystem.IsWindows() ? 1 : 2];

        public readonly int Captured => (int)_words[OperatingSystem.IsWindows() ? 2 : 4];

        public readonly int Length => (int)_words[OperatingSystem.IsWindows() ? 3 : 5];
    }
}
