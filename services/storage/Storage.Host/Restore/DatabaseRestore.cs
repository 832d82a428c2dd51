using Storage.Core.Bolt;
using Storage.Core.Database;
using Storage.Core.State;

namespace Storage.Host.Restore;

/// <summary>What was restored.</summary>
/// <param name="Revision">Its newest revision.</param>
public readonly record struct RestoredState(long Revision);

/// <summary>Makes the data file of a new cluster's replica out of a database of etcd's.</summary>
public static class DatabaseRestore
{
    // Changed pages in memory until they are written.
    private const long MaxDirtyBytes = 32 * 1024 * 1024;

    /// <summary>
    /// Fills the data file of a directory that holds none yet. It takes its place when it is complete: an interruption leaves an empty one, which cannot be
    /// taken for a restored one, as its log begins later.
    /// </summary>
    /// <exception cref="BoltDamagedException">The database is damaged, or none of etcd's.</exception>
    public static async Task<RestoredState> IntoAsync(string directory, IBoltSource database, RestoreOptions options)
    {
        var empty = StorageData.Open(directory);
        try
        {
            await using var incoming = empty.CreateIncoming!();
            var data = incoming.Data;
            var loader = new DatabaseLoader(BoltFile.Open(database), data.Tree, options);
            foreach (var _ in loader.Load())
            {
                if (data.Tree.DirtyBytes > MaxDirtyBytes)
                    Commit(data);
            }
            Commit(data);
            // The last proof: a replica can start on it.
            var revision = StateMachine.Open(data.Tree, new StateMachineOptions()).Freeze().Revision;
            incoming.PutInPlace();
            await data.Owned!.DisposeAsync().ConfigureAwait(false);
            return new RestoredState(revision);
        }
        finally
        {
            await empty.Owned!.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static void Commit(StorageData data)
    {
        if (data.Tree.BeginCommit() is not { } commit)
            return;
        commit.WriteTo(data.Device);
        data.Tree.CompleteCommit(commit);
    }
}
