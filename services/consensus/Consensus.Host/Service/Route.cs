using Consensus.Contracts;
using Consensus.Host.Peers;

namespace Consensus.Host.Service;

/// <summary>Where proposals go at the moment: nowhere yet, to this member's own log thread, or to another member that leads.</summary>
/// <param name="Term">Term of the leader.</param>
/// <param name="Leader">The leader; default is nobody.</param>
/// <param name="Forward">The way to another member; null when this one leads, or nobody does.</param>
internal sealed record Route(Term Term, MemberId Leader, ForwardStream? Forward) : IDisposable
{
    private readonly TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static Route None() => new(default, default, null);

    public bool IsNowhere => Leader == default;

    /// <summary>Completes when there is another route.</summary>
    public Task Replaced => _replaced.Task;

    /// <summary>Another route is in its place.</summary>
    public void Dispose()
    {
        _replaced.TrySetResult();
        _ = Forward?.DisposeAsync().AsTask();
    }
}
