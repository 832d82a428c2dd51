using Consensus.Contracts;
using Consensus.Tests.Support;

namespace Consensus.Tests.Service;

/// <summary>Three members, each to be reached over a slow link only, and an entry that takes longer to a follower than it waits for its leader.</summary>
public sealed class SlowPeersTests : IAsyncLifetime, IDisposable
{
    private const int LargeBytes = 8 * 1024 * 1024;
    private const int BytesPerSecond = 3_000_000;

    // An election begins after 1.3 times this at the latest: a second before the entry is there.
    private static readonly TimeSpan s_electionTimeout = TimeSpan.FromSeconds(1.4);

    private readonly TempDirectory _temp = new();
    private readonly CancellationTokenSource _deadline = new(TimeSpan.FromSeconds(30));
    private readonly List<TestMember> _members = [];
    private readonly Dictionary<TestMember, SlowLink> _links = [];

    public async Task InitializeAsync()
    {
        foreach (var name in (string[])["a", "b", "c"])
        {
            var member = await TestMember.OpenAsync(name, _temp[name]);
            _links[member] = new SlowLink(new Uri(member.Url).Port, BytesPerSecond);
            member.PeerUrl = _links[member].Url;
            _members.Add(member);
        }
        await Task.WhenAll(_members.Select(member => member.StartAsync(_members, electionTimeout: s_electionTimeout)));
        foreach (var member in _members)
            await member.UntilAsync(status => status.Leader != default && status.Members.All(known => known.Name.Length > 0), _deadline.Token);
    }

    public async Task DisposeAsync()
    {
        foreach (var member in _members)
            await member.DisposeAsync();
        foreach (var link in _links.Values)
            await link.DisposeAsync();
    }

    public void Dispose()
    {
        _deadline.Dispose();
        _temp.Dispose();
    }

    private TestMember Leader => _members.Single(member => member.Service.IsLeader);

    [Fact]
    public async Task LargeEntry_IsCommittedEverywhereWithoutAnElectionAndSentOnceToEach()
    {
        var leader = Leader;
        var term = leader.Service.Status.Term;
        var before = _links[leader].Carried;
        await using var stream = leader.Service.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[LargeBytes], default), _deadline.Token);
        foreach (var member in _members)
            await UntilCommittedAsync(member, LargeBytes);
        Assert.False(stream.Broken.IsCompleted);
        Assert.All(_members, member => Assert.Equal(term, member.Service.Status.Term));
        Assert.InRange(_links[leader].Carried - before, 2 * LargeBytes, (2 * LargeBytes) + (LargeBytes / 2));
        // And what comes after it is not held up.
        await stream.ProposeAsync(new Proposal(new byte[7], default), _deadline.Token);
        await UntilCommittedAsync(leader, 7);
        Assert.Equal(term, leader.Service.Status.Term);
    }

    [Fact]
    public async Task LeaderStopsInTheMidstOfALargeEntry_AnotherIsElected()
    {
        var leader = Leader;
        _links[leader].FreezeAfter(LargeBytes / 2);
        await using var stream = leader.Service.OpenProposals();
        await stream.ProposeAsync(new Proposal(new byte[LargeBytes], default), _deadline.Token);
        await _links[leader].Frozen.WaitAsync(_deadline.Token);
        foreach (var member in _members.Where(member => member != leader))
            await member.UntilAsync(status => status.Leader != default && status.Leader != leader.Service.Self, _deadline.Token);
    }

    private async Task UntilCommittedAsync(TestMember member, int bytes)
    {
        await foreach (var batch in member.Service.TailAsync(new LogIndex(1), _deadline.Token))
        {
            if (batch.Entries.Any(entry => entry.Data.Length == bytes))
                return;
        }
    }
}
