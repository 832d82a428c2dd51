using System.Buffers.Binary;
using Storage.Core.Mvcc;

namespace Storage.Core.Keys;

/// <summary>What the owner alone does.</summary>
internal sealed partial class KeyLeaf
{
    /// <summary>Adds a key at a position of the order; false when there is no room for it.</summary>
    public bool TryInsert(int position, ReadOnlySpan<byte> key, in KeyState state, long lease, long[]? older = null)
    {
        var start = UsedHeap;
        if (_used == _capacity || !key.StartsWith(Prefix) || key.Length - _prefixBytes > _data.Length - HeapAt - start)
            return false;
        key[_prefixBytes..].CopyTo(_data.AsSpan(HeapAt + start));
        Heads[_used] = KeyHead.Short(key[_prefixBytes..]);
        Take(start + key.Length - _prefixBytes, state, lease, older);
        var order = new byte[_order.Length + 1];
        _order.AsSpan(0, position).CopyTo(order);
        order[position] = (byte)(_used - 1);
        _order.AsSpan(position).CopyTo(order.AsSpan(position + 1));
        // From here on readers see the key, and all that was written of it before.
        Volatile.Write(ref _order, order);
        return true;
    }

    /// <summary>The history goes on with a put.</summary>
    public KeyHistory Put(int slot, Revision revision, long lease) => Change(slot, States[slot].Next(revision), lease);

    /// <summary>The history goes on with a tombstone.</summary>
    public void Delete(int slot, Revision revision) => Change(slot, KeyState.Tombstone(revision), 0);

    /// <summary>Forgets the oldest revisions, but not the newest one.</summary>
    public void DropOldest(int slot, int count)
    {
        var rest = OlderRevisions.WithoutOldest(_older![slot], count);
        BeginChange();
        _older[slot] = rest;
        EndChange();
        if (rest is null && Array.TrueForAll(_older, static older => older is null))
            _older = null;
    }

    /// <summary>Removes the key at a position of the order. Its slot stays taken.</summary>
    public void RemoveAt(int position)
    {
        var order = new byte[_order.Length - 1];
        _order.AsSpan(0, position).CopyTo(order);
        _order.AsSpan(position + 1).CopyTo(order.AsSpan(position));
        Volatile.Write(ref _order, order);
    }

    /// <summary>No key has anything that a compaction could remove.</summary>
    public bool HasNothingToCompact
    {
        get
        {
            if (_older is not null)
                return false;
            foreach (var slot in _order)
            {
                if (States[slot].IsTombstone)
                    return false;
            }
            return true;
        }
    }

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
        }
        return leaf;
    }

    /// <summary>A leaf of keys in order.</summary>
    /// <param name="entries">What goes in.</param>
    /// <param name="slack">Slots to spare; the room for their keys is estimated.</param>
    /// <param name="maxPrefix">Bytes that keys which come later begin with as well.</param>
    /// <param name="maxKeyBytes">Room for one more key of that length at least; 0 when no other is about to come.</param>
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
        }
        return leaf;
    }

    private KeyHistory Change(int slot, in KeyState next, long lease)
    {
        var older = OlderRevisions.Append(_older?[slot], States[slot]);
        _older ??= new long[]?[_capacity];
        if (lease != 0)
            _leases ??= new long[_capacity];
        BeginChange();
        _older[slot] = older;
        States[slot] = next;
        if (_leases is not null)
            _leases[slot] = lease;
        EndChange();
        return new KeyHistory(next, lease, older);
    }

    // Fills the next slot, which no reader looks at yet.
    private void Take(int end, in KeyState state, long lease, long[]? older)
    {
        if (_capacity > 1)
            BinaryPrimitives.WriteUInt16LittleEndian(_data.AsSpan(EndsAt + (_used * sizeof(ushort))), (ushort)end);
        States[_used] = state;
        if (lease != 0)
            (_leases ??= new long[_capacity])[_used] = lease;
        if (older is not null)
            (_older ??= new long[]?[_capacity])[_used] = older;
        _used++;
    }

    private void BeginChange()
    {
        _sequence++;
        Volatile.WriteBarrier();
    }

    private void EndChange() => Volatile.Write(ref _sequence, _sequence + 1);
}
