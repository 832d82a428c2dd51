using System.Globalization;
using Hosting;
using Hosting.Durations;
using LeaseManager.Core.Compaction;

namespace LeaseManager.Host.Compaction;

/// <summary>etcd's flags of automatic compaction, and what they mean.</summary>
public static class CompactionSetting
{
    public const string Periodic = "periodic", Revision = "revision";

    // Shorter than a timer can tell.
    private const long MinPeriodNanoseconds = 10_000_000;

    /// <summary>Whether there is such a mode; "" is the default, periodic.</summary>
    public static bool IsMode(string mode) => mode is Periodic or Revision or "";

    /// <summary>The rule of these flags; null: no automatic compaction.</summary>
    /// <param name="mode">"periodic" or "revision".</param>
    /// <param name="retention">"" (off), a whole number (hours; revisions), or a duration as Go writes it (in revision mode the number of its nanoseconds, as in etcd).</param>
    /// <exception cref="ConfigurationException">Not flags of etcd; the message is etcd's where it has one.</exception>
    public static ICompactionRule? Read(string mode, string retention)
    {
        if (!IsMode(mode))
            throw new ConfigurationException($"unknown auto-compaction-mode \"{mode}\"");
        if (retention.Length == 0)
            return null;
        var isNumber = long.TryParse(retention, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= 0;
        if (!isNumber && !GoDuration.TryParse(retention, out number, out var complaint))
            throw new ConfigurationException($"error parsing CompactionRetention: {complaint}");
        if (number == 0)
            return null;
        if (number < 0)
            throw new ConfigurationException($"error parsing CompactionRetention: \"{retention}\" is negative");
        if (mode == Revision)
            return new RevisionRule(number);
        var period = !isNumber ? TimeSpan.FromTicks(number / TimeSpan.NanosecondsPerTick)
            : number <= (long)TimeSpan.MaxValue.TotalHours ? TimeSpan.FromHours(number)
            : throw new ConfigurationException($"error parsing CompactionRetention: {retention} hours are too many");
        return period.Ticks * TimeSpan.NanosecondsPerTick >= MinPeriodNanoseconds || isNumber
            ? new PeriodicRule(period)
            : throw new ConfigurationException($"error parsing CompactionRetention: \"{retention}\" is shorter than 10ms");
    }
}
