using ApiGateway.Core.V2;
using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Tests.Core;

/// <summary>Goal: /v2/stats is written as etcd writes it. Method: given counts against bodies of its shape (v2-api §8).</summary>
public sealed class StatsJsonTests
{
    private static readonly DateTimeOffset s_start = new(2026, 11, 22, 13, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(0.00107, "0.00107")]
    [InlineData(0.000001, "0.000001")]
    [InlineData(0.00000025, "2.5e-07")]
    [InlineData(14.77447830024355, "14.77447830024355")]
    [InlineData(1784.0182547544086, "1784.0182547544086")]
    [InlineData(100000, "100000")]
    [InlineData(9223372036854775808.0, "9223372036854776000")]
    [InlineData(1e21, "1e+21")]
    public void Float_AsGoWritesIt(double value, string written) => Assert.Equal(written, GoNumber.Float(value));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(2, "200ns")]
    [InlineData(15, "1.5µs")]
    [InlineData(15_000, "1.5ms")]
    [InlineData(27_329_060, "2.732906s")]
    [InlineData(1_361_400_000, "2m16.14s")]
    [InlineData(36_000_000_000, "1h0m0s")]
    public void Duration_AsGoWritesIt(long ticks, string written) => Assert.Equal(written, GoNumber.Duration(TimeSpan.FromTicks(ticks)));

    [Fact]
    public void Self_OfLeader_HasItsRates()
    {
        var traffic = new MemberTraffic(new(0xab), s_start, new(0xab), s_start.AddMilliseconds(500), new(0, 0, 0), new(40, 14.5, 1784), []);
        Assert.Equal(
            """{"name":"infra0","id":"ab","state":"StateLeader","startTime":"2026-11-22T13:00:00Z","leaderInfo":{"leader":"ab","uptime":"4.5s","startTime":"2026-11-22T13:00:00.5Z"}"""
            + ""","recvAppendRequestCnt":0,"sendAppendRequestCnt":40,"sendPkgRate":14.5,"sendBandwidthRate":1784}""",
            StatsJson.Self("infra0", traffic, isLeader: true, s_start.AddSeconds(5)));
    }

    [Fact]
    public void Self_WithoutALeader_NamesNone()
    {
        var traffic = new MemberTraffic(new(0xab), s_start, default, s_start, default, default, []);
        Assert.Equal(
            """{"name":"","id":"ab","state":"StateFollower","startTime":"2026-11-22T13:00:00Z","leaderInfo":{"leader":"","uptime":"0s","startTime":"2026-11-22T13:00:00Z"}"""
            + ""","recvAppendRequestCnt":0,"sendAppendRequestCnt":0}""",
            StatsJson.Self("", traffic, isLeader: false, s_start));
    }

    [Fact]
    public void Leader_OfTwo_ListsThemById()
    {
        FollowerTraffic[] followers = [new(new(0xcd), 3, 1, 0.9, 1.2, 0.4, 0.5, 3.1), new(new(0x1c), 0, 0, 0, 0, 0, 0, 0)];
        var traffic = new MemberTraffic(new(0xab), s_start, new(0xab), s_start, default, default, followers);
        Assert.Equal(
            """{"leader":"ab","followers":{"1c":{"latency":{"current":0,"average":0,"standardDeviation":0,"minimum":9223372036854776000,"maximum":0},"counts":{"fail":0,"success":0}}"""
            + ""","cd":{"latency":{"current":0.9,"average":1.2,"standardDeviation":0.4,"minimum":0.5,"maximum":3.1},"counts":{"fail":1,"success":3}}}}""",
            StatsJson.Leader(traffic));
    }

    [Fact]
    public void Store_HasEveryCountOnce()
    {
        var counts = new V2Counts
        {
            GetsSuccess = 1, GetsFail = 2, SetsSuccess = 3, SetsFail = 4, DeleteSuccess = 5, DeleteFail = 6, UpdateSuccess = 7, UpdateFail = 8, CreateSuccess = 9,
            CreateFail = 10, CompareAndSwapSuccess = 11, CompareAndSwapFail = 12, CompareAndDeleteSuccess = 13, CompareAndDeleteFail = 14, ExpireCount = 15,
        };
        Assert.Equal(
            """{"getsSuccess":1,"getsFail":2,"setsSuccess":3,"setsFail":4,"deleteSuccess":5,"deleteFail":6,"updateSuccess":7,"updateFail":8,"createSuccess":9,"createFail":10"""
            + ""","compareAndSwapSuccess":11,"compareAndSwapFail":12,"compareAndDeleteSuccess":13,"compareAndDeleteFail":14,"expireCount":15,"watchers":16}""",
            StatsJson.Store(counts, 16));
    }
}
