using System.CommandLine;
using System.Globalization;
using System.Net;
using Iscsitop.Engine.Sources;
using Iscsitop.Engine.Wire;

namespace Iscsitop.Cli;

/// <summary>The options that say which packets are observed, the same for every command that shows something.</summary>
internal sealed class CaptureWords
{
    // Ethernet 14, a tag 4, IPv6 40, TCP with times 32, the header of one PDU 48; rounded up.
    private const int SmallestSnapLength = 144;
    private const int LargestSnapLength = 262144;

    private readonly Option<string?> _interface = new("--interface", "-i") { HelpName = "IF", Description = "observe the packets of this network interface instead of engines" };
    private readonly Option<string?> _read = new("--read", "-r") { HelpName = "FILE", Description = "observe the packets of this pcap or pcapng file, which may be gzipped, or read this recording; - for standard input" };
    private readonly Option<bool> _realTime = new("--realtime") { Description = "read the file no faster than it was captured or recorded" };
    private readonly Option<string[]> _ports = new("--port") { HelpName = "PORT[,PORT]", Description = "TCP ports of targets in packets; 3260,860 unless given" };
    private readonly Option<string[]> _aliases = new("--alias") { HelpName = "ADDR[:PORT]=NAME", Description = "name the target or initiator at this address where its login was not seen; repeatable" };
    private readonly Option<string?> _filter = new("-f") { HelpName = "BPF", Description = "capture only packets that this filter of libpcap's takes, too" };
    private readonly Option<string?> _snapLength = new("--snaplen") { HelpName = "BYTES", Description = "capture at most so many bytes of a packet; 262144 unless given" };
    private readonly Option<string?> _buffer = new("--buffer") { HelpName = "MIB", Description = "let the kernel hold so many MiB of packets; 64 unless given" };
    private readonly Option<string?> _write = new("--write", "-w") { HelpName = "FILE", Description = "write the packets to this pcapng file, too" };
    private readonly Option<bool> _headersOnly = new("--headers-only") { Description = "leave user data out of the file written" };
    private readonly Option<bool> _anonymize = new("--anonymize") { Description = "replace names and addresses in the file written, the same ones the same way" };

    private bool _showsLines;

    private Option[] OfInterfaces => [_filter, _snapLength, _buffer];

    private Option[] OfPackets => [_ports, _aliases, _write];

    private Option[] OfWriting => [_headersOnly, _anonymize];

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="files">Whether it also reads files, and shows what it reads on standard output.</param>
    /// <param name="writes">Whether it also writes the packets.</param>
    public void AddTo(Command command, bool files = true, bool writes = true)
    {
        _showsLines = files;
        command.Add(_interface);
        if (files) command.Add(_read);
        if (files) command.Add(_realTime);
        foreach (Option option in ((Option[])[.. OfPackets, .. OfInterfaces, .. OfWriting]).Where(o => writes || (o != _write && !OfWriting.Contains(o)))) command.Add(option);
    }

    /// <summary>The packets asked for, null when there is no such wish.</summary>
    /// <param name="result">The command line.</param>
    /// <param name="pids">The engines asked for, which packets have nothing to do with.</param>
    /// <exception cref="UsageException">It makes no sense.</exception>
    public CaptureOptions? Options(ParseResult result, IReadOnlyList<int> pids)
    {
        string @interface = result.GetValue(_interface) ?? "", file = result.GetValue(_read) ?? "";
        bool live = result.GetResult(_interface) is not null, past = result.GetResult(_read) is not null;
        if (live && past) throw new UsageException("-i and -r cannot go together: packets come from an interface or from a file");
        if ((live || past) && pids.Count > 0) throw new UsageException("-p chooses among engines and cannot go with -i or -r");
        Need(result, OfPackets, live || past, "-i or -r");
        Need(result, OfInterfaces, live, "-i");
        Need(result, [_realTime], past, "-r");
        Need(result, OfWriting, result.GetValue(_write) is not null, "-w");
        if (!live && !past) return null;
        if (live && @interface.Length == 0) throw Values.Wrong("interface", @interface, "its name, such as eth0");
        if (past && file.Length == 0) throw Values.Wrong("file", file, "its path, or - for standard input");
        return new CaptureOptions
        {
            Interface = @interface,
            File = file,
            RealTime = result.GetValue(_realTime),
            Wire = new WireOptions { Ports = Ports(result), Aliases = Aliases(result) },
            Filter = result.GetValue(_filter) ?? "",
            SnapLength = Number(result, _snapLength, "snap length", SmallestSnapLength, LargestSnapLength, LargestSnapLength, "; with fewer, headers of iSCSI are cut"),
            BufferBytes = Number(result, _buffer, "buffer", 1, 1024, 64) << 20,
            WriteTo = WriteTo(result, file),
            HeadersOnly = result.GetValue(_headersOnly),
            Anonymize = result.GetValue(_anonymize),
        };
    }

    private static void Need(ParseResult result, Option[] options, bool there, string what)
    {
        if (there) return;
        foreach (Option option in options)
            if (result.GetResult(option) is { Implicit: false })
                throw new UsageException($"{option.Aliases.FirstOrDefault(option.Name)} needs {what}");
    }

    private IReadOnlyList<ushort> Ports(ParseResult result)
    {
        IReadOnlyList<string> items = Values.Items(result.GetValue(_ports) ?? []);
        if (items.Count == 0 && result.GetResult(_ports) is not null) throw Values.Wrong("port", "", "whole numbers from 1 to 65535, with commas between them");
        if (items.Count == 0) return WireOptions.DefaultPorts;
        return [.. items.Select(t => ushort.TryParse(t, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) && port > 0
            ? port
            : throw Values.Wrong("port", t, "a whole number from 1 to 65535"))];
    }

    private Dictionary<string, string> Aliases(ParseResult result)
    {
        var aliases = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string text in result.GetValue(_aliases) ?? [])
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == text.Length - 1 || Address(text[..equals]) is not { } address)
                throw Values.Wrong("alias", text, "ADDR=NAME or ADDR:PORT=NAME, like 192.0.2.1:3260=iqn.2026-01.com.example:disk; brackets around IPv6 with a port");
            aliases[address] = text[(equals + 1)..];
        }
        return aliases;
    }

    // As ConnectionInfo writes addresses, so that one can be looked up.
    private static string? Address(string text)
    {
        if (IPAddress.TryParse(text, out IPAddress? address) && !text.Contains('[', StringComparison.Ordinal)) return Plain(text, address)?.ToString();
        int colon = text.LastIndexOf(':');
        return colon > 0 && IPEndPoint.TryParse(text, out IPEndPoint? end) && end.Port > 0 && Plain(text[..colon], end.Address) is { } plain
            ? new IPEndPoint(plain, end.Port).ToString()
            : null;
    }

    // No packet has a zone, nor IPv4 in IPv6; and 127.1 is taken for 127.0.0.1 by IPAddress only.
    private static IPAddress? Plain(string text, IPAddress address)
    {
        if (text.Contains('%', StringComparison.Ordinal) || (!text.Contains(':', StringComparison.Ordinal) && address.ToString() != text)) return null;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static int Number(ParseResult result, Option<string?> option, string what, int low, int high, int otherwise, string why = "")
    {
        if (result.GetValue(option) is not { } text) return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n >= low && n <= high
            ? n
            : throw Values.Wrong(what, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {low} to {high}{why}"));
    }

    private string WriteTo(ParseResult result, string file)
    {
        if (result.GetValue(_write) is not { } path) return "";
        if (path.Length == 0) throw Values.Wrong("file to write", path, "its path");
        if (path == "-" && _showsLines) throw new UsageException("-w - needs the standard output that the lines go to (name a file)");
        if (file.Length > 0 && file != "-" && path != "-" && Path.GetFullPath(path) == Path.GetFullPath(file))
            throw new UsageException($"-w {path} would write over the file that is read");
        return path;
    }
}
