using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using LeaseManager.Core.Compaction;
using LeaseManager.Host.Proposing;
using Storage.Contracts;

namespace LeaseManager.Host.Compaction;

/// <summary>Follows a rule of automatic compaction; proposes only while this manager is the active one, so one of a cluster does.</summary>
/// <remarks>A compaction twice at one revision, by this manager and its predecessor, is refused the second time and does no harm.</remarks>
internal sealed class CompactionLoop(
    ICompactionRule rule, IStorage storage, LeaseProposer proposer, Func<bool> isActive, LeaseManagerOptions options, TimeProvider time, ILogger logger)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            rule.Begin(time.Monotonic(), await RevisionAsync(stopping));
            while (true)
            {
                await Task.Delay(rule.Interval, time, stopping);
                var revision = await RevisionAsync(stopping);
                if (rule.Look(time.Monotonic(), revision, isActive()) is { } target)
                    await CompactAsync(target, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end of the service is the end of the loop.
        }
    }

    private async Task CompactAsync(long target, CancellationToken stopping)
    {
        // Without a leader no result comes: then the next look asks again.
        using var patience = new CancellationTokenSource(options.CompactionPatience, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stopping, patience.Token);
        try
        {
            var result = await proposer.ProposeAsync(CommandKind.Compact, new CompactionRequest { Revision = target }.ToByteArray(), waiting.Token);
            if (result.Error is StorageError.None or StorageError.Compacted)
            {
                rule.Done(time.Monotonic(), target);
                Log.Compacted(logger, target);
            }
            else
            {
                Log.CompactionRefused(logger, target, result.Error);
            }
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            Log.CompactionLate(logger, target, options.CompactionPatience);
        }
    }

    private async Task<long> RevisionAsync(CancellationToken stopping)
    {
        var retry = new Backoff(options.RetryMin, options.RetryMax, time);
        while (true)
        {
            try
            {
                return (await storage.GetStatusAsync(stopping)).Revision;
            }
#pragma warning disable CA1031 // Storage is away, whatever it threw: asked again until the service stops.
            catch (Exception exception) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
            {
                Log.RevisionUnknown(logger, retry.IsFirst ? LogLevel.Warning : LogLevel.Debug, exception);
            }
            await retry.WaitAsync(stopping);
            stopping.ThrowIfCancellationRequested();
        }
    }
}
