using Storage.Core.Mvcc;
using Storage.Core.Ordered;

namespace Storage.Core.Reads;

/// <summary>Walks the keys of a range that exist at a revision, in key order.</summary>
internal ref struct LiveKeys
{
    private readonly KeyRange _range;
    private readonly long _at;
    private CowCursor<KeyHistory> _cursor;
    private bool _ended;

    private LiveKeys(CowCursor<KeyHistory> cursor, KeyRange range, long at)
    {
        _cursor = cursor;
        _range = range;
        _at = at;
    }

    /// <summary>Revision of the current key's value.</summary>
    public Revision Revision { get; private set; }

    public readonly byte[] Key => _cursor.Key;

    /// <summary>The current key's history. Its newest revision may lie beyond the revision asked for.</summary>
    public KeyHistory? History { get; private set; }

    public static LiveKeys In(CowMapView<KeyHistory> keys, KeyRange range, long at) => new(keys.Seek(range.Key), range, at);

    public bool MoveNext()
    {
        while (!_ended && _cursor.MoveNext())
        {
            if (!_range.IsBeforeEnd(_cursor.Key))
                break;
            // Read once: the owner may swap in a newer history at any moment.
            var history = _cursor.Value;
            if (history.TryFind(_at, out var revision, out var tombstone) && !tombstone)
            {
                History = history;
                Revision = revision;
                return true;
            }
        }
        _ended = true;
        return false;
    }
}
