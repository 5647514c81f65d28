using Iscsitop.Engine;
using Iscsitop.Target.Scsi;

namespace Iscsitop.Cli.Snooping;

/// <summary>The limits of <c>--slow DUR[:read=DUR][:write=DUR]</c> in ns: commands that took less are not shown.</summary>
/// <param name="Read">For reads.</param>
/// <param name="Write">For writes.</param>
/// <param name="Other">For the rest.</param>
internal sealed record SlowLimits(long Read, long Write, long Other)
{
    /// <summary>Shows everything, also what never got its status.</summary>
    public static SlowLimits None { get; } = new(long.MinValue, long.MinValue, long.MinValue);

    /// <summary>Reads the option's value.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public static SlowLimits Parse(string text)
    {
        string[] parts = text.Split(':');
        long all = Values.Duration("duration of --slow", parts[0]);
        var limits = new SlowLimits(all, all, all);
        foreach (string part in parts.AsSpan(1))
            limits = part.Split('=') switch
            {
                ["read", var d] => limits with { Read = Values.Duration("duration of --slow", d) },
                ["write", var d] => limits with { Write = Values.Duration("duration of --slow", d) },
                _ => throw Values.Wrong("limit of --slow", part, "read=DURATION or write=DURATION"),
            };
        return limits;
    }

    /// <summary>Whether a command took long enough.</summary>
    public bool Keeps(in CompletedCommand command, CommandKind kind) => command.Latency >= kind switch
    {
        CommandKind.Read => Read,
        CommandKind.Write => Write,
        _ => Other,
    };
}
