// STAND-IN: the shape the command line is coded against until the engine arrives. To be deleted at the merge.
using Iscsitop.Target.Probes;
using Microsoft.Extensions.Logging;

namespace Iscsitop.Engine;

public sealed class ProbeEngine(Provider provider, ILogger logger) : IDisposable
{
    public Provider Provider => provider;

    public ILogger Logger => logger;

    public void Start() => provider.Enabled = 0;

    public void Dispose()
    {
    }
}
