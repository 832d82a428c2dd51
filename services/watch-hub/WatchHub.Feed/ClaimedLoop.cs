using Microsoft.Extensions.Logging;
using WatchHub.Feed.Store;

namespace WatchHub.Feed;

/// <summary>Runs a feed whenever it is this process's turn, until the process stops.</summary>
internal static class ClaimedLoop
{
    /// <param name="feed">Its name.</param>
    /// <param name="context">What it works with.</param>
    /// <param name="work">The feed, from the claim's cursor on. Ends with an exception.</param>
    /// <param name="stopping">Of the process.</param>
    public static async Task RunAsync(string feed, FeedContext context, Func<HeldClaim, CancellationToken, Task> work, CancellationToken stopping)
    {
        var (active, retry) = (context.Metrics.Of(feed).Active, new Backoff(context.Options, context.Time));
        await using var commands = context.OpenCommands();
        var claims = context.ClaimsOf(feed, commands);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var claim = await claims.TakeAsync(stopping).ConfigureAwait(false);
                await using var _ = claim.ConfigureAwait(false);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(claim.Lost, stopping);
                active.Value = 1;
                try
                {
                    await work(claim, either.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException) when (claim.Lost.IsCancellationRequested && !stopping.IsCancellationRequested)
                {
                    throw new ClaimLostException();
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (ClaimLostException)
            {
                Log.ClaimLost(context.Logger, feed);
            }
#pragma warning disable CA1031 // A feed that broke goes on from its cursor; the hub beside it serves on.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                Log.Broken(context.Logger, LogLevel.Warning, feed, broken);
            }
            finally
            {
                active.Value = 0;
            }
            await Task.Delay(context.Options.RetryMin, context.Time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
