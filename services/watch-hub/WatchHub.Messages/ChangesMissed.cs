namespace WatchHub.Messages;

/// <summary>
/// The feed was away for so long that compaction took history that it had not read: changes of revisions [<see cref="FromRevision"/>, <see cref="ToRevision"/>] may be missing. Changes
/// from the next revision on follow. Whoever keeps a copy reads the prefix anew.
/// </summary>
public sealed record ChangesMissed : StoreMessage
{
    public long FromRevision { get; init; }

    /// <summary>The last that may be missing.</summary>
    public long ToRevision { get; init; }
}
