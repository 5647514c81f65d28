using System.Text;
using System.Text.Json;

namespace Iscsitop.Packaging;

/// <summary>A bill of materials as CycloneDX 1.6 writes one in JSON.</summary>
internal static class Bom
{
    /// <summary>Writes the bill of one build; the same build gives the same bytes.</summary>
    /// <param name="version">Of the program.</param>
    /// <param name="commit">It was built from, or empty.</param>
    /// <param name="platform">The runtime identifier that it was built for, or empty.</param>
    /// <param name="time">When it was made.</param>
    /// <param name="parts">The packages in it.</param>
    public static string Write(string version, string commit, string platform, DateTimeOffset time, IReadOnlyList<Part> parts)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            string root = $"pkg:generic/iscsitop@{version}";
            json.WriteStartObject();
            json.WriteString("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
            json.WriteString("bomFormat", "CycloneDX");
            json.WriteString("specVersion", "1.6");
            json.WriteNumber("version", 1);
            json.WriteStartObject("metadata");
            json.WriteString("timestamp", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteStartObject("component");
            Head(json, "application", root, "iscsitop", version, "MIT");
            json.WriteStartArray("properties");
            Property(json, "iscsitop:commit", commit);
            Property(json, "iscsitop:platform", platform);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStartArray("components");
            foreach (Part part in parts) Component(json, part);
            json.WriteEndArray();
            json.WriteStartArray("dependencies");
            Dependency(json, root, parts.Select(p => p.Url));
            foreach (Part part in parts)
                Dependency(json, part.Url, parts.Where(p => part.Needs.Contains(p.Name, StringComparer.OrdinalIgnoreCase)).Select(p => p.Url));
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length)) + "\n";
    }

    private static void Component(Utf8JsonWriter json, Part part)
    {
        json.WriteStartObject();
        Head(json, "library", part.Url, part.Name, part.Version, part.Terms.License);
        json.WriteString("copyright", part.Terms.Copyright);
        json.WriteString("purl", part.Url);
        if (part.Sha512.Length > 0)
        {
            json.WriteStartArray("hashes");
            json.WriteStartObject();
            json.WriteString("alg", "SHA-512");
            json.WriteString("content", part.Sha512);
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    // An expression of one licence is written as that licence: readers look for its id.
    private static void Head(Utf8JsonWriter json, string type, string reference, string name, string version, string license)
    {
        json.WriteString("type", type);
        json.WriteString("bom-ref", reference);
        json.WriteString("name", name);
        json.WriteString("version", version);
        json.WriteStartArray("licenses");
        json.WriteStartObject();
        if (license.Contains(' '))
        {
            json.WriteString("expression", license);
        }
        else
        {
            json.WriteStartObject("license");
            json.WriteString(license == "file" ? "name" : "id", license == "file" ? "see the notices" : license);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void Property(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length == 0) return;
        json.WriteStartObject();
        json.WriteString("name", name);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static void Dependency(Utf8JsonWriter json, string reference, IEnumerable<string> needs)
    {
        json.WriteStartObject();
        json.WriteString("ref", reference);
        json.WriteStartArray("dependsOn");
        foreach (string need in needs) json.WriteStringValue(need);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
