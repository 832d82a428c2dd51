using ApiGateway.Core.Slow;

namespace ApiGateway.Tests.Slow;

/// <summary>How a request's time is divided: the stages add up to it, whatever the clocks of other processes said.</summary>
public sealed class RequestStagesTests
{
    private static TimeSpan Ms(double milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static readonly RequestTimes s_put = new()
    {
        Total = Ms(250), BeforeLog = Ms(1), UntilResult = Ms(240), BatchWait = Ms(5), LogSync = Ms(210), Replication = Ms(15), ApplyWait = Ms(0), Apply = Ms(2),
    };

    [Fact]
    public void Divide_Write_NamesEachStageAndWhatIsLeftOver()
    {
        var stages = RequestStages.Divide(s_put);
        Assert.Equal(
            [
                new("gateway", Ms(1)), new("batch-wait", Ms(5)), new("log-sync", Ms(210)), new("replication", Ms(15)), new("apply-wait", Ms(0)), new("apply", Ms(2)),
                new("between-services", Ms(8)), new("answer", Ms(9)),
            ],
            stages);
        Assert.Equal("log-sync", RequestStages.Slowest(stages).Name);
    }

    [Theory]
    [InlineData("gateway", 300, 1, 1, 1, 1)]
    [InlineData("batch-wait", 1, 300, 1, 1, 1)]
    [InlineData("log-sync", 1, 1, 300, 1, 1)]
    [InlineData("replication", 1, 1, 1, 300, 1)]
    [InlineData("apply", 1, 1, 1, 1, 300)]
    public void Slowest_Write_IsTheStageThatTookMost(string name, double gateway, double batchWait, double sync, double replication, double apply)
    {
        var within = batchWait + sync + replication + apply + 2;
        var times = s_put with
        {
            Total = Ms(gateway + within + 3), BeforeLog = Ms(gateway), UntilResult = Ms(within), BatchWait = Ms(batchWait), LogSync = Ms(sync), Replication = Ms(replication), Apply = Ms(apply),
        };
        Assert.Equal(new Stage(name, Ms(300)), RequestStages.Slowest(RequestStages.Divide(times)));
    }

    [Fact]
    public void Divide_UpperBoundOfTheBatchWait_GetsWhatTheExactStagesLeave()
    {
        var stages = RequestStages.Divide(s_put with { BatchWait = Ms(10_000) });
        Assert.Contains(new Stage("batch-wait", Ms(13)), stages);
        Assert.Contains(new Stage("between-services", Ms(0)), stages);
    }

    [Fact]
    public void Divide_ClocksThatDisagree_StillAddsUp()
    {
        var stages = RequestStages.Divide(s_put with { LogSync = Ms(900), Apply = Ms(-3), BeforeLog = Ms(-1) });
        Assert.Equal(s_put.Total, Sum(stages));
        Assert.All(stages, static stage => Assert.True(stage.Took >= TimeSpan.Zero));
        Assert.Equal(new Stage("log-sync", Ms(240)), RequestStages.Slowest(stages));
    }

    [Fact]
    public void Divide_ServicesThatDoNotKnowAnyMore_LeavesTheTimeBetweenThem()
    {
        var stages = RequestStages.Divide(new RequestTimes { Total = Ms(250), BeforeLog = Ms(1), UntilResult = Ms(240) });
        Assert.Equal([new("gateway", Ms(1)), new("between-services", Ms(240)), new("answer", Ms(9))], stages);
    }

    [Fact]
    public void Divide_Read_IsItsWaitForTheLeaderAndTheRest()
    {
        var stages = RequestStages.Divide(new RequestTimes { Total = Ms(400), ReadIndex = Ms(390) });
        Assert.Equal([new("read-index", Ms(390)), new("read", Ms(10))], stages);
        Assert.Equal("read-index", RequestStages.Slowest(stages).Name);
    }

    [Fact]
    public void Divide_NothingKnown_IsNotDivided() => Assert.Equal([new("undivided", Ms(400))], RequestStages.Divide(new RequestTimes { Total = Ms(400) }));

    private static TimeSpan Sum(IEnumerable<Stage> stages) => stages.Aggregate(TimeSpan.Zero, static (sum, stage) => sum + stage.Took);
}
