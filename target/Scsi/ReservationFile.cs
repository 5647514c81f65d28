using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Iscsitop.Target.Server;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// The registrations of one unit on disk, for APTPL (SPC-4 §5.13.5): there while they are to outlive a loss of power. What is
/// there is whole, for it is written beside and renamed.
/// </summary>
/// <param name="directory">The state directory.</param>
/// <param name="unit">The unit's name, and so the file's.</param>
internal sealed partial class ReservationFile(string directory, string unit)
{
    private readonly string _path = Path.Combine(directory, unit + ".json");

    /// <summary>Reads it.</summary>
    /// <returns>What it says, null when there is none.</returns>
    /// <exception cref="IOException">It cannot be read, or says nothing sensible.</exception>
    public Registry? Load()
    {
        try
        {
            Directory.CreateDirectory(directory);
            return File.Exists(_path) ? Read(File.ReadAllBytes(_path)) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new IOException($"'{_path}' holds no reservations that make sense ({e.Message}); remove it to start without", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"state directory: {e.Message}", e);
        }
    }

    /// <summary>Replaces it; null removes it. When this returns it is on stable storage.</summary>
    /// <exception cref="IOException">It could not be written; the old one is there still.</exception>
    public void Save(Registry? registry)
    {
        try
        {
            if (registry is null) File.Delete(_path);
            else Replace(JsonSerializer.SerializeToUtf8Bytes(Write(registry), Json.Default.Content));
            if (!OperatingSystem.IsWindows()) SyncDirectory();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private void Replace(byte[] content)
    {
        string beside = _path + ".new";
        using (var file = new FileStream(beside, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(beside, _path, overwrite: true);
    }

    // A rename is on disk when its directory is.
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    private void SyncDirectory()
    {
        int fd = Native.Open(directory, 0);
        bool synced = fd >= 0 && Native.FSync(fd) == 0;
        if (fd >= 0) Native.Close(fd);
        if (!synced) throw new IOException($"'{directory}' cannot be synchronised to disk");
    }

    private Content Write(Registry registry) => new(
        unit,
        [.. registry.Registrations.Select(r => new Entry(r.Nexus.Initiator, r.Nexus.Port, $"0x{r.Key:x16}", registry.Type is not null && registry.IsHolder(r)))],
        registry.Type?.Code);

    private Registry Read(byte[] json)
    {
        Content content = JsonSerializer.Deserialize(json, Json.Default.Content) ?? throw new FormatException("it is empty");
        if (content.Unit != unit) throw new FormatException($"it is that of '{content.Unit}'");
        if (content.Registrations.Length > Reservations.MostRegistrations) throw new FormatException("it has too many registrations");
        Registration[] all = [.. content.Registrations.Select(Registered)];
        if (all.DistinctBy(r => r.Nexus).Count() != all.Length) throw new FormatException("a nexus is registered twice");
        Registry registry = Registry.Empty with { Registrations = all, Persist = true };
        if (content.Type is not { } code) return registry;
        ReservationType type = ReservationType.Find(code) ?? throw new FormatException($"there is no reservation type {code}");
        int holder = Array.FindIndex(content.Registrations, e => e.Holder);
        return holder >= 0 ? registry.With(type, all[holder]) : throw new FormatException("nobody holds its reservation");
    }

    private static Registration Registered(Entry entry)
    {
        if (!entry.Key.StartsWith("0x", StringComparison.Ordinal)) throw new FormatException($"the key '{entry.Key}' should look like 0x1f");
        ulong key = ulong.Parse(entry.Key.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return key != 0 && entry.Initiator.Length > 0
            ? new Registration(new NexusName(entry.Initiator, entry.Port), key)
            : throw new FormatException("a registration lacks its key or its initiator");
    }

    /// <summary>The file.</summary>
    private sealed record Content(string Unit, Entry[] Registrations, byte? Type);

    /// <summary>A registration.</summary>
    private sealed record Entry(string Initiator, ushort Port, string Key, bool Holder);

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(Content))]
    private sealed partial class Json : JsonSerializerContext;
}
