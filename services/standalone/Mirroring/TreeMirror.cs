using System.Globalization;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>
/// Keeps a directory of one v2 key space like that of another: values, directories, times to live, and the order in which nodes were created. Where the target has a key of
/// its own below a name that the source has not, it stays.
/// </summary>
/// <remarks>
/// Names that begin with "_" are in no list and no recursive watch of v2, and so are not copied. Not thread-safe.
/// </remarks>
/// <param name="source">The directory to copy.</param>
/// <param name="root">Its path, as <see cref="KeyPath.Clean"/> makes it.</param>
/// <param name="target">The directory to copy to.</param>
/// <param name="time">For times to live.</param>
/// <param name="output">Hears how far it is.</param>
/// <param name="errors">Hears of what is tried again.</param>
internal sealed class TreeMirror(V2Endpoint source, string root, V2Endpoint target, TimeProvider time, TextWriter output, TextWriter errors)
{
    private static readonly TimeSpan s_firstPause = TimeSpan.FromSeconds(1), s_longestPause = TimeSpan.FromSeconds(30), s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_listPatience = TimeSpan.FromMinutes(5);

    // Ends of nodes that have one: a renewal is told to no watcher, so they are read again before they end at the target.
    private readonly PriorityQueue<(string Path, DateTimeOffset Expiration), DateTimeOffset> _ending = new();
    private readonly Dictionary<string, DateTimeOffset> _expirations = new(StringComparer.Ordinal);

    // Paths below the directory that were copied: what is gone after a gap in the history is found by them.
    private SortedSet<string> _copied = new(StringComparer.Ordinal);

    /// <summary>Everything up to this index of the source is at the target.</summary>
    public ulong Index { get; private set; }

    /// <summary>Copies all there is.</summary>
    public async Task CopyAsync(CancellationToken cancellation)
    {
        var nodes = new List<(string Path, V2Node Node)>();
        V2Answer? answer = null;
        try
        {
            answer = await PersistentlyAsync(source, HttpMethod.Get, "?recursive=true&sorted=true", [], s_listPatience, cancellation).ConfigureAwait(false);
            Collect(answer.Node, nodes);
        }
        catch (V2RefusedException refused) when (refused.Error.Code == V2Error.KeyNotFound)
        {
            Index = refused.Error.Index; // There may come something.
        }
        var copied = new SortedSet<string>(StringComparer.Ordinal);
        // Parents were created with their first child, or before it.
        foreach (var (path, node) in nodes.OrderBy(static pair => pair.Node.CreatedIndex).ThenBy(static pair => pair.Path.Length))
        {
            await WriteAsync(path, node, answer!.ClockAhead, isUpdate: false, cancellation).ConfigureAwait(false);
            copied.Add(path);
        }
        foreach (var gone in _copied.Except(copied).OrderByDescending(static path => path.Length).ToList())
            await RemoveAsync(gone, cancellation).ConfigureAwait(false);
        (_copied, Index) = (copied, answer?.Index ?? Index);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"copied {copied.Count} keys and directories as of index {Index}")).ConfigureAwait(false);
    }

    /// <summary>Does at the target whatever is done at the source after what was copied, until cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                if (await NextAsync(cancellation).ConfigureAwait(false) is { } answer)
                {
                    await ApplyAsync(answer, cancellation).ConfigureAwait(false);
                    Index = answer.Node.ModifiedIndex;
                }
                await RenewAsync(cancellation).ConfigureAwait(false);
            }
            catch (V2RefusedException refused) when (refused.Error.Code == V2Error.IndexCleared)
            {
                // More has happened than the source remembers.
                await CopyAsync(cancellation).ConfigureAwait(false);
            }
        }
    }

    // Null: it is time to look after what ends.
    private async Task<V2Answer?> NextAsync(CancellationToken cancellation)
    {
        using var turn = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (_ending.TryPeek(out _, out var due))
        {
            var left = due - time.GetUtcNow();
            if (left <= TimeSpan.Zero)
                return null;
            // Longer times than timers take are waited for in parts.
            turn.CancelAfter(left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1));
        }
        try
        {
            var request = string.Create(CultureInfo.InvariantCulture, $"?wait=true&recursive=true&waitIndex={Index + 1}");
            return await PersistentlyAsync(source, HttpMethod.Get, request, [], Timeout.InfiniteTimeSpan, turn.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task ApplyAsync(V2Answer answer, CancellationToken cancellation)
    {
        var path = answer.Node.Key[root.Length..];
        if (answer.Action is "delete" or "expire" or "compareAndDelete")
        {
            await RemoveAsync(path, cancellation).ConfigureAwait(false);
            return;
        }
        await WriteAsync(path, answer.Node, answer.ClockAhead, answer.Action is "update" or "compareAndSwap", cancellation).ConfigureAwait(false);
        _copied.Add(path);
    }

    // What was renewed at the source is renewed at the target, halfway to the end that is known.
    private async Task RenewAsync(CancellationToken cancellation)
    {
        while (_ending.TryPeek(out var next, out var due) && due <= time.GetUtcNow())
        {
            _ending.Dequeue();
            if (!_expirations.TryGetValue(next.Path, out var known) || known != next.Expiration)
                continue; // Written anew since.
            try
            {
                var answer = await PersistentlyAsync(source, HttpMethod.Get, KeyPath.Escaped(next.Path), [], s_patience, cancellation).ConfigureAwait(false);
                if (answer.Node.Expiration is { } expiration)
                    await ProlongAsync(next.Path, answer, expiration, known, cancellation).ConfigureAwait(false);
            }
            catch (V2RefusedException refused) when (refused.Error.Code is V2Error.KeyNotFound or V2Error.NotADirectory)
            {
                // Its end is among the events to come.
            }
        }
    }

    private async Task ProlongAsync(string path, V2Answer answer, DateTimeOffset expiration, DateTimeOffset known, CancellationToken cancellation)
    {
        if (expiration != known)
        {
            var seconds = Remember(path, expiration, answer.ClockAhead);
            List<KeyValuePair<string, string>> form = [new("prevExist", "true"), new("ttl", seconds), answer.Node.IsDirectory ? new("dir", "true") : new("refresh", "true")];
            try
            {
                await PersistentlyAsync(target, HttpMethod.Put, KeyPath.Escaped(path), form, s_patience, cancellation).ConfigureAwait(false);
            }
            catch (V2RefusedException refused) when (refused.Error.Code == V2Error.KeyNotFound)
            {
                // Too late.
                await WriteAsync(path, answer.Node, answer.ClockAhead, isUpdate: false, cancellation).ConfigureAwait(false);
            }
            return;
        }
        Remember(path, expiration, answer.ClockAhead);
    }

    private async Task WriteAsync(string path, V2Node node, TimeSpan clockAhead, bool isUpdate, CancellationToken cancellation)
    {
        List<KeyValuePair<string, string>> form = [node.Value is { } value ? new("value", value) : new("dir", "true")];
        _expirations.Remove(path);
        if (node.Expiration is { } expiration)
            form.Add(new("ttl", Remember(path, expiration, clockAhead)));
        // An update leaves a node its place in the order of creation.
        if (isUpdate && await TryPutAsync(path, [.. form, new("prevExist", "true")], V2Error.KeyNotFound, cancellation).ConfigureAwait(false))
            return;
        if (await TryPutAsync(path, form, V2Error.NotAFile, cancellation).ConfigureAwait(false))
            return;
        if (node.IsDirectory)
        {
            // It is there; only its time to live may be another.
            if (node.Expiration is not null || _copied.Contains(path))
                await TryPutAsync(path, [.. form, new("prevExist", "true")], V2Error.KeyNotFound, cancellation).ConfigureAwait(false);
            return;
        }
        await PersistentlyAsync(target, HttpMethod.Delete, KeyPath.Escaped(path) + "?recursive=true", [], s_patience, cancellation).ConfigureAwait(false);
        await PersistentlyAsync(target, HttpMethod.Put, KeyPath.Escaped(path), form, s_patience, cancellation).ConfigureAwait(false);
    }

    // False: refused with this code.
    private async Task<bool> TryPutAsync(string path, IReadOnlyList<KeyValuePair<string, string>> form, int refusal, CancellationToken cancellation)
    {
        try
        {
            await PersistentlyAsync(target, HttpMethod.Put, KeyPath.Escaped(path), form, s_patience, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (V2RefusedException refused) when (refused.Error.Code == refusal)
        {
            return false;
        }
    }

    private async Task RemoveAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await PersistentlyAsync(target, HttpMethod.Delete, KeyPath.Escaped(path) + "?recursive=true", [], s_patience, cancellation).ConfigureAwait(false);
        }
        catch (V2RefusedException refused) when (refused.Error.Code is V2Error.KeyNotFound or V2Error.NotADirectory)
        {
            // It has ended by itself.
        }
        _copied.Remove(path);
        _expirations.Remove(path);
        foreach (var below in _copied.GetViewBetween(path + "/", path + "0").Where(below => below.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
        {
            _copied.Remove(below);
            _expirations.Remove(below);
        }
    }

    // The seconds that are left, rounded up: nothing ends earlier than at the source.
    private string Remember(string path, DateTimeOffset expiration, TimeSpan clockAhead)
    {
        var now = time.GetUtcNow();
        var left = expiration - (now + clockAhead);
        _expirations[path] = expiration;
        _ending.Enqueue((path, expiration), now + (left > TimeSpan.FromSeconds(1) ? left / 2 : TimeSpan.FromMilliseconds(500)));
        return Math.Max(1, (long)Math.Ceiling(left.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
    }

    private void Collect(V2Node node, List<(string Path, V2Node Node)> nodes)
    {
        // The directory itself is made with what is in it, unless it is a key.
        if (node.Key.Length > root.Length || !node.IsDirectory)
            nodes.Add((node.Key[root.Length..], node));
        foreach (var child in node.Nodes)
            Collect(child, nodes);
    }

    private async Task<V2Answer> PersistentlyAsync(
        V2Endpoint endpoint, HttpMethod method, string request, IReadOnlyList<KeyValuePair<string, string>> form, TimeSpan patience, CancellationToken cancellation)
    {
        for (var pause = s_firstPause; ; pause = pause * 2 < s_longestPause ? pause * 2 : s_longestPause)
        {
            try
            {
                return await endpoint.AskAsync(method, request, form, patience, cancellation).ConfigureAwait(false);
            }
            catch (V2UnavailableException unavailable)
            {
                await errors.WriteLineAsync($"{endpoint.Service}: {unavailable.Message}; next attempt in {pause.TotalSeconds}s").ConfigureAwait(false);
                await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
            }
        }
    }
}
