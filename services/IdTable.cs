/// <summary>Something that a table finds by its id. A class, as a call through an interface would take longer than the rest of a search.</summary>
internal abstract class Identified
{
    public abstract long Id { get; }
}

/// <summary>
/// Objects by an id that each of them knows: 10 to 20 bytes an entry, where a dictionary takes 28 to 60. Open addressing with linear probing; not thread-safe, and not to be
/// changed while it is enumerated.
/// </summary>
internal sealed class IdTable<T>
    where T : Identified
{
    private const int SmallestSlots = 4;

    // A power of two, at most four fifths full, so that a probe ends soon.
    private T?[] _slots = [];

    public int Count { get; private set; }

    public bool Contains(long id) => Find(id) is not null;

    /// <summary>The object of an id; null when there is none.</summary>
    public T? Find(long id)
    {
        if (Count == 0)
            return null;
        var mask = _slots.Length - 1;
        for (var at = Home(id, mask); _slots[at] is { } one; at = (at + 1) & mask)
            if (one.Id == id)
                return one;
        return null;
    }

    /// <summary>Adds an object whose id is not in the table.</summary>
    public void Add(T item)
    {
        if ((Count + 1) * 5 > _slots.Length * 4)
            Resize(Math.Max(SmallestSlots, _slots.Length * 2));
        Count++;
        Put(item);
    }

    /// <summary>Takes out the object of an id, if there is one.</summary>
    public void Remove(long id)
    {
        if (Count == 0)
            return;
        var mask = _slots.Length - 1;
        var at = Home(id, mask);
        while (_slots[at] is { } one && one.Id != id)
            at = (at + 1) & mask;
        if (_slots[at] is null)
            return;
        Count--;
        // Whoever stands behind the gap and would have stood in it moves up: no probe may end before it.
        for (var next = (at + 1) & mask; _slots[next] is { } moving; next = (next + 1) & mask)
        {
            var home = Home(moving.Id, mask);
            if (((next - home) & mask) < ((next - at) & mask))
                continue;
            _slots[at] = moving;
            at = next;
        }
        _slots[at] = null;
        if (Count * 8 < _slots.Length)
            Resize(Count == 0 ? 0 : _slots.Length / 4);
    }

    public void Clear() => (_slots, Count) = ([], 0);

    public Enumerator GetEnumerator() => new(_slots);

    // Neighbouring ids, the usual ones, lie far from each other and fill evenly (Fibonacci hashing).
    private static int Home(long id, int mask) => (int)((ulong)id * 0x9E3779B97F4A7C15 >> 32) & mask;

    private void Put(T item)
    {
        var mask = _slots.Length - 1;
        var at = Home(item.Id, mask);
        while (_slots[at] is not null)
            at = (at + 1) & mask;
        _slots[at] = item;
    }

    private void Resize(int slots)
    {
        var before = _slots;
        _slots = slots == 0 ? [] : new T?[slots];
        foreach (var one in before)
            if (one is not null)
                Put(one);
    }

    public struct Enumerator(T?[] slots)
    {
        private int _next;

        public T Current { get; private set; } = null!;

        public bool MoveNext()
        {
            while (_next < slots.Length)
            {
                if (slots[_next++] is not { } one)
                    continue;
                Current = one;
                return true;
            }
            return false;
        }
    }
}
