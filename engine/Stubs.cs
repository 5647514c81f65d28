#pragma warning disable
namespace Iscsitop.Engine.Sources
{
    public sealed class CaptureFormatException(string m) : Exception(m);
    public sealed class CaptureFilterException(string m) : Exception(m);
    public static class Privileges { public static string Drop() => ""; }
    internal sealed class KeptBytes { public void Begin(ReadOnlySpan<byte> b) { } }
    internal sealed class CaptureWriter : IDisposable { public bool HeadersOnly, Anonymize; public KeptBytes Kept = new(); public void Write(in Packet p) { } public void Flush() { } public void Dispose() { } public static CaptureWriter Create(string f, bool h, bool a) => new(); }
    internal sealed class LiveOptions { public string Interface = "", Filter = ""; public IReadOnlyList<ushort> Ports = []; public int SnapLength, BufferBytes; }
    internal static class LiveCapture { public static PacketSource Open(LiveOptions o) => throw new IOException(); }
    internal static class CaptureFile { public static PacketSource Open(string f) => throw new IOException(); }
}
namespace Iscsitop.Engine.Wire
{

    internal sealed class WireDecoder(Iscsitop.Target.Probes.Provider p, WireOptions o, Iscsitop.Engine.Sources.KeptBytes? k) { public Coverage Coverage => default; public void Take(in Iscsitop.Engine.Sources.Packet packet) { } public void Finish(long t) { } public WireFacts? FactsOf(uint c) => null; }
}
