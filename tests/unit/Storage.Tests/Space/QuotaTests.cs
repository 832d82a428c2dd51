using Storage.Core.Space;

namespace Storage.Tests.Space;

/// <summary>Goal: when a replica's NOSPACE alarm goes up and comes down. Method: the decision for sizes around the bounds.</summary>
public sealed class QuotaTests
{
    private const long Mebibyte = 1 << 20;

    [Theory]
    [InlineData(0, Quota.DefaultBytes)]
    [InlineData(-1, long.MaxValue)]
    [InlineData(5, 5)]
    public void OfSetting_AsOfEtcdsFlag(long setting, long bytes) => Assert.Equal(bytes, Quota.OfSetting(setting).Bytes);

    [Theory]
    [InlineData(99, false, false, SpaceChange.None)]
    [InlineData(100, false, false, SpaceChange.Raise)]
    [InlineData(101, true, true, SpaceChange.None)] // raised already
    [InlineData(101, true, false, SpaceChange.None)] // by hand
    [InlineData(88, true, true, SpaceChange.None)] // a tenth and the largest request below: not yet
    [InlineData(87, true, true, SpaceChange.Clear)]
    [InlineData(87, true, false, SpaceChange.None)] // what was raised by hand is cleared by hand
    public void Decide_OfAHundredMebibytes(long inUseMebibytes, bool isRaised, bool isAutomatic, SpaceChange expected) =>
        Assert.Equal(expected, new Quota(100 * Mebibyte).Decide(inUseMebibytes * Mebibyte, isRaised, isAutomatic));

    [Fact]
    public void Decide_SmallQuota_ClearsWhenAQuarterIsFree()
    {
        var quota = new Quota(4 * Mebibyte);
        Assert.Equal(SpaceChange.None, quota.Decide(3 * Mebibyte, true, true));
        Assert.Equal(SpaceChange.Clear, quota.Decide((3 * Mebibyte) - 1, true, true));
    }

    [Fact]
    public void Decide_NoQuota_NeverRaises() => Assert.Equal(SpaceChange.None, Quota.None.Decide(long.MaxValue - 1, false, false));
}
