// STAND-IN: the load of the demo is written elsewhere. To be replaced at the merge.
using System.Net;

namespace Iscsitop.Cli.Commands;

internal static class DemoLoad
{
    public static void Start(IPEndPoint portal, string target, CancellationToken cancellation)
    {
        _ = (portal, target, cancellation);
    }
}
