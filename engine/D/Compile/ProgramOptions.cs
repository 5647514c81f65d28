using Iscsitop.Engine.D.Syntax;

namespace Iscsitop.Engine.D.Compile;

internal static class ProgramOptions
{
    public static void Apply(DOptions options, OptionPragma pragma)
    {
        if (pragma.Name == "quiet") options.Quiet = true;
    }
}
