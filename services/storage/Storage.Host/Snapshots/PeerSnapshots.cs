using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;

namespace Storage.Host.Snapshots;

/// <summary>
/// Snapshots from the other replicas, asked in turn until one is recent enough. Every call begins with the peer after the one asked last. For one
/// caller at a time.
/// </summary>
/// <param name="peers">The other replicas as of now.</param>
/// <param name="options">The limit of silence.</param>
/// <param name="time">Its clock.</param>
/// <param name="logger">Where it says who was passed over.</param>
public sealed class PeerSnapshots(
    Func<CancellationToken, ValueTask<IReadOnlyList<IStorage>>> peers, StorageOptions options, TimeProvider time, ILogger<PeerSnapshots> logger)
    : ISnapshotSource
{
    private int _turn;

    /// <exception cref="SnapshotAbortedException">No peer has a snapshot that is recent enough, or one has gone silent.</exception>
    public async IAsyncEnumerable<SnapshotChunk> FetchAsync(LogIndex atLeast, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var all = await peers(cancellation).ConfigureAwait(false);
        if (all.Count == 0)
            throw new NoPeersException();
        for (var asked = 0; asked < all.Count; asked++)
        {
            var number = (int)((uint)_turn++ % (uint)all.Count);
            await using var transfer = new SnapshotTransfer(all[number], options.SnapshotSilenceLimit, time, cancellation);
            if (await WhyNotAsync(transfer, atLeast, cancellation).ConfigureAwait(false) is { } why)
            {
                StorageLog.PeerPassedOver(logger, number + 1, all.Count, why);
                continue;
            }
            do
                yield return transfer.Current;
            while (await transfer.MoveNextAsync().ConfigureAwait(false));
            yield break;
        }
        throw new SnapshotAbortedException($"none of {all.Count} peers gives a snapshot of log index {atLeast} or later");
    }

    // Null: the transfer is at its start, and that is recent enough.
    private static async ValueTask<string?> WhyNotAsync(SnapshotTransfer transfer, LogIndex atLeast, CancellationToken cancellation)
    {
        try
        {
            if (!await transfer.MoveNextAsync().ConfigureAwait(false))
                return "its snapshot is empty";
            return transfer.Current is SnapshotStart start && start.AppliedIndex < atLeast
                ? $"it has applied {start.AppliedIndex}, {atLeast} is needed"
                : null;
        }
#pragma warning disable CA1031 // Whatever is wrong with this peer, the next one may be better.
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return exception.Message;
        }
    }
}
