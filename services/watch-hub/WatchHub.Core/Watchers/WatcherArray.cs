namespace WatchHub.Core.Watchers;

/// <summary>Watchers in no order, with removal in constant time: each knows its slot.</summary>
internal struct WatcherArray
{
    private Watcher[]? _items;

    public int Count { get; private set; }

    public readonly Watcher this[int index] => _items![index];

    public void Add(Watcher watcher)
    {
        // From one: a group of one watcher is the common idle case.
        _items ??= new Watcher[1];
        if (Count == _items.Length)
            Array.Resize(ref _items, Count * 2);
        watcher.Slot = Count;
        _items[Count++] = watcher;
    }

    /// <summary>Removes a watcher; the last one takes its slot, so that a loop from the end may remove the one it looks at.</summary>
    public void Remove(Watcher watcher)
    {
        Invariant.Holds(_items![watcher.Slot] == watcher);
        var last = _items[--Count];
        _items[watcher.Slot] = last;
        last.Slot = watcher.Slot;
        _items[Count] = null!;
        if (Count == 0)
            _items = null;
        else if (Count * 4 < _items.Length)
            Array.Resize(ref _items, Count * 2);
    }
}
