using System.Runtime.CompilerServices;
using Consensus.Contracts;
using Storage.Tests.Host;

namespace Storage.Tests.Client;

/// <summary>One replica's way to the log, which can be cut while the others keep theirs.</summary>
internal sealed class SeverableLog(FakeConsensus log) : IConsensus
{
    private volatile TaskCompletionSource _cut = New();

    public void Sever() => _cut.SetResult();

    public void Mend() => _cut = New();

    public async IAsyncEnumerable<CommittedBatch> TailAsync(LogIndex from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var cut = _cut.Task;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        await using var tail = log.TailAsync(from, ending.Token).GetAsyncEnumerator(ending.Token);
        while (true)
        {
            var next = tail.MoveNextAsync().AsTask();
            await Task.WhenAny(cut, next);
            // Which of the two woke this up is chance: nothing comes through after the cut.
            if (cut.IsCompleted)
            {
                await ending.CancelAsync();
                await ((Task)next).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw new LogUnavailableException("the way to the log is cut");
            }
            if (!await next)
                yield break;
            yield return tail.Current;
        }
    }

    public ValueTask ReportDurableAsync(string storageReplica, LogIndex durable, CancellationToken cancellation) =>
        log.ReportDurableAsync(storageReplica, durable, cancellation);

    public ValueTask KeepAsync(string storageReplica, LogIndex after, CancellationToken cancellation) => log.KeepAsync(storageReplica, after, cancellation);

    public IProposalStream OpenProposals() => throw new NotSupportedException();

    public ValueTask<ReadIndex> ReadIndexAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ConsensusStatus> GetStatusAsync(CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<ConsensusStatus> GetStatusAsync(LogIndex atLeast, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<MembershipResult> ChangeMembershipAsync(MembershipChange change, CancellationToken cancellation) => throw new NotSupportedException();

    public ValueTask<TransferOutcome> TransferLeadershipAsync(MemberId target, CancellationToken cancellation) => throw new NotSupportedException();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
