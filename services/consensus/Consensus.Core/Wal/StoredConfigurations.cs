using Consensus.Contracts;

namespace Consensus.Core.Wal;

/// <summary>The configuration entries of a log, as stored: those in it, and the last ones before it.</summary>
/// <remarks>
/// Every segment head repeats the last two at or before its start. The newest of them may be uncommitted, and cut again; since at most one
/// uncommitted configuration entry is in any log, the one before it stands.
/// </remarks>
internal sealed class StoredConfigurations
{
    private const int RepeatedInHead = 2;

    // Ascending by index.
    private readonly List<(LogIndex Index, ReadOnlyMemory<byte> Data)> _items = [];

    public void Add(LogIndex index, ReadOnlyMemory<byte> data)
    {
        Invariant.Holds(_items.Count == 0 || _items[^1].Index < index);
        _items.Add((index, data));
    }

    public void Clear() => _items.Clear();

    /// <summary>Entries from <paramref name="from"/> on were cut from the log.</summary>
    public void TruncateFrom(LogIndex from)
    {
        while (_items.Count > 0 && _items[^1].Index >= from)
            _items.RemoveAt(_items.Count - 1);
    }

    /// <summary>The log now begins after <paramref name="before"/>.</summary>
    public void DropThrough(LogIndex before)
    {
        var drop = CountThrough(before) - RepeatedInHead;
        if (drop > 0)
            _items.RemoveRange(0, drop);
    }

    /// <summary>What a segment that continues after <paramref name="before"/> repeats in its head.</summary>
    public ReadOnlySpan<(LogIndex Index, ReadOnlyMemory<byte> Data)> ForHead(LogIndex before)
    {
        var count = CountThrough(before);
        var from = Math.Max(0, count - RepeatedInHead);
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_items)[from..count];
    }

    /// <summary>The newest at or before <paramref name="before"/>, and all later ones.</summary>
    public (LogIndex Index, ReadOnlyMemory<byte> Data)[] From(LogIndex before) =>
        [.. _items.Skip(Math.Max(0, CountThrough(before) - 1))];

    private int CountThrough(LogIndex index)
    {
        var count = _items.Count;
        while (count > 0 && _items[count - 1].Index > index)
            count--;
        return count;
    }
}
