using Storage.Contracts;

namespace ApiGateway.Host.Proposing;

/// <summary>
/// A few outcomes of one applied batch, handed to the pool as one work item: the apply thread pays one enqueue for
/// <see cref="Capacity"/> requests, and so many answers are written one after the other by one thread.
/// </summary>
internal sealed class OutcomeBatch : IThreadPoolWorkItem
{
    /// <summary>An answer costs some microseconds to write; eight in a row stay well under the tail latency of a put.</summary>
    public const int Capacity = 8;

    private readonly (PendingProposal Proposal, CommandResult Result)[] _outcomes =
        new (PendingProposal, CommandResult)[Capacity];

    private int _count;

    public bool IsFull => _count == Capacity;

    public void Add(PendingProposal proposal, in CommandResult result) => _outcomes[_count++] = (proposal, result);

    public void Execute()
    {
        for (var i = 0; i < _count; i++)
            _outcomes[i].Proposal.Complete(_outcomes[i].Result);
    }
}
