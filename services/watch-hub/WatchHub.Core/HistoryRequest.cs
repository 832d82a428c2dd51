using WatchHub.Core.Watchers;

namespace WatchHub.Core;

/// <summary>History that a watcher in catch-up needs: revisions [<see cref="From"/>, <see cref="To"/>) of its range.</summary>
public sealed class HistoryRequest
{
    internal HistoryRequest(Watcher watcher, long from, long to, int maxBytes) =>
        (Watcher, From, To, MaxBytes) = (watcher, from, to, maxBytes);

    public ReadOnlyMemory<byte> Key => Watcher.Group.Key;
    public ReadOnlyMemory<byte> RangeEnd => Watcher.Group.RangeEnd;
    public long From { get; }
    public long To { get; }
    public int MaxBytes { get; }
    internal Watcher Watcher { get; }
}
