using System.Globalization;
using Standalone.V2;

namespace Standalone.Mirroring;

/// <summary>Keeps a directory of one v2 key space like that of another, which is in use.</summary>
/// <remarks>
/// Names that begin with "_" are in no list and no recursive watch of v2, and so are not copied. Not thread-safe.
/// </remarks>
/// <param name="source">The directory to copy.</param>
/// <param name="root">Its path, as <see cref="KeyPath.Clean"/> makes it.</param>
/// <param name="target">Writes what is copied.</param>
/// <param name="endings">What <paramref name="target"/> has told of times to live.</param>
/// <param name="output">Hears how far it is.</param>
internal sealed class TreeMirror(PersistentEndpoint source, string root, TreeWriter target, Endings endings, TextWriter output)
{
    private static readonly TimeSpan s_listPatience = TimeSpan.FromMinutes(5);

    /// <summary>Everything up to this index of the source is at the target.</summary>
    public ulong Index { get; private set; }

    /// <summary>Copies all there is.</summary>
    public async Task CopyAsync(CancellationToken cancellation)
    {
        SourceTree tree;
        try
        {
            tree = SourceTree.Of(await source.AskAsync(HttpMethod.Get, "?recursive=true&sorted=true", [], s_listPatience, cancellation).ConfigureAwait(false), root);
        }
        catch (V2RefusedException refused) when (refused.Error.Code == V2Error.KeyNotFound)
        {
            tree = new SourceTree([], refused.Error.Index); // There may come something.
        }
        var copied = await target.CopyAsync(tree, cancellation).ConfigureAwait(false);
        Index = tree.Index;
        await output.WriteLineAsync(Copied(copied, Index)).ConfigureAwait(false);
    }

    /// <summary>What is said of a copy.</summary>
    public static string Copied(int count, ulong index) => string.Create(CultureInfo.InvariantCulture, $"copied {count} keys and directories as of index {index}");

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
        if (endings.UntilNext is { } left)
        {
            if (left == TimeSpan.Zero)
                return null;
            // Longer times than timers take are waited for in parts.
            turn.CancelAfter(left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1));
        }
        try
        {
            var request = string.Create(CultureInfo.InvariantCulture, $"?wait=true&recursive=true&waitIndex={Index + 1}");
            return await source.AskAsync(HttpMethod.Get, request, [], Timeout.InfiniteTimeSpan, turn.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private Task ApplyAsync(V2Answer answer, CancellationToken cancellation)
    {
        var path = answer.Node.Key[root.Length..];
        return answer.Action is "delete" or "expire" or "compareAndDelete"
            ? target.RemoveAsync(path, cancellation)
            : target.WriteAsync(path, answer.Node, answer.ClockAhead, answer.Action is "update" or "compareAndSwap", cancellation);
    }

    // What was renewed at the source is renewed at the target, halfway to the end that is known.
    private async Task RenewAsync(CancellationToken cancellation)
    {
        while (endings.TryTake(out var path, out var known))
        {
            try
            {
                var answer = await source.AskAsync(HttpMethod.Get, KeyPath.Escaped(path), [], cancellation).ConfigureAwait(false);
                if (answer.Node.Expiration is not { } expiration)
                    continue; // There is an event to come that says so.
                if (expiration == known)
                    endings.Remember(path, expiration, answer.ClockAhead);
                else
                    await target.ProlongAsync(path, answer.Node, expiration, answer.ClockAhead, cancellation).ConfigureAwait(false);
            }
            catch (V2RefusedException refused) when (refused.Error.Code is V2Error.KeyNotFound or V2Error.NotADirectory)
            {
                // Its end is among the events to come.
            }
        }
    }
}
