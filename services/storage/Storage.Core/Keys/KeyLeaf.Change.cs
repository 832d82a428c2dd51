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
        SetOrdered(_used - 1);
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
        Volatile.Write(ref _ordered, _ordered & ~(1UL << _order[position]));
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

    private void SetOrdered(int slot) => Volatile.Write(ref _ordered, _ordered | (1UL << slot));

    private void BeginChange()
    {
        _sequence++;
        Volatile.WriteBarrier();
    }

    private void EndChange() => Volatile.Write(ref _sequence, _sequence + 1);
}
