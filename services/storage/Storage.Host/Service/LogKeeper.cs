using Consensus.Contracts;
using Microsoft.Extensions.Logging;

namespace Storage.Host.Service;

/// <summary>
/// Has consensus keep the entries that come after a state while that is being received: else a state that takes long is behind the log again when it is there, and so is
/// the next one, for ever.
/// </summary>
internal sealed class LogKeeper(IConsensus consensus, string replica, TimeProvider time, ILogger logger)
{
    // Several words may get lost.
    private static readonly TimeSpan s_interval = ConsensusLimits.KeepTime / 5;

    /// <summary>Says so until cancelled; does not throw.</summary>
    public async Task RunAsync(LogIndex after, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                await consensus.KeepAsync(replica, after, ending).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // Whatever failed, the state may still be in time; and the way on is to say it again.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                if (ending.IsCancellationRequested)
                    return;
                StorageLog.KeepFailed(logger, exception, after.Value, s_interval);
            }
            await Task.Delay(s_interval, time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
