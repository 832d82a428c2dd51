namespace Storage.Core.Keys;

/// <summary>Revisions on their way into a <see cref="KeyIndex"/>, as they come from the Revisions table; then sorted by key. A few objects, used again.</summary>
internal sealed class KeyBatch
{
    private Row[] _rows = [];
    private byte[] _keys = [];
    private int _keyBytes;
    private SortKey[] _order = [];

    // Bytes that all keys begin with.
    private int _common;

    public int Count { get; private set; }

    /// <summary>Memory that the batch takes.</summary>
    public long Bytes => _keyBytes + ((long)Count * 72);

    public void Clear() => (Count, _keyBytes, _common) = (0, 0, 0);

    /// <summary>Adds a revision newer than all before.</summary>
    public void Add(ReadOnlySpan<byte> key, in KeyState state, long lease)
    {
        if (Count == _rows.Length)
            Array.Resize(ref _rows, Math.Max(1024, Count * 2));
        if (key.Length > _keys.Length - _keyBytes)
            Array.Resize(ref _keys, (int)Math.Min(Array.MaxLength, Math.Max(64 * 1024, 2L * (_keyBytes + key.Length))));
        key.CopyTo(_keys.AsSpan(_keyBytes));
        _common = Count == 0 ? key.Length : _keys.AsSpan(0, _common).CommonPrefixLength(key);
        _rows[Count++] = new Row(_keyBytes, key.Length, state, lease);
        _keyBytes += key.Length;
    }

    /// <summary>Sorts by key, and revisions of one key as they came.</summary>
    public void Sort()
    {
        if (_order.Length < Count)
            _order = new SortKey[_rows.Length];
        for (var i = 0; i < Count; i++)
            _order[i] = new SortKey(Head(Key(_rows[i])[_common..]), i);
        _order.AsSpan(0, Count).Sort(Compare);
    }

    /// <summary>Key of the row at a position of the sorted order.</summary>
    public ReadOnlySpan<byte> KeyAt(int position) => Key(_rows[_order[position].Row]);

    public ref readonly KeyState StateAt(int position) => ref _rows[_order[position].Row].State;

    public long LeaseAt(int position) => _rows[_order[position].Row].Lease;

    /// <summary>The key for a leaf that is built of it: valid until <see cref="Clear"/>.</summary>
    public ArraySegment<byte> SegmentAt(int position)
    {
        ref readonly var row = ref _rows[_order[position].Row];
        return new ArraySegment<byte>(_keys, row.KeyStart, row.KeyLength);
    }

    private ReadOnlySpan<byte> Key(in Row row) => _keys.AsSpan(row.KeyStart, row.KeyLength);

    private int Compare(SortKey left, SortKey right)
    {
        var comparison = left.Head.CompareTo(right.Head);
        if (comparison == 0)
            comparison = Key(_rows[left.Row])[_common..].SequenceCompareTo(Key(_rows[right.Row])[_common..]);
        return comparison != 0 ? comparison : left.Row.CompareTo(right.Row);
    }

    // The first eight bytes as a number that orders like them.
    private static ulong Head(ReadOnlySpan<byte> key)
    {
        if (key.Length >= 8)
            return System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(key);
        ulong head = 0;
        for (var i = 0; i < key.Length; i++)
            head |= (ulong)key[i] << (56 - (8 * i));
        return head;
    }

    private readonly struct Row(int keyStart, int keyLength, in KeyState state, long lease)
    {
        public readonly int KeyStart = keyStart;
        public readonly int KeyLength = keyLength;
        public readonly KeyState State = state;
        public readonly long Lease = lease;
    }

    private readonly record struct SortKey(ulong Head, int Row);
}
