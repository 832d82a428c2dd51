namespace DaprSubscriber;

/// <summary>Messages may come again: a change counts when it is newer than what is known of its key.</summary>
internal sealed class LastRevisions
{
    private readonly Dictionary<string, long> _keys = [];

    /// <summary>False: it was heard of before.</summary>
    public bool TryAdvance(string key, long revision)
    {
        lock (_keys)
        {
            if (_keys.TryGetValue(key, out var known) && known >= revision)
                return false;
            _keys[key] = revision;
            return true;
        }
    }
}
