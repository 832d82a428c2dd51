using WatchHub.Messages;

namespace FeedConsumer;

/// <summary>
/// The keys of a feed, exact although messages may come again: a change counts when it is newer than what is known of its key. A copy in a database keeps the revision beside the value and
/// compares in the same transaction.
/// </summary>
internal sealed class KeyCopy
{
    private readonly Dictionary<string, (long Revision, byte[]? Value)> _keys = [];

    /// <summary>False: it was applied before.</summary>
    public bool TryApply(KeyChanged change)
    {
        lock (_keys)
        {
            if (_keys.TryGetValue(change.Subject, out var known) && known.Revision >= change.Revision)
                return false;
            // A deleted key is remembered: a repeat of what was before would bring it back.
            _keys[change.Subject] = (change.Revision, change.Deleted ? null : change.Value);
            return true;
        }
    }
}
