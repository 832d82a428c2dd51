using ApiGateway.Core.Membership;
using ApiGateway.Core.V2;
using Consensus.Contracts;

namespace ApiGateway.Tests.Core;

/// <summary>Ids, URLs and v2 refusals of membership changes, as a real etcd gave them.</summary>
public sealed class MembershipRuleTests
{
    [Theory]
    [InlineData("http://127.0.0.1:26191", 1795369595, "ebb72b824d9b62c9")]
    [InlineData("http://127.0.0.1:26189,http://127.0.0.1:26188", 1795369502, "a37fdfc74cd7bb59")]
    public void Derive_UrlsAndTime_TheIdThatEtcdGave(string urls, long unixSeconds, string id) =>
        Assert.Equal(id, MemberIdRule.Derive(urls.Split(','), unixSeconds).ToString());

    [Theory]
    [InlineData("http://b:2, http://a:1 ", "", "http://a:1,http://b:2")]
    [InlineData("unix://a:1", "", "unix://a:1")]
    [InlineData("ftp://127.0.0.1:1", "URL scheme must be http, https, unix, or unixs: ftp://127.0.0.1:1", null)]
    [InlineData("http://127.0.0.1", "URL address does not have the form \"host:port\": http://127.0.0.1", null)]
    [InlineData("http://127.0.0.1:1/a", "URL must not contain a path: http://127.0.0.1:1/a", null)]
    public void Normalize_Urls_SortedOrEtcdsComplaint(string given, string error, string? expected)
    {
        Assert.Equal(error, PeerUrls.Normalize(given.Split(','), out var urls));
        if (expected is not null)
            Assert.Equal(expected, string.Join(',', urls));
    }

    [Fact]
    public void Normalize_NoUrls_Refused() => Assert.Equal("no valid URLs given", PeerUrls.Normalize([], out _));

    [Theory]
    [InlineData(MembershipError.PeerUrlExists, "POST", 409, "membership: peerURL exists")]
    [InlineData(MembershipError.PeerUrlExists, "PUT", 409, "membership: peerURL exists")]
    [InlineData(MembershipError.MemberIdExists, "POST", 409, "membership: ID exists")]
    [InlineData(MembershipError.MemberNotFound, "PUT", 404, "No such member: ab")]
    [InlineData(MembershipError.MemberNotFound, "DELETE", 404, "No such member: ab")]
    [InlineData(MembershipError.MemberRemoved, "DELETE", 410, "Member permanently removed: ab")]
    [InlineData(MembershipError.MemberRemoved, "PUT", 500, "Internal Server Error")]
    [InlineData(MembershipError.NotEnoughStarted, "POST", 500, "Internal Server Error")]
    [InlineData(MembershipError.UnhealthyCluster, "DELETE", 500, "Internal Server Error")]
    public void Of_Refusal_EtcdsStatusAndMessage(MembershipError error, string method, int status, string message) =>
        Assert.Equal((status, message), V2MemberErrors.Of(error, method, new MemberId(0xab)));
}
