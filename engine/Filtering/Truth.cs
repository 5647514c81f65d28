namespace Iscsitop.Engine.Filtering;

/// <summary>What a condition says of a thing; a field that the thing does not have is neither true nor false.</summary>
internal enum Truth : sbyte
{
    No = -1,
    Unknown = 0,
    Yes = 1,
}
