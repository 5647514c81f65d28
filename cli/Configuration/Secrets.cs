using Iscsitop.Target.Server;
using Microsoft.Win32.SafeHandles;

namespace Iscsitop.Cli.Configuration;

/// <summary>CHAP accounts of a configuration file. Secrets stand in files of their own, that only their owner can read; no message shows one.</summary>
internal static class Secrets
{
    private const int MinLength = 12; // 96 bits, RFC 7143 §9.2.1
    private const int MaxLength = 255;
    private const UnixFileMode Others = (UnixFileMode)0x3f;

    /// <summary>The keys of an account.</summary>
    public static readonly string[] Keys = ["user", "secret_file"];

    /// <summary>An account.</summary>
    public static ChapAccount Account(ConfigTable table)
    {
        foreach ((string key, ConfigValue value) in table.Entries)
            if (!Keys.Contains(key))
                throw value.Place.Wrong(key == "secret" ? "a secret does not stand here (secret_file = \"PATH\" names a file that only its owner can read)" : "there is no such key (user, secret_file are)");
        if (table["user"] is not { } user) throw table.Place.Wrong("the key user is missing");
        if (table["secret_file"] is not { } file) throw table.Place.Wrong("the key secret_file is missing");
        string name = user.Text("a name in quotes");
        if (name.Length is 0 or > MaxLength) throw user.Wrong($"a name of 1 to {MaxLength} characters");
        return new ChapAccount(name, Read(file));
    }

    private static byte[] Read(ConfigValue value)
    {
        string path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(value.Place.File))!, value.Text("the path of a file"));
        try
        {
            if (!File.Exists(path)) throw value.Place.Wrong($"there is no file '{path}'");
            // Looked at before it is opened: opening a FIFO would wait for a writer.
            if (new FileInfo(path).Length == 0) throw value.Place.Wrong($"'{path}' is empty or no regular file");
            using SafeFileHandle file = File.OpenHandle(path);
            if (!OperatingSystem.IsWindows() && File.GetUnixFileMode(file) is var mode && (mode & Others) != 0)
                throw value.Place.Wrong($"'{path}' has mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}, so that others may read it (chmod 600 '{path}')");
            byte[] bytes = new byte[MaxLength + 3];
            int length = RandomAccess.Read(file, bytes, 0);
            ReadOnlySpan<byte> secret = bytes.AsSpan(0, length);
            if (secret.EndsWith("\n"u8)) secret = secret[..^1];
            if (secret.EndsWith("\r"u8)) secret = secret[..^1];
            return secret.Length is >= MinLength and <= MaxLength
                ? secret.ToArray()
                : throw value.Place.Wrong($"the secret in '{path}' should have {MinLength} to {MaxLength} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw value.Place.Wrong($"'{path}' cannot be read: {e.Message}", e);
        }
    }
}
