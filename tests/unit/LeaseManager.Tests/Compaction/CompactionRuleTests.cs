using LeaseManager.Core.Compaction;

namespace LeaseManager.Tests.Compaction;

/// <summary>Goal: what etcd's automatic compaction keeps, and when it removes. Method: a clock and a revision that the test moves, one look per interval.</summary>
public sealed class CompactionRuleTests
{
    // One revision per minute makes the expected numbers readable.
    private const long FirstRevision = 1_000;

    [Theory]
    [InlineData(60, 6)]
    [InlineData(10, 1)]
    [InlineData(600, 6)] // longer than an hour: sampled as an hour
    public void Periodic_Interval_IsATenthOfThePeriodOrOfAnHour(int periodMinutes, int intervalMinutes) =>
        Assert.Equal(TimeSpan.FromMinutes(intervalMinutes), new PeriodicRule(TimeSpan.FromMinutes(periodMinutes)).Interval);

    [Fact]
    public void Periodic_OneHour_CompactsEachHourWhatWasThereAnHourAndATenthAgo() => Assert.Equal(
        [(60, FirstRevision), (120, FirstRevision + 54), (180, FirstRevision + 114)],
        Run(new PeriodicRule(TimeSpan.FromHours(1)), TimeSpan.FromHours(3)));

    [Fact]
    public void Periodic_FiveHours_WaitsForFiveThenCompactsEachHour() => Assert.Equal(
        [(300, FirstRevision), (360, FirstRevision + 54), (420, FirstRevision + 114)],
        Run(new PeriodicRule(TimeSpan.FromHours(5)), TimeSpan.FromHours(7)));

    [Fact]
    public void Periodic_NothingWritten_CompactsOnce() =>
        Assert.Equal([(60, FirstRevision)], Run(new PeriodicRule(TimeSpan.FromHours(1)), TimeSpan.FromHours(5), revisionsPerMinute: 0));

    [Fact]
    public void Periodic_Passive_AsksForNothingAndKnowsTheRevisionsWhenItBecomesActive() => Assert.Equal(
        [(156, FirstRevision + 90), (216, FirstRevision + 150)],
        Run(new PeriodicRule(TimeSpan.FromHours(1)), TimeSpan.FromHours(4), isActive: static minute => minute > 150));

    [Fact]
    public void Periodic_NotDone_IsAskedForAtEveryLook()
    {
        var asked = Run(new PeriodicRule(TimeSpan.FromHours(1)), TimeSpan.FromMinutes(72), isDone: false);
        Assert.Equal([(60, FirstRevision), (66, FirstRevision), (72, FirstRevision + 6)], asked);
    }

    [Fact]
    public void Revision_EveryFiveMinutes_KeepsTheNewest() => Assert.Equal(
        [(5, FirstRevision + 5 - 100), (10, FirstRevision + 10 - 100), (15, FirstRevision + 15 - 100)],
        Run(new RevisionRule(100), TimeSpan.FromMinutes(15)));

    [Fact]
    public void Revision_FewerThanAreKept_CompactsNothing() => Assert.Empty(Run(new RevisionRule(100_000), TimeSpan.FromMinutes(30)));

    [Fact]
    public void Revision_NothingWritten_CompactsOnce() =>
        Assert.Equal([(5, FirstRevision - 100)], Run(new RevisionRule(100), TimeSpan.FromMinutes(30), revisionsPerMinute: 0));

    [Fact]
    public void Revision_Passive_AsksForNothing() => Assert.Empty(Run(new RevisionRule(100), TimeSpan.FromMinutes(30), isActive: static _ => false));

    // The minutes at which the rule asks, with the revisions that it asks for.
    private static List<(int Minute, long Revision)> Run(
        ICompactionRule rule, TimeSpan length, int revisionsPerMinute = 1, Func<int, bool>? isActive = null, bool isDone = true)
    {
        var asked = new List<(int, long)>();
        rule.Begin(TimeSpan.Zero, FirstRevision);
        for (var now = rule.Interval; now <= length; now += rule.Interval)
        {
            var minute = (int)now.TotalMinutes;
            if (rule.Look(now, FirstRevision + (minute * revisionsPerMinute), isActive?.Invoke(minute) ?? true) is not { } target)
                continue;
            asked.Add((minute, target));
            if (isDone)
                rule.Done(now, target);
        }
        return asked;
    }
}
