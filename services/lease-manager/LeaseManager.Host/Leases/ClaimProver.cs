using Consensus.Contracts;
using LeaseManager.Contracts;

namespace LeaseManager.Host.Leases;

/// <summary>
/// Proves that this manager's claim is the newest: a read index that was asked for at a moment p covers every claim committed before p, so when the feed has
/// reached it and still shows our epoch, no successor was active at p. One round at a time, for all keep-alives that need it. Thread-safe.
/// </summary>
internal sealed class ClaimProver(IConsensus consensus, LeaseBook book, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _round = Task.CompletedTask;

    /// <summary>Waits for a round, the running one if there is one. Whether the claim is proven then, the book says.</summary>
    /// <exception cref="LeaseManagerNotActiveException">No leader confirmed anything.</exception>
    public Task ProveAsync(CancellationToken cancellation) => Round().WaitAsync(cancellation);

    /// <summary>Starts a round ahead of need, so that a steady stream of keep-alives never waits for one.</summary>
    public void Refresh()
    {
        var round = Round();
        if (!round.IsCompleted)
            _ = round.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        else
            _ = round.Exception;
    }

    // Not the token source itself: it holds nothing, and a container disposes what it knows under two names twice.
    public void Dispose() => _stopping.Cancel();

    private Task Round()
    {
        lock (_gate)
            return _round.IsCompleted ? _round = RoundAsync(_stopping.Token) : _round;
    }

    private async Task RoundAsync(CancellationToken stopping)
    {
        var began = time.Monotonic();
        try
        {
            var read = await consensus.ReadIndexAsync(stopping);
            await book.WaitAppliedAsync(read.Index, stopping);
        }
        catch (NoLeaderException noLeader)
        {
            throw new LeaseManagerNotActiveException($"the claim could not be confirmed: {noLeader.Message}");
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            throw new LeaseManagerNotActiveException("the lease manager is stopping");
        }
        book.Proven(began);
    }
}
