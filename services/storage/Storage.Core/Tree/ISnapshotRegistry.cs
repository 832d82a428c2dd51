namespace Storage.Core.Tree;

/// <summary>
/// Which commits are being read. Snapshots enter and exit on any thread, the tree's owner asks for the oldest. A core has no
/// synchronisation of its own, so the shell supplies this.
/// </summary>
public interface ISnapshotRegistry
{
    /// <summary>
    /// Notes a reader of a commit. Before it returns, the note is visible to every later <see cref="FindOldest"/>, and reads that follow
    /// are not moved before it (a full fence).
    /// </summary>
    /// <exception cref="TreeClosedException">The file is being closed.</exception>
    /// <returns>A ticket for <see cref="Exit"/>.</returns>
    int Enter(long txn);

    void Exit(int ticket);

    /// <summary>The oldest commit that is being read; <see cref="long.MaxValue"/> when none is. Begins with a full fence.</summary>
    long FindOldest();
}
