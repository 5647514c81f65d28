using System.Text.Json;
using System.Text.Json.Serialization;

namespace Iscsitop.Target.Scsi;

/// <summary>What a SANITIZE is to do, and what became of it.</summary>
/// <param name="Medium">The <see cref="Stores.Store.Identity"/> of the medium it was ordered for.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="Pattern">What is written; null when blocks are unmapped.</param>
/// <param name="Passes">How often.</param>
/// <param name="Invert">Whether the pattern is inverted with each pass.</param>
/// <param name="MayExit">Whether EXIT FAILURE MODE ends its failure (AUSE).</param>
/// <param name="Failed">Whether it has failed.</param>
internal sealed record SanitizeOrder(string Medium, long Length, byte[]? Pattern, int Passes, bool Invert, bool MayExit, bool Failed);

/// <summary>
/// The SANITIZE of one unit that has not come to a good end, on disk: a loss of power suspends it, and it is resumed
/// (SBC-4 §4.11).
/// </summary>
/// <param name="directory">The state directory.</param>
/// <param name="unit">The unit's name, and so the file's.</param>
internal sealed partial class SanitizeFile(string directory, string unit)
{
    private readonly StateFile _file = new(directory, unit + ".sanitize.json");

    /// <summary>Reads it.</summary>
    /// <returns>What it says, null when there is none.</returns>
    /// <exception cref="IOException">It cannot be read, or says nothing sensible.</exception>
    public SanitizeOrder? Load()
    {
        try
        {
            if (_file.Load() is not { } json) return null;
            SanitizeOrder order = JsonSerializer.Deserialize(json, SanitizeJson.Default.SanitizeOrder) ?? throw new FormatException("it is empty");
            if (order.Pattern is { Length: 0 } || order.Passes is < 1 or > 31) throw new FormatException("it does not say what to write");
            return order;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new IOException($"'{_file.Path}' holds no SANITIZE that makes sense ({e.Message}); sanitize the medium by other means, then remove it", e);
        }
    }

    /// <summary>Replaces it; null removes it. When this returns it is on stable storage.</summary>
    /// <exception cref="IOException">It could not be written; the old one is there still.</exception>
    public void Save(SanitizeOrder? order) =>
        _file.Save(order is null ? null : JsonSerializer.SerializeToUtf8Bytes(order, SanitizeJson.Default.SanitizeOrder));

    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true)]
    [JsonSerializable(typeof(SanitizeOrder))]
    private sealed partial class SanitizeJson : JsonSerializerContext;
}
