namespace Iscsitop.Cli.Commands;

// Stands in until cli/Top arrives: Top.App.Run(options).
internal static class FullScreen
{
    public static int Run(TopOptions options) => throw new InvalidOperationException($"the full screen of view {options.View.Key} is not built in");
}
