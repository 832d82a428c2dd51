namespace WatchHub.Core.Watchers;

/// <summary>Watchers in no order, with removal in constant time: each knows its slot. A single one, the common idle case, takes no array.</summary>
internal struct WatcherArray
{
    // Null, a watcher, or an array of them.
    private object? _items;

    public int Count { get; private set; }

    public readonly Watcher this[int index] => _items is Watcher[] many ? many[index] : (Watcher)_items!;

    public void Add(Watcher watcher)
    {
        watcher.Slot = Count;
        if (Count == 0)
        {
            _items = watcher;
        }
        else
        {
            var many = _items as Watcher[] ?? [(Watcher)_items!];
            if (Count == many.Length)
                Array.Resize(ref many, Count * 2);
            many[Count] = watcher;
            _items = many;
        }
        Count++;
    }

    /// <summary>Removes a watcher; the last one takes its slot, so that a loop from the end may remove the one it looks at.</summary>
    public void Remove(Watcher watcher)
    {
        Invariant.Holds(this[watcher.Slot] == watcher);
        Count--;
        if (_items is not Watcher[] many)
        {
            _items = null;
            return;
        }
        var last = many[Count];
        many[watcher.Slot] = last;
        last.Slot = watcher.Slot;
        many[Count] = null!;
        if (Count == 1)
            _items = many[0];
        else if (Count * 4 < many.Length)
        {
            Array.Resize(ref many, Count * 2);
            _items = many;
        }
    }
}
