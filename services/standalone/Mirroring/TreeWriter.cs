using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>
/// Makes a directory of a v2 key space like another: values, directories, times to live, and the order in which nodes were created. Where the target has a key of its own below a name that
/// the source has not, it stays. Not thread-safe.
/// </summary>
/// <param name="target">The directory to write to.</param>
/// <param name="endings">Hears of every time to live that is written.</param>
/// <param name="time">For times to live.</param>
internal sealed class TreeWriter(PersistentEndpoint target, Endings endings, TimeProvider time)
{
    // Paths below the directory that were copied: what is gone after a gap in the history is found by them.
    private SortedSet<string> _copied = new(StringComparer.Ordinal);

    /// <summary>Writes all there is, and removes what was copied before and is gone.</summary>
    /// <returns>The number of keys and directories.</returns>
    /// <exception cref="V2RefusedException">The target refuses.</exception>
    public async Task<int> CopyAsync(SourceTree tree, CancellationToken cancellation)
    {
        var copied = new SortedSet<string>(StringComparer.Ordinal);
        // Parents were created with their first child, or before it.
        foreach (var (path, node) in tree.Nodes.OrderBy(static pair => pair.Node.CreatedIndex).ThenBy(static pair => pair.Path.Length))
        {
            if (!node.IsDirectory && HasEnded(tree, node))
                continue;
            // Directories get their time to live last: what is written below one that has ended meanwhile would make another, for good.
            await WriteAsync(path, node.IsDirectory ? node with { Expiration = null } : node, tree.ClockAhead, isUpdate: false, cancellation).ConfigureAwait(false);
            copied.Add(path);
        }
        foreach (var (path, node) in tree.Nodes.Where(static pair => pair.Node is { IsDirectory: true, Expiration: not null }).OrderByDescending(static pair => pair.Path.Length))
        {
            if (HasEnded(tree, node))
            {
                await RemoveAsync(path, cancellation).ConfigureAwait(false);
                copied.RemoveWhere(other => other == path || other.StartsWith(path + "/", StringComparison.Ordinal));
            }
            else
            {
                await WriteAsync(path, node, tree.ClockAhead, isUpdate: true, cancellation).ConfigureAwait(false);
            }
        }
        foreach (var gone in _copied.Except(copied).OrderByDescending(static path => path.Length).ToList())
            await RemoveAsync(gone, cancellation).ConfigureAwait(false);
        _copied = copied;
        return copied.Count;
    }

    /// <summary>Writes one node.</summary>
    /// <param name="path">Below the directory.</param>
    /// <param name="node">As the source has it.</param>
    /// <param name="clockAhead">How far the source's clock is ahead of ours.</param>
    /// <param name="isUpdate">It is not new: it keeps its place in the order of creation.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task WriteAsync(string path, V2Node node, TimeSpan clockAhead, bool isUpdate, CancellationToken cancellation)
    {
        await PutAsync(path, node, clockAhead, isUpdate, cancellation).ConfigureAwait(false);
        _copied.Add(path);
    }

    /// <summary>Gives a node that was written another time to live; writes it anew when it has ended meanwhile.</summary>
    public async Task ProlongAsync(string path, V2Node node, DateTimeOffset expiration, TimeSpan clockAhead, CancellationToken cancellation)
    {
        var seconds = endings.Remember(path, expiration, clockAhead);
        List<KeyValuePair<string, string>> form = [new("prevExist", "true"), new("ttl", seconds), node.IsDirectory ? new("dir", "true") : new("refresh", "true")];
        if (!await TryPutAsync(path, form, V2Error.KeyNotFound, cancellation).ConfigureAwait(false))
            await PutAsync(path, node, clockAhead, isUpdate: false, cancellation).ConfigureAwait(false);
    }

    /// <summary>Removes a node with all below it, if it is there.</summary>
    public async Task RemoveAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await target.AskAsync(HttpMethod.Delete, KeyPath.Escaped(path) + "?recursive=true", [], cancellation).ConfigureAwait(false);
        }
        catch (V2RefusedException refused) when (refused.Error.Code is V2Error.KeyNotFound or V2Error.NotADirectory)
        {
            // It has ended by itself.
        }
        Forget(path);
        foreach (var below in _copied.GetViewBetween(path + "/", path + "0").Where(below => below.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
            Forget(below);
    }

    private async Task PutAsync(string path, V2Node node, TimeSpan clockAhead, bool isUpdate, CancellationToken cancellation)
    {
        List<KeyValuePair<string, string>> form = [node.Value is { } value ? new("value", value) : new("dir", "true")];
        endings.Forget(path);
        if (node.Expiration is { } expiration)
            form.Add(new("ttl", endings.Remember(path, expiration, clockAhead)));
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
        await target.AskAsync(HttpMethod.Delete, KeyPath.Escaped(path) + "?recursive=true", [], cancellation).ConfigureAwait(false);
        await target.AskAsync(HttpMethod.Put, KeyPath.Escaped(path), form, cancellation).ConfigureAwait(false);
    }

    // False: refused with this code.
    private async Task<bool> TryPutAsync(string path, IReadOnlyList<KeyValuePair<string, string>> form, int refusal, CancellationToken cancellation)
    {
        try
        {
            await target.AskAsync(HttpMethod.Put, KeyPath.Escaped(path), form, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (V2RefusedException refused) when (refused.Error.Code == refusal)
        {
            return false;
        }
    }

    private bool HasEnded(SourceTree tree, V2Node node) => tree.IsFinal && node.Expiration <= time.GetUtcNow() + tree.ClockAhead;

    private void Forget(string path)
    {
        _copied.Remove(path);
        endings.Forget(path);
    }
}
