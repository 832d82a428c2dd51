using Consensus.Contracts;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using Storage.Core.Checks;

namespace Storage.Host.Checks;

/// <summary>
/// Compares this replica with the others by the hashes of their key spaces: once before it serves, and from time to time while it is the reference. What
/// is found is an alarm CORRUPT, under which nothing is written any more (I11).
/// </summary>
/// <param name="own">This replica.</param>
/// <param name="consensus">Where read indexes come from.</param>
/// <param name="peers">The others.</param>
/// <param name="raise">Raises CORRUPT for a member id.</param>
/// <param name="options">Its times.</param>
/// <param name="time">Its clock.</param>
/// <param name="logger">Where it says what it found.</param>
internal sealed class CorruptionCheck(
    IStorage own, IConsensus consensus, IReplicaPeers peers, Func<ulong, CancellationToken, Task> raise, StorageOptions options, TimeProvider time,
    ILogger logger)
{
    /// <summary>Compares what was on disk, before anything is applied.</summary>
    /// <exception cref="ReplicaDiffersException">It differs.</exception>
    public async Task CompareAtStartAsync(CancellationToken cancellation)
    {
        var before = await own.HashKvAsync(0, cancellation).ConfigureAwait(false);
        var others = await AskAsync(await peers.FindOthersAsync(cancellation).ConfigureAwait(false), before.HashRevision, cancellation).ConfigureAwait(false);
        if (ReplicaComparison.IsDifferent(before, others))
        {
            StorageLog.DiffersAtStart(logger, before.HashRevision, before.CompactRevision, before.Hash);
            throw new ReplicaDiffersException(options.AlarmMember);
        }
        StorageLog.SameAtStart(logger, others.Count(static other => other.Error == StorageError.None), others.Length, before.HashRevision);
    }

    /// <summary>Compares from time to time until told to stop.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await Task.Delay(options.CorruptCheckInterval, time, stopping).ConfigureAwait(false);
                if (peers.IsReference)
                    await TryCompareAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task TryCompareAsync(CancellationToken stopping)
    {
        try
        {
            await CompareAsync(stopping).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Without a leader, or a peer that goes away: the next round compares again.
        catch (Exception exception) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            StorageLog.CompareFailed(logger, exception);
        }
    }

    private async Task CompareAsync(CancellationToken stopping)
    {
        var asked = await peers.FindOthersAsync(stopping).ConfigureAwait(false);
        var before = await own.HashKvAsync(0, stopping).ConfigureAwait(false);
        var others = await AskAsync(asked, before.HashRevision, stopping).ConfigureAwait(false);
        var read = await consensus.ReadIndexAsync(stopping).ConfigureAwait(false);
        // Any read that waits for the index does.
        await own.LeaseKeysAsync(0, read.Index, stopping).ConfigureAwait(false);
        var after = await own.HashKvAsync(0, stopping).ConfigureAwait(false);
        if (ReplicaComparison.FindDifferent(before, after, others) is not { } place)
        {
            StorageLog.Compared(logger, others.Count(static other => other.Error == StorageError.None), others.Length, before.HashRevision);
            return;
        }
        var different = place == ReplicaComparison.Own ? own : asked[place];
        var member = (await different.GetStatusAsync(stopping).ConfigureAwait(false)).AlarmMember;
        StorageLog.Differs(logger, member, before.HashRevision);
        await raise(member, stopping).ConfigureAwait(false);
    }

    private async Task<HashResult[]> AskAsync(IReadOnlyList<IStorage> asked, long revision, CancellationToken cancellation) =>
        await Task.WhenAll(asked.Select(peer => AskAsync(peer, revision, cancellation))).ConfigureAwait(false);

    // One that does not answer is passed over, like one that has not got there.
    private async Task<HashResult> AskAsync(IStorage peer, long revision, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(options.PeerHashLimit, time);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellation, patience.Token);
        try
        {
            return await peer.HashKvAsync(revision, asking.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever keeps it from answering.
        catch (Exception exception) when (!cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            StorageLog.PeerNotCompared(logger, exception.Message);
            return new HashResult(StorageError.FutureRevision, 0, 0, 0, 0, default);
        }
    }
}
