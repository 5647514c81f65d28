using System.Collections.Concurrent;
using Iscsitop.Engine.Fleet;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli;

/// <summary>Names and numbers of operations, each made once.</summary>
internal static class OperationNames
{
    private static readonly ConcurrentDictionary<ushort, string> s_names = new([new(FleetOperations.Read, "read"), new(FleetOperations.Write, "write"), new(FleetOperations.Other, "other")]);
    private static readonly ConcurrentDictionary<ushort, string> s_numbers = new([new(FleetOperations.Read, ""), new(FleetOperations.Write, ""), new(FleetOperations.Other, "")]);
    private static readonly ConcurrentDictionary<ushort, string> s_indented = new();
    private static readonly ConcurrentDictionary<ushort, string> s_families = new();

    /// <summary><c>READ(10)</c>, or the number of an operation without a name here.</summary>
    public static string Of(ushort operation) => s_names.GetOrAdd(operation, Command.Name);

    /// <summary><c>0x28</c>, <c>0x9e/0x10</c>.</summary>
    public static string Number(ushort operation) => s_numbers.GetOrAdd(operation, Command.Hex);

    /// <summary>The name behind two blanks, as below the head of a group.</summary>
    public static string Indented(ushort operation) => s_indented.GetOrAdd(operation, static o => "  " + Of(o));

    /// <summary>What the CDB lengths of one operation have in common: <c>READ</c> of <c>READ(10)</c> and <c>READ(16)</c>.</summary>
    public static string Family(ushort operation) => s_families.GetOrAdd(operation, static o =>
    {
        string name = Of(o);
        return string.Intern(name.IndexOf('(', StringComparison.Ordinal) is > 0 and var length ? name[..length] : name);
    });
}
