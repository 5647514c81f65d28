using System.Globalization;
using System.Text;

namespace Iscsitop.Engine.D.Execution;

/// <summary>A probe with its names as bytes and the heading of what clauses print at it.</summary>
internal sealed class BoundProbe(ProbeEntry entry)
{
    public ProbeEntry Entry { get; } = entry;

    public byte[] Provider { get; } = Encoding.UTF8.GetBytes(entry.Provider);

    public byte[] Module { get; } = Encoding.UTF8.GetBytes(entry.Module);

    public byte[] Function { get; } = Encoding.UTF8.GetBytes(entry.Function);

    public byte[] Name { get; } = Encoding.UTF8.GetBytes(entry.Name);

    /// <summary>CPU, id, function and name in the widths of dtrace(1M).</summary>
    public byte[] Heading { get; } = Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{0,3} {entry.Id,6} {entry.Function + ":" + entry.Name,32} "));

    /// <summary>All four fields.</summary>
    public string Full => $"{Entry.Provider}:{Entry.Module}:{Entry.Function}:{Entry.Name}";
}
