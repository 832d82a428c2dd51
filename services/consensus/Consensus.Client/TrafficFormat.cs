using Consensus.Contracts;

namespace Consensus.Client;

/// <summary>Between the contract's types of traffic and the wire's.</summary>
internal static class TrafficFormat
{
    public static Wire.MemberTraffic ToWire(MemberTraffic traffic) => new()
    {
        MemberId = traffic.Member.Value,
        StartedTicks = traffic.Started.UtcTicks,
        LastLeaderId = traffic.LastLeader.Value,
        LeaderSinceTicks = traffic.LeaderSince.UtcTicks,
        Received = ToWire(traffic.Received),
        Sent = ToWire(traffic.Sent),
        Followers = { traffic.Followers.Select(ToWire) },
    };

    public static MemberTraffic FromWire(Wire.MemberTraffic wire) => new(
        new(wire.MemberId), Moment(wire.StartedTicks), new(wire.LastLeaderId), Moment(wire.LeaderSinceTicks), FromWire(wire.Received), FromWire(wire.Sent),
        [.. wire.Followers.Select(FromWire)]);

    private static DateTimeOffset Moment(long ticks) =>
        new(Math.Clamp(ticks, DateTimeOffset.MinValue.UtcTicks, DateTimeOffset.MaxValue.UtcTicks), TimeSpan.Zero);

    private static Wire.MessageRate ToWire(in MessageRate rate) => new() { Count = rate.Count, PerSecond = rate.PerSecond, BytesPerSecond = rate.BytesPerSecond };

    private static MessageRate FromWire(Wire.MessageRate? wire) => wire is null ? default : new(wire.Count, wire.PerSecond, wire.BytesPerSecond);

    private static Wire.FollowerTraffic ToWire(FollowerTraffic follower) => new()
    {
        MemberId = follower.Member.Value,
        Succeeded = follower.Succeeded,
        Failed = follower.Failed,
        Latest = follower.Latest,
        Average = follower.Average,
        StandardDeviation = follower.StandardDeviation,
        Minimum = follower.Minimum,
        Maximum = follower.Maximum,
    };

    private static FollowerTraffic FromWire(Wire.FollowerTraffic wire) => new(
        new(wire.MemberId), wire.Succeeded, wire.Failed, wire.Latest, wire.Average, wire.StandardDeviation, wire.Minimum, wire.Maximum);
}
