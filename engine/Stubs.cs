#pragma warning disable
namespace Iscsitop.Engine.Wire
{
    internal sealed class WireDecoder(Iscsitop.Target.Probes.Provider p, WireOptions o, Iscsitop.Engine.Sources.KeptBytes? k) { public Coverage Coverage => default; public void Take(in Iscsitop.Engine.Sources.Packet packet) { } public void Finish(long t) { } public WireFacts? FactsOf(uint c) => null; }
}
