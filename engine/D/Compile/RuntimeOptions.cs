namespace Iscsitop.Engine.D.Compile;

/// <summary>Options that setopt() may change while a program runs.</summary>
internal static class RuntimeOptions
{
    /// <summary>Sets one; false for what is none, or has no such value.</summary>
    public static bool Set(DOptions options, string name, string? value)
    {
        if (name != "quiet") return false;
        options.Quiet = value is null or "1" or "yes" or "on" or "true" or "set" or "enable" or "enabled";
        return true;
    }
}
