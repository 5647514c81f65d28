using System.Globalization;
using Iscsitop.Engine.D;

namespace Iscsitop.Cli.Tracing;

/// <summary>From the command line to what is compiled.</summary>
internal static class Scripts
{
    /// <summary>Reads a program.</summary>
    /// <exception cref="IOException">It cannot be read, or not be preprocessed.</exception>
    public static DSource Read(TraceProgram program, TraceArguments arguments, DOptions options, IReadOnlyDictionary<string, long> variables)
    {
        string file = program.FromFile ? Library.Find(program.Argument) : "";
        string text = program.FromFile ? Text(file) : program.Text;
        if (program.FromFile && options.Cpp) text = Preprocessed(file, text, options);
        return new DSource
        {
            Text = text,
            FromFile = program.FromFile,
            Arguments = [program.FromFile ? program.Argument : "dtrace", .. arguments.Arguments],
            MacroVariables = variables,
            KernelVariables = arguments.Kernel,
        };
    }

    /// <summary>
    /// A script alone, without -s, is run as its first line says: <c>#!/usr/sbin/dtrace -qs</c>, or <c>#!/usr/bin/env -S iscsitrace -s</c>.
    /// </summary>
    /// <param name="words">The command line.</param>
    /// <returns>With the words of that line before it; the same when there is no such script.</returns>
    public static IReadOnlyList<string> WithInterpreter(IReadOnlyList<string> words)
    {
        if (words.Count == 0 || words[0].StartsWith('-') || !File.Exists(words[0]) || FirstLine(words[0]) is not ['#', '!', ..] first) return words;
        string[] line = first[2..].Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
        int program = Array.FindIndex(line, w => Path.GetFileName(w) is "dtrace" or "iscsitrace");
        return program < 0 ? words : [.. line[(program + 1)..], .. words];
    }

    private static string? FirstLine(string file)
    {
        try
        {
            using var reader = new StreamReader(file);
            return reader.ReadLine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string Text(string file)
    {
        try
        {
            return file == "-" ? Console.In.ReadToEnd() : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new IOException($"failed to open {file}: {Reason(e, file)}", e);
        }
    }

    private static string Preprocessed(string file, string text, DOptions options)
    {
        try
        {
            return Preprocessor.Run(file, text, options);
        }
        catch (IOException e)
        {
            throw new IOException($"failed to compile script {file}: {e.Message}", e);
        }
    }

    /// <summary>Why a file cannot be opened, in the system's words.</summary>
    public static string Reason(Exception e, string file) => e switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        _ when Directory.Exists(file) => "Is a directory",
        UnauthorizedAccessException => "Permission denied",
        _ => e.Message,
    };

    /// <summary>What is said of a program that cannot be compiled.</summary>
    public static string Complaint(TraceProgram program, DCompileException e, bool tags)
    {
        string what = program.FromFile ? "failed to compile script" : "invalid probe specifier";
        string line = e.Line.ToString(CultureInfo.InvariantCulture);
        string where = program.FromFile && e.File.Length > 0 ? $"\"{e.File}\", line {line}: "
            : program.FromFile && e.Line > 0 ? $"line {line}: "
            : e.Part == ClausePart.Predicate ? "in predicate: "
            : e.Part == ClausePart.Actions ? "in action list: "
            : "";
        return $"{what} {program.Argument}: {(tags ? $"[{e.Tag}] " : "")}{where}{e.Message}";
    }
}
