using Consensus.Host.Service;
using Microsoft.Extensions.Logging;

namespace Consensus.Host;

/// <summary>
/// Opens a member's log on a thread of its own, while the rest of a process starts: what the others need first, and what needs nothing of them.
/// Dispose closes what was not taken.
/// </summary>
public sealed class EarlyConsensus : IDisposable
{
    private readonly TaskCompletionSource _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<ConsensusService> _opening;
    private int _isTaken;

    /// <summary>Completes when <see cref="Dispose"/> has closed what was not taken.</summary>
    internal Task Closed { get; private set; } = Task.CompletedTask;

    private EarlyConsensus(ConsensusOptions options, ILogger<ConsensusService> logger) =>
        _opening = Task.Run(() => ConsensusService.StartAsync(options with { OnRemoved = _removed.SetResult }, logger));

    /// <summary>Begins with these options; <see cref="ConsensusOptions.OnRemoved"/> is whatever <see cref="Take"/> is given.</summary>
    public static EarlyConsensus Begin(ConsensusOptions options, ILogger<ConsensusService> logger) => new(options, logger);

    /// <summary>The member, once it has begun; fails as its start did. It belongs to the caller then.</summary>
    /// <param name="onRemoved">Called once when the cluster has removed this member, even if that was before.</param>
    /// <exception cref="InvalidOperationException">It was taken before.</exception>
    public ConsensusService Take(Action onRemoved)
    {
        if (Interlocked.Exchange(ref _isTaken, 1) != 0)
            throw new InvalidOperationException("the member is taken");
        _ = CallAsync(onRemoved);
        return _opening.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isTaken, 1) == 0)
            Closed = CloseAsync();
    }

    private async Task CallAsync(Action onRemoved)
    {
        await _removed.Task.ConfigureAwait(false);
        onRemoved();
    }

    // Nobody waits for it: the process is about to end, and has said why.
    private async Task CloseAsync()
    {
        await ((Task)_opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_opening.IsCompletedSuccessfully)
            await (await _opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    }
}
