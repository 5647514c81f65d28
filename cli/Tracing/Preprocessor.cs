using System.ComponentModel;
using System.Diagnostics;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Tracing;

/// <summary>The system's C preprocessor over a script (-C).</summary>
internal static class Preprocessor
{
    /// <summary>What comes out of it; what it complains of goes to standard error.</summary>
    /// <param name="file">The script's name.</param>
    /// <param name="text">What is in it.</param>
    /// <param name="options">Which preprocessor, and with what.</param>
    /// <exception cref="IOException">It is not there, or does not like the script; the message says which.</exception>
    public static string Run(string file, string text, DOptions options)
    {
        var start = new ProcessStartInfo(options.CppPath) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        // It reads what includes are relative to from the name of the file, which standard input has not.
        string beside = Path.GetDirectoryName(Path.GetFullPath(file))!;
        foreach (string argument in (string[])["-D__SUNW_D=1", "-D__SUNW_D_VERSION=0x01060003", .. options.CppArguments, "-I" + beside]) start.ArgumentList.Add(argument);
        using Process process = Started(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        try
        {
            process.StandardInput.Write($"# 1 \"{file.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n{WithoutInterpreter(text)}");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It went before it had read all; its status says so.
        }
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Result : throw new IOException("Preprocessor failed to process input program");
    }

    // The line stays, so that those behind it keep their numbers.
    private static string WithoutInterpreter(string text)
    {
        if (!text.StartsWith("#!", StringComparison.Ordinal)) return text;
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? "" : text[end..];
    }

    private static Process Started(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new IOException($"{start.FileName} did not start");
        }
        catch (Win32Exception e)
        {
            throw new IOException($"the C preprocessor {start.FileName}, which -C needs, cannot be run: {e.Message}", e);
        }
    }
}
