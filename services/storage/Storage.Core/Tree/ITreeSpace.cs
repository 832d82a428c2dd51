namespace Storage.Core.Tree;

/// <summary>
/// Returning free space to the file system while the tree is in use. What lives at the end of the file is moved to free pages before it, like any other
/// change; a commit leaves the free end out; a later one, when neither meta page nor any reader knows it any more, cuts it off.
/// </summary>
/// <remarks>The tree's owner calls everything but <see cref="ITailScan.Step"/>.</remarks>
public interface ITreeSpace
{
    /// <summary>Return whatever can be returned, rather than what has been spare for some commits.</summary>
    bool IsTight { get; set; }

    /// <summary>Further commits, with or without changes, may shorten the file or let <see cref="BeginMoving"/> begin.</summary>
    bool WantsCommit { get; }

    /// <summary>Where the file could end as it is now: behind its last page that is in use, or not free yet.</summary>
    long UsedPages { get; }

    /// <summary>Starts to look for what has to move so that the file can be shorter; null when it is good as it is.</summary>
    ITailScan? BeginMoving();

    /// <summary>
    /// Copies the pages on the way to a key, and the values beside it, that lie at the file's end. Nothing happens when that is no longer so.
    /// </summary>
    /// <returns>Pages written anew; -1 when there is no room before the end until a commit has released what moved.</returns>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    int Move(in LeafPlace place, long end);

    /// <summary>What is spare could not be returned: try again only when it has become more.</summary>
    void NoteStuck();
}

/// <summary>Walks over all tables and finds what lives at the end of the file. For one thread at a time, but any.</summary>
public interface ITailScan
{
    /// <summary>Pages from here on are to be emptied.</summary>
    long End { get; }

    /// <summary>All tables were looked through.</summary>
    bool IsDone { get; }

    /// <summary>Goes on in the last completed commit.</summary>
    /// <param name="maxPages">Pages to look at.</param>
    /// <param name="found">Gets the leaves with something to move beside them or on the way to them.</param>
    /// <exception cref="PageCorruptException">A page failed its checksum (I11).</exception>
    void Step(int maxPages, ICollection<LeafPlace> found);
}

/// <summary>A leaf, named by a key in it: its page may change, the key leads to it all the same.</summary>
public readonly record struct LeafPlace(TableId Table, ReadOnlyMemory<byte> Key);
