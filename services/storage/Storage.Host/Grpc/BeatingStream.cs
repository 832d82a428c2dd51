using Grpc.Core;

namespace Storage.Host.Grpc;

/// <summary>Writes a feed to a server stream, and beats while there is nothing to write. A beat says that there is nothing, which a replica must be able to know.</summary>
internal static class BeatingStream
{
    public static async Task CopyAsync<TItem, TMessage>(
        IAsyncEnumerable<TItem> items, Func<TItem, TMessage> toWire, TMessage beat, Beats beats, IServerStreamWriter<TMessage> target,
        CancellationTokenSource ending)
    {
        await using var source = items.GetAsyncEnumerator(ending.Token);
        while (true)
        {
            var next = source.MoveNextAsync();
            var moved = next.IsCompletedSuccessfully
                ? next.Result
                : await BeatUntilAsync(next.AsTask(), beat, beats, target, ending).ConfigureAwait(false);
            if (!moved)
                return;
            await target.WriteAsync(toWire(source.Current), ending.Token).ConfigureAwait(false);
        }
    }

    /// <summary>Awaits the work, and beats until it is done.</summary>
    /// <param name="work">Ends soon when <paramref name="ending"/> is cancelled.</param>
    /// <param name="beat">What a beat is.</param>
    /// <param name="beats">When they are due.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="ending">Of the whole call.</param>
    /// <exception cref="RpcException">The replica may not beat: it is cut off.</exception>
    public static async Task<T> BeatUntilAsync<T, TMessage>(
        Task<T> work, TMessage beat, Beats beats, IServerStreamWriter<TMessage> target, CancellationTokenSource ending)
    {
        try
        {
            while (await beats.IsDueBeforeAsync(work).ConfigureAwait(false))
                await target.WriteAsync(beat, ending.Token).ConfigureAwait(false);
        }
        catch
        {
            // The client has gone, or is sent away. Who works may be disposed only when at rest, which cancelling brings about.
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        return await work.ConfigureAwait(false);
    }
}
