using Consensus.Contracts;
using Consensus.Host;
using Consensus.Host.Identity;
using Consensus.Host.Service;
using Consensus.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace Consensus.Tests.Service;

/// <summary>
/// Goal: the log of a restored cluster begins after the state that it goes on with, the same on every initial member, and never with less. Method: logs made by
/// the restore, started as a member starts.
/// </summary>
public sealed class RestoredLogTests
{
    [Fact]
    public async Task Start_AfterRestore_LeadsAndGoesOnAfterTheState()
    {
        using var directory = new TempDirectory();
        var options = OptionsOf(directory, "m1", "m1=http://127.0.0.1:1");
        RestoredLog.Create(options);
        await using var member = await ConsensusService.StartAsync(options, NullLogger<ConsensusService>.Instance);
        var batch = await FirstAsync(member, RestoredCluster.Before.Next);
        Assert.Equal((RestoredCluster.Before.Next, new Term(2)), (batch.Entries[0].Index, batch.Entries[0].Term));
        // Who holds nothing is told that the log does not reach back to the beginning.
        var gone = await Assert.ThrowsAsync<LogCompactedException>(() => FirstAsync(member, new LogIndex(1)));
        Assert.Equal(RestoredCluster.Before.Next, gone.First);
        Assert.Equal(RestoredLog.ConfigurationOf(options).Members.Single().Id, member.Self);
    }

    [Fact]
    public void ConfigurationOf_EveryMember_IsTheSame()
    {
        const string Cluster = "m1=http://127.0.0.1:1,m2=http://127.0.0.1:2";
        using var directory = new TempDirectory();
        var first = RestoredLog.ConfigurationOf(OptionsOf(directory, "m1", Cluster));
        var second = RestoredLog.ConfigurationOf(OptionsOf(directory, "m2", Cluster) with { PeerUrls = ["http://127.0.0.1:2"] });
        Assert.Equal(ConfigurationFormat.Encode(first), ConfigurationFormat.Encode(second));
        Assert.Equal(2, first.Members.Length);
    }

    [Fact]
    public void Create_LogIsThere_IsRefused()
    {
        using var directory = new TempDirectory();
        var options = OptionsOf(directory, "m1", "m1=http://127.0.0.1:1");
        RestoredLog.Create(options);
        Assert.Throws<DataDirectoryException>(() => RestoredLog.Create(options));
    }

    [Fact]
    public void ConfigurationOf_UrlTwice_IsRefused()
    {
        using var directory = new TempDirectory();
        Assert.Throws<FormatException>(() => RestoredLog.ConfigurationOf(OptionsOf(directory, "m1", "m1=http://127.0.0.1:1,m2=http://127.0.0.1:1")));
    }

    private static ConsensusOptions OptionsOf(TempDirectory directory, string name, string cluster) => new()
    {
        DataDirectory = directory.Path, Name = name, InitialCluster = cluster, PeerUrls = ["http://127.0.0.1:1"], SegmentBytes = 64 * 1024,
    };

    private static async Task<CommittedBatch> FirstAsync(IConsensus member, LogIndex from)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await foreach (var batch in member.TailAsync(from, patience.Token))
            return batch;
        throw new InvalidOperationException("the tail ended");
    }
}
