using Storage.Core.Keys;
using Storage.Core.Mvcc;

namespace Storage.Core.Reads;

/// <summary>Walks the keys of a range that exist at a revision, in key order.</summary>
internal ref struct LiveKeys
{
    private readonly long _at;
    private KeyCursor _cursor;

    private LiveKeys(KeyCursor cursor, long at)
    {
        _cursor = cursor;
        _at = at;
    }

    /// <summary>Revision of the current key's value.</summary>
    public Revision Revision { get; private set; }

    /// <summary>Bytes of the current key; valid until the next move.</summary>
    public ReadOnlySpan<byte> Key => _cursor.Key;

    /// <summary>The current key's history. Its newest revision may lie beyond the revision asked for.</summary>
    public KeyHistory History { get; private set; }

    public static LiveKeys In(KeyIndex keys, KeyRange range, long at) => new(keys.Seek(range), at);

    public bool MoveNext()
    {
        while (_cursor.MoveNext())
        {
            // Read once: the owner may go on with it at any moment.
            var history = _cursor.History;
            if (history.TryFind(_at, out var revision, out var tombstone) && !tombstone)
            {
                History = history;
                Revision = revision;
                return true;
            }
        }
        return false;
    }
}
