using Consensus.Contracts;
using Microsoft.Extensions.Logging;

namespace Storage.Host.Service;

/// <summary>
/// Tells consensus how far this replica is durable (I9): at start, so that a restart does not look like a replica that holds nothing, and after
/// every commit. Only the newest index counts; one that cannot be reported is tried again.
/// </summary>
internal sealed class DurabilityReports(IConsensus consensus, string replica, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromSeconds(2);

    private readonly Wakeup _news = new();
    private ulong _newest;

    public void Report(LogIndex durable)
    {
        Volatile.Write(ref _newest, durable.Value);
        _news.Raise();
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await _news.WaitAsync(stopping).ConfigureAwait(false);
                for (var backoff = s_firstBackoff; !await TryReportAsync(backoff, stopping).ConfigureAwait(false);)
                {
                    await Task.Delay(backoff, time, stopping).ConfigureAwait(false);
                    backoff = backoff * 2 < s_longestBackoff ? backoff * 2 : s_longestBackoff;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Told to stop; the next start reports.
        }
    }

    private async Task<bool> TryReportAsync(TimeSpan backoff, CancellationToken stopping)
    {
        var durable = new LogIndex(Volatile.Read(ref _newest));
        try
        {
            await consensus.ReportDurableAsync(replica, durable, stopping).ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // Only lets consensus drop old entries; whatever failed, the way on is to say it again.
        catch (Exception exception) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            StorageLog.ReportFailed(logger, exception, durable.Value, backoff);
            return false;
        }
    }
}
