namespace Consensus.Contracts;

/// <summary>
/// Where the log of a cluster begins that was restored from a database: after an index that stands for all that the database holds. Each initial member
/// restores the same database and begins its log at the same place; who comes without it, a later member or one that lost its data, finds that
/// the log does not reach back to its beginning, and fetches the state.
/// </summary>
/// <remarks>
/// Not 1: that is where the log of a new cluster has its first entry, so that a member that was started empty by mistake does not pass for a restored one.
/// </remarks>
public static class RestoredCluster
{
    /// <summary>Applied index of the restored state: the log's first entry has the next.</summary>
    public static readonly LogIndex Before = new(2);

    /// <summary>Its term.</summary>
    public static readonly Term TermBefore = new(1);
}
