using System.Collections.Concurrent;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli;

/// <summary>Names and numbers of operations, each made once.</summary>
internal static class OperationNames
{
    private static readonly ConcurrentDictionary<ushort, string> s_names = new();
    private static readonly ConcurrentDictionary<ushort, string> s_numbers = new();

    /// <summary><c>READ(10)</c>, or the number of an operation without a name here.</summary>
    public static string Of(ushort operation) => s_names.GetOrAdd(operation, Command.Name);

    /// <summary><c>0x28</c>, <c>0x9e/0x10</c>.</summary>
    public static string Number(ushort operation) => s_numbers.GetOrAdd(operation, Command.Hex);
}
