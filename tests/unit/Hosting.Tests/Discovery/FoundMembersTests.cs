using Standalone.Discovery;

namespace Hosting.Tests.Discovery;

/// <summary>Goal: every member comes to the same initial cluster. Method: registrations in, cluster or etcd's complaint out.</summary>
public sealed class FoundMembersTests
{
    private static Registration Member(string id, ulong at) => new(id, $"{id}=http://{id}:2380", at);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("4294967296")]
    public void SizeOf_NoSize_IsRefused(string text) =>
        Assert.Equal("discovery: size key is bad", Assert.Throws<DiscoveryFailure>(() => FoundMembers.SizeOf(text)).Message);

    [Fact]
    public void FirstOf_MoreThanThereIsRoomFor_AreTheFirstByRegistration()
    {
        Registration[] registered = [Member("c", 9), Member("a", 7), Member("b", 8)];
        Assert.Equal(["a", "b"], FoundMembers.FirstOf(registered, 2, "a").Select(member => member.Id));
        Assert.Equal(["a", "b", "c"], FoundMembers.FirstOf(registered, 4, "d").Select(member => member.Id));
        Assert.Equal(DiscoveryFailureKind.Full, Assert.Throws<DiscoveryFailure>(() => FoundMembers.FirstOf(registered, 2, "c")).Kind);
        Assert.Equal(DiscoveryFailureKind.Full, Assert.Throws<DiscoveryFailure>(() => FoundMembers.FirstOf(registered, 3, "d")).Kind);
    }

    [Fact]
    public void InitialCluster_OfMembersWithSeveralUrls_NamesAllOfThem() =>
        Assert.Equal(
            "a=http://a:1,a=http://a:2,b=http://b:1",
            FoundMembers.InitialCluster([new Registration("1", "b=http://b:1", 4), new Registration("2", "a=http://a:2,a=http://a:1", 5)]));

    [Theory]
    [InlineData("discovery: invalid URL", "garbage")]
    [InlineData("discovery: invalid URL", "")]
    [InlineData("discovery: invalid URL", "b=foo://b:1")]
    [InlineData("discovery: invalid URL", "b=http://b:1,b")]
    [InlineData("discovery: found duplicate name", "a=http://b:1")]
    public void InitialCluster_OfWhatIsNone_IsRefusedInEtcdsWords(string text, string other) =>
        Assert.Equal(text, Assert.Throws<DiscoveryFailure>(() => FoundMembers.InitialCluster([Member("a", 1), new Registration("b", other, 2)])).Message);

    [Fact]
    public void HasDuplicateUrl_SameUrlUnderTwoNames_IsTrue()
    {
        Assert.True(FoundMembers.HasDuplicateUrl("a=http://h:1,b=http://h:1"));
        Assert.False(FoundMembers.HasDuplicateUrl("a=http://h:1,b=http://h:2"));
        Assert.Equal(["http://h:1", "http://h:3"], FoundMembers.UrlsOf("a=http://h:3,b=http://h:2,a=http://h:1", "a"));
    }
}
