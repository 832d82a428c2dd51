using Consensus.Client.Batching;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Core;

namespace Consensus.Client;

/// <summary>A proposal stream over one client-streaming call: what is queued while one message is written is the next message.</summary>
internal sealed class ProposalStreamClient : IProposalStream
{
    // Enough to fill several groups of the log; beyond it the proposers wait, which is the back pressure of the log.
    private const int MaxQueuedProposals = 8192;
    private const long MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly AsyncClientStreamingCall<ProposeBatch, ProposeEnd> _call;
    private readonly BatchQueue<Proposal> _queue;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly TaskCompletionSource _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _sending;
    private volatile bool _isClosed;

    public ProposalStreamClient(ConsensusLog.ConsensusLogClient log)
    {
        _call = log.Propose();
        _queue = new BatchQueue<Proposal>(MaxQueuedProposals, MaxQueuedBytes, () => _wake.Release());
        _sending = SendAsync();
        _ = WatchEndAsync();
    }

    public Task Broken => _broken.Task;

    public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
    {
        if (proposal.Command.Length > ConsensusLimits.MaxCommandBytes)
            throw new ArgumentOutOfRangeException(nameof(proposal), $"a command has at most {ConsensusLimits.MaxCommandBytes} bytes");
        return _queue.EnqueueAsync(proposal, proposal.Command.Length, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        Break("the stream was closed");
        await _sending.ConfigureAwait(false);
        _call.Dispose();
    }

    private async Task SendAsync()
    {
        var batch = new List<Proposal>();
        try
        {
            while (!_isClosed)
            {
                await _wake.WaitAsync().ConfigureAwait(false);
                _queue.Drain(ref batch);
                if (batch.Count == 0)
                    continue;
                var message = new ProposeBatch();
                message.Proposals.Capacity = batch.Count;
                foreach (var proposal in batch)
                    message.Proposals.Add(WireFormat.ToWire(proposal));
                batch.Clear();
                await _call.RequestStream.WriteAsync(message).ConfigureAwait(false);
            }
            await _call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or ObjectDisposedException)
        {
            // The call has ended; that is how a stream breaks.
            Break($"the connection to consensus was lost: {e.Message}");
        }
    }

    /// <summary>The server answers when its stream is broken, and the call fails when the connection is lost.</summary>
    private async Task WatchEndAsync()
    {
        try
        {
            var end = await _call.ResponseAsync.ConfigureAwait(false);
            Break(end.Reason);
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException)
        {
            Break($"the connection to consensus was lost: {e.Message}");
        }
    }

    private void Break(string reason)
    {
        _isClosed = true;
        // Wakes the sender too, which then ends.
        _queue.Close(() => new ProposalStreamBrokenException(reason));
        _broken.TrySetResult();
    }
}
