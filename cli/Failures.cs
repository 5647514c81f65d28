namespace Iscsitop.Cli;

/// <summary>What the program's exit status says.</summary>
internal static class ExitCode
{
    public const int Success = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int Input = 3;

    /// <summary>Stopped by <c>--fail-if</c>.</summary>
    public const int Stopped = 4;
}

/// <summary>The command line is wrong. The message names the value and what would be right, on one line.</summary>
public sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What the command line names cannot be had: a file that is missing, an engine that is not there or not ours.</summary>
public sealed class InputException(string message, Exception? inner = null) : Exception(message, inner);
