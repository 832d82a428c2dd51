using Consensus.Contracts;
using Consensus.Core.Raft;
using Consensus.Core.Wal;
using Consensus.Host.Identity;
using Consensus.Host.Wal;

namespace Consensus.Host.Service;

/// <summary>Begins the log of an initial member of a cluster that goes on with a restored state (<see cref="RestoredCluster"/>).</summary>
public static class RestoredLog
{
    /// <summary>Who the members of the new cluster are, by the options of any of them.</summary>
    /// <exception cref="FormatException">The initial cluster is malformed, or this member is not in it.</exception>
    public static ClusterConfiguration ConfigurationOf(ConsensusOptions options) => new() { Members = IdentityOf(options).Members };

    /// <summary>Writes the log. The directory holds none.</summary>
    /// <exception cref="FormatException">As <see cref="ConfigurationOf"/>.</exception>
    public static void Create(ConsensusOptions options)
    {
        var identity = IdentityOf(options);
        using var directory = DataDirectory.Open(options.DataDirectory);
        var disk = new FileLogDisk(directory.WalPath);
        if (WriteAheadLog.Exists(disk))
            throw new DataDirectoryException($"data directory {options.DataDirectory} holds a log already");
        using var wal = WriteAheadLog.Create(disk, new WalOptions { SegmentBytes = options.SegmentBytes }, identity.Cluster, identity.Self, [], default);
        var configuration = ConfigurationFormat.Encode(new ClusterConfiguration { Members = identity.Members });
        wal.Reset(
            RestoredCluster.Before, RestoredCluster.TermBefore, RestoredCluster.Before, configuration,
            new HardState(RestoredCluster.TermBefore, default, RestoredCluster.Before));
    }

    private static ClusterIdentity IdentityOf(ConsensusOptions options)
    {
        var identity = ClusterIdentity.Derive(options);
        return identity.Members.DistinctBy(static member => member.Id).Count() == identity.Members.Length
            ? identity
            : throw new FormatException("two members of the initial cluster have the same peer URLs");
    }
}
