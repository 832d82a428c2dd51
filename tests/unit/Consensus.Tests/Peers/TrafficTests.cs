using Consensus.Client;
using Consensus.Contracts;
using Consensus.Host.Peers;
using Consensus.Host.Service;

namespace Consensus.Tests.Peers;

/// <summary>Goal: what a member says it heard and said is what it counted, also over gRPC. Method: known times and messages.</summary>
public sealed class TrafficTests
{
    [Fact]
    public void AppendTimes_OfThree_HaveTheirMoments()
    {
        var times = new AppendTimes();
        times.Succeeded(2, TimeSpan.FromMilliseconds(1));
        times.Succeeded(0, TimeSpan.FromMilliseconds(100));
        times.Succeeded(1, TimeSpan.FromMilliseconds(4));
        times.Failed(2);
        var read = times.Read(new MemberId(7));
        Assert.Equal((new MemberId(7), 3, 2, 4d, 2d, 1d, 4d), (read.Member, read.Succeeded, read.Failed, read.Latest, read.Average, read.Minimum, read.Maximum));
        Assert.Equal(Math.Sqrt(2), read.StandardDeviation, 9);
    }

    [Fact]
    public void Meter_OfOneMessage_HasNoRate()
    {
        var meter = new MessageMeter();
        meter.Note(10);
        Assert.Equal(new MessageRate(1, 0, 0), meter.Read());
    }

    [Fact]
    public void Meter_OfMany_CountsAllAndMeasuresTheLast()
    {
        var meter = new MessageMeter();
        for (var i = 0; i < 1_000; i++)
            meter.Note(10);
        var rate = meter.Read();
        Assert.Equal(1_000, rate.Count);
        Assert.Equal(10 * rate.PerSecond, rate.BytesPerSecond, rate.PerSecond / 1_000);
        Assert.True(rate.PerSecond > 0);
    }

    [Fact]
    public void Status_OverTheWire_KeepsItsTraffic()
    {
        var moment = new DateTimeOffset(2026, 11, 29, 1, 2, 3, TimeSpan.Zero);
        var traffic = new MemberTraffic(
            new(1), moment, new(2), moment.AddSeconds(1), new(3, 4.5, 6), new(7, 8, 9.5), [new(new(2), 10, 11, 0.5, 1.5, 0.25, 0.125, 3)]);
        var status = new ConsensusStatus(new(9), new(1), new(2), new(3), new(4), new(5), false, []) { Traffic = traffic };
        var read = WireFormat.FromWire(WireFormat.ToWire(status)).Traffic!;
        IReadOnlyList<FollowerTraffic> none = [];
        Assert.Equal(traffic with { Followers = none }, read with { Followers = none });
        Assert.Equal(traffic.Followers, read.Followers);
    }
}
