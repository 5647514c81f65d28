using Iscsitop.Target.Initiator;
using Iscsitop.Target.Scsi;
using Peer = Iscsitop.Target.Initiator.Initiator;

namespace Iscsitop.Tests.Server;

/// <summary>What a client sends, line by line, as hex.</summary>
internal static class Script
{
    /// <summary>A command that must be GOOD.</summary>
    /// <returns>Its data.</returns>
    public static byte[] In(this Peer peer, string cdb, int length, int lun = 0)
    {
        ArraySegment<byte> data = Cdb.Buffer(length);
        ScsiResult result = peer.Execute(new ScsiRequest(lun, Bytes(cdb), data, false));
        Assert.That(result.Status, Is.EqualTo(ScsiStatus.Good), $"{cdb}: {Convert.ToHexString(result.Sense)}");
        return [.. data[..result.Received]];
    }

    /// <summary>A command that sends data, or none.</summary>
    /// <returns>Its status, and <c>key/asc ascq</c> in hex when it has sense data.</returns>
    public static string Out(this Peer peer, string cdb, string data = "", int lun = 0)
    {
        byte[] bytes = Bytes(data);
        ArraySegment<byte> buffer = Cdb.Buffer(bytes.Length);
        bytes.CopyTo(buffer.AsSpan());
        ScsiResult result = peer.Execute(new ScsiRequest(lun, Bytes(cdb), buffer, true));
        return result.Status.Name() + (result.Sense.Length < 14 ? "" : $" {result.Sense[2]:x}/{result.Sense[12]:x2}{result.Sense[13]:x2}");
    }

    /// <summary>PERSISTENT RESERVE OUT.</summary>
    public static string Prout(this Peer peer, int serviceAction, int type = 0, int key = 0, int action = 0, int flags = 0) =>
        peer.Out($"5F {serviceAction:X2} {type:X2} 00 00 00 00 00 18 00", $"{key:X16}{action:X16}00000000{flags:X2}000000");

    public static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));

    /// <summary>The designators of VPD page 83h: association and type, value.</summary>
    public static List<(int Association, int Type, byte[] Value)> Designators(byte[] page)
    {
        var all = new List<(int, int, byte[])>();
        for (int at = 4; at < page.Length; at += 4 + page[at + 3]) all.Add((page[at + 1] >> 4 & 3, page[at + 1] & 0x0f, page[(at + 4)..(at + 4 + page[at + 3])]));
        return all;
    }
}
