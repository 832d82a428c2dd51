namespace ApiGateway.Core.Proposing;

/// <summary>
/// The proposals whose outcome is not known yet, by sequence. Sequences count up from 1; those in
/// [<see cref="Lowest"/>, <see cref="Next"/>) may be pending. Bounded: a new one is refused when the slot that it needs is still taken,
/// or when the bytes held would exceed the limit.
/// </summary>
/// <remarks>Not thread-safe: its owner locks, shortly.</remarks>
public sealed class PendingRing<T>
    where T : class
{
    private readonly (T? Item, int Bytes)[] _slots;
    private readonly ulong _mask;
    private readonly long _maxBytes;

    /// <param name="capacity">A power of two.</param>
    /// <param name="maxBytes">Sum of the sizes of what may be pending at once.</param>
    public PendingRing(int capacity, long maxBytes)
    {
        Invariant.Holds(capacity > 0 && (capacity & (capacity - 1)) == 0);
        _slots = new (T?, int)[capacity];
        _mask = (ulong)capacity - 1;
        _maxBytes = maxBytes;
    }

    /// <summary>The lowest sequence still pending; equal to <see cref="Next"/> when none is. Never moves back (I8).</summary>
    public ulong Lowest { get; private set; } = 1;

    /// <summary>The sequence that the next proposal gets.</summary>
    public ulong Next { get; private set; } = 1;

    /// <summary>Bytes of all that is pending.</summary>
    public long Bytes { get; private set; }

    /// <summary>How many are pending.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the next sequence for an item; false when the ring is full.</summary>
    public bool TryAdd(T item, int bytes, out ulong sequence)
    {
        sequence = Next;
        if (Next - Lowest > _mask || (Bytes > 0 && Bytes + bytes > _maxBytes))
            return false;
        _slots[sequence & _mask] = (item, bytes);
        Bytes += bytes;
        Count++;
        Next++;
        return true;
    }

    /// <summary>Takes an item out; null when it is not pending (answered twice, or given up).</summary>
    public T? Remove(ulong sequence)
    {
        if (sequence < Lowest || sequence >= Next)
            return null;
        ref var slot = ref _slots[sequence & _mask];
        var item = slot.Item;
        Bytes -= slot.Bytes;
        Count -= item is null ? 0 : 1;
        slot = default;
        while (Lowest < Next && _slots[Lowest & _mask].Item is null)
            Lowest++;
        return item;
    }

    /// <summary>The pending item of the lowest sequence, if there is one.</summary>
    public T? PeekLowest() => Lowest < Next ? _slots[Lowest & _mask].Item : null;

    /// <summary>Everything pending, in order of sequence.</summary>
    public List<T> ToList()
    {
        var items = new List<T>();
        for (var sequence = Lowest; sequence < Next; sequence++)
        {
            if (_slots[sequence & _mask].Item is { } item)
                items.Add(item);
        }
        return items;
    }
}
