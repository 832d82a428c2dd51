using System.Globalization;

namespace Standalone.Mirroring;

/// <summary>
/// When the copied nodes end that have a time to live. A renewal is told to no watcher, so each comes up halfway to its end, to be read again before it ends at the target. Not thread-safe.
/// </summary>
internal sealed class Endings(TimeProvider time)
{
    private static readonly TimeSpan s_shortestWait = TimeSpan.FromMilliseconds(500);

    private readonly PriorityQueue<(string Path, DateTimeOffset Expiration), DateTimeOffset> _due = new();
    private readonly Dictionary<string, DateTimeOffset> _known = new(StringComparer.Ordinal);

    /// <summary>Time until the next comes up, zero when it has; null: there is none.</summary>
    public TimeSpan? UntilNext => !_due.TryPeek(out _, out var due) ? null : due - time.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Notes when a node ends; returns the seconds until then, rounded up, so that nothing ends earlier than at the source.</summary>
    /// <param name="path">Of the node.</param>
    /// <param name="expiration">By the source's clock.</param>
    /// <param name="clockAhead">How far that is ahead of ours.</param>
    public string Remember(string path, DateTimeOffset expiration, TimeSpan clockAhead)
    {
        var now = time.GetUtcNow();
        var left = expiration - (now + clockAhead);
        _known[path] = expiration;
        _due.Enqueue((path, expiration), now + (left > TimeSpan.FromSeconds(1) ? left / 2 : s_shortestWait));
        return Math.Max(1, (long)Math.Ceiling(left.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
    }

    public void Forget(string path) => _known.Remove(path);

    /// <summary>Takes the next that has come up and was not written anew since.</summary>
    public bool TryTake(out string path, out DateTimeOffset expiration)
    {
        while (_due.TryPeek(out var next, out var due) && due <= time.GetUtcNow())
        {
            _due.Dequeue();
            (path, expiration) = next;
            if (_known.TryGetValue(path, out var known) && known == expiration)
                return true;
        }
        (path, expiration) = ("", default);
        return false;
    }
}
