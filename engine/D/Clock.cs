using System.Globalization;

namespace Iscsitop.Engine.D;

/// <summary>Times of day as %Y and %T print them, in local time (TZ).</summary>
internal static class Clock
{
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>Writes a time.</summary>
    /// <param name="to">80 bytes.</param>
    /// <param name="time">ns since 1970.</param>
    /// <param name="mail">As RFC 822 has it, <c>Tue, 03 Jul 2007 17:20:00 UTC</c>; else <c>2007 Jul  3 17:20:00</c>.</param>
    /// <returns>Bytes written.</returns>
    public static int Format(Span<byte> to, long time, bool mail)
    {
        DateTime utc = DateTime.UnixEpoch.AddTicks(time / NanosecondsPerSecond * TimeSpan.TicksPerSecond);
        TimeZoneInfo zone = TimeZoneInfo.Local;
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(utc, zone);
        CultureInfo english = CultureInfo.InvariantCulture;
        int length;
        if (!mail)
        {
            local.TryFormat(to, out length, "yyyy MMM ", english);
            to[length++] = local.Day < 10 ? (byte)' ' : (byte)('0' + local.Day / 10);
            to[length++] = (byte)('0' + local.Day % 10);
            local.TryFormat(to[length..], out int clock, " HH:mm:ss", english);
            return length + clock;
        }
        local.TryFormat(to, out length, "ddd, dd MMM ", english);
        ISOWeek.GetYear(local).TryFormat(to[length..], out int year, "D4", english);
        length += year;
        local.TryFormat(to[length..], out int rest, " HH:mm:ss ", english);
        length += rest;
        string name = zone.IsDaylightSavingTime(utc) ? zone.DaylightName : zone.StandardName;
        if (name.Length > 8) name = zone.Equals(TimeZoneInfo.Utc) || zone.BaseUtcOffset == TimeSpan.Zero ? "UTC" : zone.Id;
        return length + System.Text.Encoding.UTF8.GetBytes(name.AsSpan(0, Math.Min(name.Length, 16)), to[length..]);
    }
}
