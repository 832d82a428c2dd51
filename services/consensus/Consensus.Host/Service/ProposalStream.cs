using Consensus.Contracts;

namespace Consensus.Host.Service;

/// <summary>One proposer's way to the log thread.</summary>
internal sealed class ProposalStream(ConsensusService service) : IProposalStream
{
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _reason;

    public Task Broken => _broken.Task;

    public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
    {
        if (_reason is { } reason)
            return ValueTask.FromException(new ProposalStreamBrokenException(reason));
        if (proposal.Command.Length > ConsensusLimits.MaxCommandBytes)
            throw new ArgumentOutOfRangeException(nameof(proposal), $"a command has at most {ConsensusLimits.MaxCommandBytes} bytes");
        return service.EnqueueAsync(proposal, cancellation);
    }

    public void Break(string reason)
    {
        _reason ??= reason;
        _broken.TrySetResult();
    }

    public ValueTask DisposeAsync()
    {
        Break("the stream was closed");
        service.Forget(this);
        return default;
    }
}
