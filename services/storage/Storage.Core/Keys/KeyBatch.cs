namespace Storage.Core.Keys;

/// <summary>Revisions on their way into a <see cref="KeyIndex"/>, as they come from the Revisions table; then sorted by key. A few objects, used again.</summary>
internal sealed class KeyBatch
{
    private const int RowsApproached = 512;

    private Row[] _rows = [];
    private byte[] _keys = [];
    private int _keyBytes;

    // Sorted: what follows the common beginning of each key, and the number of its row.
    private ulong[] _heads = [];
    private int[] _order = [];

    // Bytes that all keys begin with.
    private int _common;

    // Sorted rows below this position are near by: see Approach.
    private int _nearBelow;
    private int _touched;

    public int Count { get; private set; }

    /// <summary>Memory that the batch takes.</summary>
    public long Bytes => _keyBytes + ((long)Count * 64);

    public void Clear() => (Count, _keyBytes, _common, _nearBelow) = (0, 0, 0, 0);

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
            (_heads, _order) = (new ulong[_rows.Length], new int[_rows.Length]);
        for (var i = 0; i < Count; i++)
            (_heads[i], _order[i]) = (KeyHead.Of(Key(i)[_common..]), i);
        // By numbers first, without a look at the keys; then those that are equal so far.
        _heads.AsSpan(0, Count).Sort(_order.AsSpan(0, Count));
        for (var from = 0; from < Count;)
        {
            var to = from + 1;
            while (to < Count && _heads[to] == _heads[from])
                to++;
            if (to - from > 1)
                _order.AsSpan(from, to - from).Sort(Compare);
            from = to;
        }
    }

    /// <summary>
    /// To be called before a row is used, in sorted order. Sorted neighbours lie anywhere in memory; a look at some hundred of them in a row lets the processor fetch many
    /// at once, where the work between two rows would have it wait for each.
    /// </summary>
    public void Approach(int position)
    {
        if (position < _nearBelow)
            return;
        _nearBelow = Math.Min(Count, position + RowsApproached);
        var sum = 0;
        for (var i = position; i < _nearBelow; i++)
            sum += _rows[_order[i]].KeyLength;
        for (var i = position; i < _nearBelow; i++)
            sum += _keys[_rows[_order[i]].KeyStart];
        // Without a use the loads would be left out.
        _touched += sum;
    }

    /// <summary>Whether two sorted neighbours have the same key.</summary>
    public bool IsSameKey(int position, int next) => _heads[position] == _heads[next] && KeyAt(position).SequenceEqual(KeyAt(next));

    /// <summary>Key of the row at a position of the sorted order.</summary>
    public ReadOnlySpan<byte> KeyAt(int position) => Key(_order[position]);

    public ref readonly KeyState StateAt(int position) => ref _rows[_order[position]].State;

    public long LeaseAt(int position) => _rows[_order[position]].Lease;

    /// <summary>The key for a leaf that is built of it: valid until <see cref="Clear"/>.</summary>
    public ArraySegment<byte> SegmentAt(int position)
    {
        ref readonly var row = ref _rows[_order[position]];
        return new ArraySegment<byte>(_keys, row.KeyStart, row.KeyLength);
    }

    private ReadOnlySpan<byte> Key(int row) => _keys.AsSpan(_rows[row].KeyStart, _rows[row].KeyLength);

    private int Compare(int left, int right)
    {
        var comparison = Key(left)[_common..].SequenceCompareTo(Key(right)[_common..]);
        return comparison != 0 ? comparison : left.CompareTo(right);
    }

    private readonly struct Row(int keyStart, int keyLength, in KeyState state, long lease)
    {
        public readonly int KeyStart = keyStart;
        public readonly int KeyLength = keyLength;
        public readonly KeyState State = state;
        public readonly long Lease = lease;
    }
}
