using Grpc.Core;

namespace Storage.Host.Grpc;

/// <summary>Writes a feed to a server stream, and beats while there is nothing to write.</summary>
internal static class BeatingStream
{
    public static async Task CopyAsync<TItem, TMessage>(
        IAsyncEnumerable<TItem> items, Func<TItem, TMessage> toWire, TMessage beat, Beats beats, IServerStreamWriter<TMessage> target,
        CancellationToken cancellation)
    {
        await using var source = items.GetAsyncEnumerator(cancellation);
        while (true)
        {
            var next = source.MoveNextAsync();
            var moved = next.IsCompletedSuccessfully
                ? next.Result
                : await BeatUntilAsync(next.AsTask(), beat, beats, target, cancellation).ConfigureAwait(false);
            if (!moved)
                return;
            await target.WriteAsync(toWire(source.Current), cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Awaits the work, and beats until it is done.</summary>
    public static async Task<T> BeatUntilAsync<T, TMessage>(
        Task<T> work, TMessage beat, Beats beats, IServerStreamWriter<TMessage> target, CancellationToken cancellation)
    {
        try
        {
            while (await beats.IsDueBeforeAsync(work).ConfigureAwait(false))
                await target.WriteAsync(beat, cancellation).ConfigureAwait(false);
        }
        catch
        {
            // The client has gone. Who works may be disposed only when at rest, which the cancelled call brings about.
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
        return await work.ConfigureAwait(false);
    }
}
