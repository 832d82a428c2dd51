using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>One proposer's way to the log of the leader, wherever that is. Bound to one leadership by its first proposal.</summary>
internal sealed class ProposalStream(ConsensusService service, bool mayForward) : IProposalStream
{
    private readonly TaskCompletionSource<ProposalStreamEnd> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _reason;
    private volatile bool _isBound;

    public Task<ProposalStreamEnd> Broken => _broken.Task;

    /// <summary>Why it broke.</summary>
    public string Reason => _reason ?? "";

    /// <summary>It has proposed something: a change of leader breaks it. Before that it merely waits for one.</summary>
    public bool IsBound => _isBound;

    public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
    {
        if (proposal.Command.Length > ConsensusLimits.MaxCommandBytes)
            throw new ArgumentOutOfRangeException(nameof(proposal), $"a command has at most {ConsensusLimits.MaxCommandBytes} bytes");
        if (_reason is { } reason)
            return ValueTask.FromException(new ProposalStreamBrokenException(reason));
        var route = service.CurrentRoute;
        if (route.IsNowhere)
            return mayForward ? ParkAsync(proposal, route, cancellation) : RefuseAsync();

        // Bound first, then the route once more: whoever replaces the route breaks the bound streams after it.
        _isBound = true;
        Interlocked.MemoryBarrier();
        route = service.CurrentRoute;
        if (route.IsNowhere)
            return mayForward ? ParkAsync(proposal, route, cancellation) : RefuseAsync();
        if (route.Forward is not { } forward)
            return service.EnqueueAsync(proposal, cancellation);
        // Handed on once only, or two members with stale views would play ball.
        return mayForward ? forward.ProposeAsync(proposal, cancellation) : RefuseAsync();
    }

    public void Break(string reason, ProposalStreamEnd end)
    {
        _reason ??= reason;
        _broken.TrySetResult(end);
    }

    public ValueTask DisposeAsync()
    {
        Break("the stream was closed", ProposalStreamEnd.MemberServes);
        service.Forget(this);
        return default;
    }

    /// <summary>Nobody leads: waits for somebody who does. How many wait is bounded by their proposers.</summary>
    private async ValueTask ParkAsync(Proposal proposal, Route route, CancellationToken cancellation)
    {
        while (route.IsNowhere)
        {
            await Task.WhenAny(route.Replaced, _broken.Task).WaitAsync(cancellation).ConfigureAwait(false);
            if (_reason is { } reason)
                throw new ProposalStreamBrokenException(reason);
            route = service.CurrentRoute;
        }
        await ProposeAsync(proposal, cancellation).ConfigureAwait(false);
    }

    private ValueTask RefuseAsync()
    {
        Break("this member is not the leader", ProposalStreamEnd.MemberServes);
        return ValueTask.FromException(new ProposalStreamBrokenException(Reason));
    }
}
