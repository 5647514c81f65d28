using System.Globalization;

namespace Iscsitop.Cli;

/// <summary>Times as people type them: of the day, with a date, or so long ago.</summary>
internal static class Moments
{
    /// <summary>What is understood, for messages.</summary>
    public const string Right = "HH:MM[:SS], a date before it, -5m or +30s";

    private static readonly string[] s_ofDay = ["H:mm", "H:mm:ss", "H:mm:ss.FFF"];
    private static readonly string[] s_dated = ["yyyy-MM-dd", "yyyy-MM-dd H:mm", "yyyy-MM-dd H:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss"];

    /// <summary>Reads one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="last">The time that a time of the day is looked for before, ns since 1970.</param>
    /// <param name="before">What <c>-5m</c> counts from.</param>
    /// <param name="after">What <c>+5m</c> counts from.</param>
    /// <param name="zone">Time zone of what is typed.</param>
    /// <param name="time">The time, ns since 1970.</param>
    public static bool TryParse(string text, long last, long before, long after, TimeZoneInfo zone, out long time)
    {
        text = text.Trim();
        time = 0;
        if (text.Length > 1 && text[0] is '-' or '+')
        {
            string span = char.IsLetter(text[^1]) ? text[1..] : text[1..] + "s";
            if (!Sizes.TryTime(span, out TimeSpan length)) return false;
            time = text[0] == '-' ? before - length.Ticks * 100 : after + length.Ticks * 100;
            return true;
        }
        if (DateTime.TryParseExact(text, s_dated, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime dated))
        {
            time = Utc(dated, zone, last);
            return true;
        }
        if (!DateTime.TryParseExact(text, s_ofDay, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime clock)) return false;
        DateTime day = TimeZoneInfo.ConvertTimeFromUtc(DateTime.UnixEpoch.AddTicks(last / 100), zone).Date;
        time = Utc(day + clock.TimeOfDay, zone, last);
        if (time > last) time = Utc(day.AddDays(-1) + clock.TimeOfDay, zone, last);
        return true;
    }

    private static long Utc(DateTime local, TimeZoneInfo zone, long last)
    {
        // An hour that the clock leaves out does not happen; the one behind it does.
        if (zone.IsInvalidTime(local)) local = local.AddHours(1);
        // One that the clock repeats happens twice: the later is meant, unless there is nothing yet of it.
        if (zone.IsAmbiguousTime(local))
        {
            TimeSpan[] offsets = zone.GetAmbiguousTimeOffsets(local);
            long later = Ns(local - offsets.Min());
            return later <= last ? later : Ns(local - offsets.Max());
        }
        return Ns(TimeZoneInfo.ConvertTimeToUtc(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), zone));
    }

    private static long Ns(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks * 100;
}
