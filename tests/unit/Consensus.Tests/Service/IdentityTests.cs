using Consensus.Host;
using Consensus.Host.Identity;

namespace Consensus.Tests.Service;

/// <summary>Ids as etcd 3.5 printed them for the same flags.</summary>
public class IdentityTests
{
    [Fact]
    public void Derive_OneMember_IsWhatEtcdDerives()
    {
        var identity = ClusterIdentity.Derive(new ConsensusOptions
        {
            DataDirectory = "unused",
            Name = "alpha",
            PeerUrls = ["http://127.0.0.1:22380"],
            InitialCluster = "alpha=http://127.0.0.1:22380",
            Token = "token-one",
        });
        Assert.Equal("8509a9ae5269d88d", identity.Self.ToString());
        Assert.Equal("257d537020f4a6c4", identity.Cluster.ToString());
    }

    [Fact]
    public void Derive_ThreeMembersAndTwoUrls_IsWhatEtcdDerives()
    {
        var identity = ClusterIdentity.Derive(new ConsensusOptions
        {
            DataDirectory = "unused",
            Name = "a",
            PeerUrls = ["http://127.0.0.1:22380", "http://127.0.0.1:12380"],
            InitialCluster = "a=http://127.0.0.1:22380,a=http://127.0.0.1:12380,b=http://127.0.0.1:32380,c=http://127.0.0.1:42380",
            Token = "token-two",
        });
        Assert.Equal("4c1159e9229db784", identity.Cluster.ToString());
        Assert.Equal(
            ["816992a1f51d1487", "9b55d64c688da71a", "f5b98ae7ba50abf2"], identity.Members.Select(member => member.Id.ToString()));
        Assert.Equal("816992a1f51d1487", identity.Self.ToString());
    }

    [Theory]
    [InlineData("b=http://localhost:2380")]
    [InlineData("default=http://elsewhere:2380")]
    [InlineData("default")]
    [InlineData("=http://localhost:2380")]
    public void Derive_UnusableInitialCluster_Refused(string initialCluster) =>
        Assert.Throws<FormatException>(() => ClusterIdentity.Derive(new ConsensusOptions { DataDirectory = "unused", InitialCluster = initialCluster }));
}
