using Consensus.Contracts;
using Storage.Contracts;

namespace ApiGateway.Core.V2;

/// <summary>The bodies of /v2/stats, without a line end.</summary>
public static class StatsJson
{
    /// <summary>What a fresh count of etcd's has for the quickest of no times.</summary>
    private const double NoMinimum = 9223372036854775808;

    /// <summary>A member by itself.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="traffic">What it counted.</param>
    /// <param name="isLeader">It leads.</param>
    /// <param name="now">As of when.</param>
    public static string Self(string name, MemberTraffic traffic, bool isLeader, DateTimeOffset now)
    {
        var led = now - traffic.LeaderSince;
        return $"{{\"name\":{GoJson.Quote(name)},\"id\":\"{traffic.Member}\",\"state\":\"{(isLeader ? "StateLeader" : "StateFollower")}\","
            + $"\"startTime\":\"{GoNumber.Time(traffic.Started)}\",\"leaderInfo\":{{\"leader\":\"{(traffic.LastLeader == default ? "" : traffic.LastLeader.ToString())}\","
            + $"\"uptime\":\"{GoNumber.Duration(led < TimeSpan.Zero ? TimeSpan.Zero : led)}\",\"startTime\":\"{GoNumber.Time(traffic.LeaderSince)}\"}},"
            + $"\"recvAppendRequestCnt\":{traffic.Received.Count}{Rates("recv", traffic.Received)},"
            + $"\"sendAppendRequestCnt\":{traffic.Sent.Count}{Rates("send", traffic.Sent)}}}";
    }

    /// <summary>A leader's followers.</summary>
    public static string Leader(MemberTraffic traffic) =>
        $"{{\"leader\":\"{traffic.Member}\",\"followers\":{{{string.Join(',', traffic.Followers.OrderBy(static follower => follower.Member.ToString(), StringComparer.Ordinal).Select(Follower))}}}}}";

    /// <summary>The v2 tree.</summary>
    public static string Store(V2Counts counts, long watchers) =>
        $"{{\"getsSuccess\":{counts.GetsSuccess},\"getsFail\":{counts.GetsFail},\"setsSuccess\":{counts.SetsSuccess},\"setsFail\":{counts.SetsFail},"
        + $"\"deleteSuccess\":{counts.DeleteSuccess},\"deleteFail\":{counts.DeleteFail},\"updateSuccess\":{counts.UpdateSuccess},\"updateFail\":{counts.UpdateFail},"
        + $"\"createSuccess\":{counts.CreateSuccess},\"createFail\":{counts.CreateFail},"
        + $"\"compareAndSwapSuccess\":{counts.CompareAndSwapSuccess},\"compareAndSwapFail\":{counts.CompareAndSwapFail},"
        + $"\"compareAndDeleteSuccess\":{counts.CompareAndDeleteSuccess},\"compareAndDeleteFail\":{counts.CompareAndDeleteFail},"
        + $"\"expireCount\":{counts.ExpireCount},\"watchers\":{watchers}}}";

    private static string Follower(FollowerTraffic follower) =>
        $"\"{follower.Member}\":{{\"latency\":{{\"current\":{GoNumber.Float(follower.Latest)},\"average\":{GoNumber.Float(follower.Average)},"
        + $"\"standardDeviation\":{GoNumber.Float(follower.StandardDeviation)},\"minimum\":{GoNumber.Float(follower.Succeeded == 0 ? NoMinimum : follower.Minimum)},"
        + $"\"maximum\":{GoNumber.Float(follower.Maximum)}}},\"counts\":{{\"fail\":{follower.Failed},\"success\":{follower.Succeeded}}}}}";

    private static string Rates(string direction, in MessageRate rate) => rate.PerSecond == 0
        ? ""
        : $",\"{direction}PkgRate\":{GoNumber.Float(rate.PerSecond)},\"{direction}BandwidthRate\":{GoNumber.Float(rate.BytesPerSecond)}";
}
