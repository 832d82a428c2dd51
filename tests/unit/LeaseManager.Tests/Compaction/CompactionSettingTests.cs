using Hosting;
using LeaseManager.Core.Compaction;
using LeaseManager.Host.Compaction;

namespace LeaseManager.Tests.Compaction;

/// <summary>Goal: the flags mean what they mean to etcd. Method: each form of them.</summary>
public sealed class CompactionSettingTests
{
    [Theory]
    [InlineData("periodic", "1", 6)] // a number is hours
    [InlineData("periodic", "72h", 6)]
    [InlineData("", "30m", 3)]
    public void Read_Periodic_IsOfThatPeriod(string mode, string retention, int intervalMinutes) =>
        Assert.Equal(TimeSpan.FromMinutes(intervalMinutes), Assert.IsType<PeriodicRule>(CompactionSetting.Read(mode, retention)).Interval);

    [Theory]
    [InlineData("1000", 1_000)]
    [InlineData("1us", 1_000)] // the number of its nanoseconds, as in etcd
    public void Read_Revision_KeepsSoMany(string retention, long kept) =>
        Assert.Equal(5_000 - kept, Assert.IsType<RevisionRule>(CompactionSetting.Read("revision", retention)).Look(default, 5_000, isActive: true));

    [Theory]
    [InlineData("periodic", "0")]
    [InlineData("revision", "0")]
    [InlineData("periodic", "0s")]
    [InlineData("periodic", "")]
    public void Read_Nothing_IsOff(string mode, string retention) => Assert.Null(CompactionSetting.Read(mode, retention));

    [Theory]
    [InlineData("foo", "1", "unknown auto-compaction-mode \"foo\"")]
    [InlineData("periodic", "abc", "error parsing CompactionRetention: time: invalid duration \"abc\"")]
    [InlineData("revision", "abc", "error parsing CompactionRetention: time: invalid duration \"abc\"")]
    [InlineData("periodic", "-5", "error parsing CompactionRetention: time: missing unit in duration \"-5\"")]
    [InlineData("periodic", "5x", "error parsing CompactionRetention: time: unknown unit \"x\" in duration \"5x\"")]
    [InlineData("periodic", "-1h", "error parsing CompactionRetention: \"-1h\" is negative")] // etcd takes it, and dies of it
    [InlineData("periodic", "1ms", "error parsing CompactionRetention: \"1ms\" is shorter than 10ms")]
    public void Read_NoSuchFlags_IsRefused(string mode, string retention, string text) =>
        Assert.Equal(text, Assert.Throws<ConfigurationException>(() => CompactionSetting.Read(mode, retention)).Message);
}
