using System.Diagnostics;
using System.Globalization;
using Iscsitop.Tests.Conformance;

namespace Iscsitop.Tests.Packaging;

/// <summary>
/// A network of its own with a free loopback interface, and an eth0 at 192.0.2.1 to another network, where 192.0.2.2 is. Both are gone with
/// the processes that hold them, which end with this one.
/// </summary>
internal sealed class Machine : IDisposable
{
    public const string Elsewhere = "192.0.2.2";

    private readonly Process _here = Hold();
    private readonly Process _there = Hold();

    public Machine()
    {
        Client.NeedThat(Client.Run("ip", "link", "add", "eth0", "netns", Id(_here), "type", "veth", "peer", "name", "eth0", "netns", Id(_there)).ExitCode == 0, "there are no networks within this one");
        foreach ((Process at, string address) in new[] { (_here, "192.0.2.1"), (_there, Elsewhere) })
            Client.RunWell("nsenter", [.. Into(at), "sh", "-c", $"ip link set lo up && ip address add {address}/24 dev eth0 && ip link set eth0 up"]);
    }

    /// <summary>The options of nsenter that lead to it.</summary>
    public string[] Entry => Into(_here);

    /// <summary>Starts a program of the host's in it.</summary>
    public Subscriber Start(params string[] command) => new(Client.Start("nsenter", [.. Into(_here), .. command]));

    /// <summary>Starts one at 192.0.2.2, where it is found by packets only.</summary>
    public Subscriber StartElsewhere(Scratch scratch, params string[] command) =>
        new(Client.Start("nsenter", [.. Into(_there), .. command], new Dictionary<string, string> { ["ISCSITOP_RUNTIME_DIR"] = scratch.Path }));

    public void Dispose()
    {
        foreach (Process process in new[] { _here, _there })
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    private static string[] Into(Process process) => ["-t", Id(process), "-n"];

    private static string Id(Process process) => process.Id.ToString(CultureInfo.InvariantCulture);

    // Ends when its input does.
    private static Process Hold()
    {
        Client.Need("nsenter");
        Client.Need("ip");
        Process process = Client.Start("unshare", ["--net", "sh", "-c", "echo here; exec cat"]);
        if (process.StandardOutput.ReadLine() != "here") Assert.Ignore("no network of its own can be had");
        return process;
    }
}
