using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Iscsitop.Target.Scsi;

/// <summary>
/// The registrations of one unit on disk, for APTPL (SPC-4 §5.13.5): there while they are to outlive a loss of power.
/// </summary>
/// <param name="directory">The state directory.</param>
/// <param name="unit">The unit's name, and so the file's.</param>
internal sealed partial class ReservationFile(string directory, string unit)
{
    private readonly StateFile _file = new(directory, unit + ".json");

    /// <summary>Reads it.</summary>
    /// <returns>What it says, null when there is none.</returns>
    /// <exception cref="IOException">It cannot be read, or says nothing sensible.</exception>
    public Registry? Load()
    {
        try
        {
            return _file.Load() is { } json ? Read(json) : null;
        }
        catch (Exception e) when (e is JsonException or FormatException or OverflowException)
        {
            throw new IOException($"'{_file.Path}' holds no reservations that make sense ({e.Message}); remove it to start without", e);
        }
    }

    /// <summary>Replaces it; null removes it. When this returns it is on stable storage.</summary>
    /// <exception cref="IOException">It could not be written; the old one is there still.</exception>
    public void Save(Registry? registry) =>
        _file.Save(registry is null ? null : JsonSerializer.SerializeToUtf8Bytes(Write(registry), Json.Default.Content));

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
