using System.Runtime.CompilerServices;

namespace Storage.Core.Keys;

/// <summary>Taking leaves apart and making others of them.</summary>
internal sealed partial class KeyLeaf
{
    /// <summary>What a parent says of this leaf.</summary>
    public KeyChild Describe(byte[] separator)
    {
        var (live, newest) = (0, 0L);
        foreach (var slot in _order)
        {
            ref readonly var state = ref States[slot];
            (live, newest) = (live + (state.IsTombstone ? 0 : 1), Math.Max(newest, state.Main));
        }
        return new KeyChild(separator, this, live, newest);
    }

    /// <summary>Adds some of its keys, by position in the order, to a list.</summary>
    public void AddTo(List<LeafEntry> list, int from, int to)
    {
        for (var i = from; i < to; i++)
            list.Add(EntryAt(i));
    }

    /// <summary>A key by its position in the order.</summary>
    public LeafEntry EntryAt(int position)
    {
        int slot = _order[position];
        var start = slot == 0 ? 0 : End(slot - 1);
        return new LeafEntry(
            new ArraySegment<byte>(_data, PrefixAt, _prefixBytes), new ArraySegment<byte>(_data, HeapAt + start, End(slot) - start),
            States[slot], _leases?[slot] ?? 0, _older?[slot]);
    }

    /// <summary>Bytes of all keys, each whole.</summary>
    public int KeyBytes => SuffixBytes + (_order.Length * _prefixBytes);

    private int SuffixBytes
    {
        get
        {
            var bytes = 0;
            foreach (int slot in _order)
                bytes += Suffix(slot).Length;
            return bytes;
        }
    }

    /// <summary>The same keys with slots to spare, and room for one more key of that length, which begins as they do.</summary>
    public KeyLeaf Grow(int slack, int keyBytes)
    {
        var order = _order;
        var heapBytes = SuffixBytes;
        var spare = Math.Min(heapBytes / order.Length * (slack - 1), Math.Max(0, MaxHeapBytes - heapBytes));
        var leaf = new KeyLeaf(Prefix, order.Length + slack, heapBytes + spare + keyBytes - _prefixBytes) { _order = new byte[order.Length] };
        for (var i = 0; i < order.Length; i++)
        {
            int slot = order[i];
            var suffix = Suffix(slot);
            var start = leaf.UsedHeap;
            suffix.CopyTo(leaf._data.AsSpan(leaf.HeapAt + start));
            leaf.Heads[i] = Heads[slot];
            leaf.Take(start + suffix.Length, States[slot], _leases?[slot] ?? 0, _older?[slot]);
            leaf._order[i] = (byte)i;
            leaf.SetOrdered(i);
        }
        return leaf;
    }

    /// <summary>A leaf of keys in order.</summary>
    /// <param name="entries">What goes in.</param>
    /// <param name="slack">Slots to spare; the room for their keys is estimated.</param>
    /// <param name="maxPrefix">Bytes that keys which come later begin with as well.</param>
    /// <param name="maxKeyBytes">Room for one more key of that length at least; 0 when no other is about to come.</param>
    // At a start nothing is hot yet: compiled as well as can be from the first row on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static KeyLeaf Build(ReadOnlySpan<LeafEntry> entries, int slack, int maxPrefix, int maxKeyBytes)
    {
        // A single key would be all prefix, and the next one not fit.
        var prefixBytes = entries.Length < 2 ? 0 : Math.Min(maxPrefix, LeafEntry.CommonPrefix(entries[0], entries[^1]));
        var heapBytes = 0;
        foreach (ref readonly var entry in entries)
            heapBytes += entry.KeyBytes - prefixBytes;
        if (heapBytes > MaxHeapBytes)
            slack = Math.Min(slack, maxKeyBytes > 0 ? 1 : 0);
        var spare = entries.Length == 0 ? 0 : heapBytes / entries.Length * Math.Max(0, slack - 1);
        spare = Math.Min(spare, Math.Max(0, MaxHeapBytes - heapBytes));
        if (maxKeyBytes > 0)
            spare += maxKeyBytes - prefixBytes;

        Span<byte> prefix = prefixBytes <= 512 ? stackalloc byte[512] : new byte[prefixBytes];
        prefix = prefix[..prefixBytes];
        if (prefixBytes > 0)
            entries[0].CopyKey(0, prefix);
        var leaf = new KeyLeaf(prefix, entries.Length + slack, heapBytes + spare) { _order = new byte[entries.Length] };
        for (var i = 0; i < entries.Length; i++)
        {
            ref readonly var entry = ref entries[i];
            var start = leaf.UsedHeap;
            var suffix = leaf._data.AsSpan(leaf.HeapAt + start, entry.KeyBytes - prefixBytes);
            entry.CopyKey(prefixBytes, suffix);
            leaf.Heads[i] = KeyHead.Short(suffix);
            leaf.Take(start + entry.KeyBytes - prefixBytes, entry.State, entry.Lease, entry.Older);
            leaf._order[i] = (byte)i;
            leaf.SetOrdered(i);
        }
        return leaf;
    }
}
