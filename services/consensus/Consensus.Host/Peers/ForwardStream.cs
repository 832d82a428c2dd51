using Consensus.Client.Batching;
using Consensus.Contracts;
using Consensus.Host.Peers.Wire;
using Grpc.Core;
using Grpc.Net.Client;
using Liveness;

namespace Consensus.Host.Peers;

/// <summary>Proposals of this member's streams on their way to the leader: what waits while one message is written is the next message.</summary>
internal sealed class ForwardStream : IAsyncDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly BatchQueue<Proposal> _queue;
    private readonly WorkSignal _wake = new();
    private readonly TaskCompletionSource<string> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;

    /// <param name="channel">To the leader; stays the caller's.</param>
    /// <param name="maxProposals">Proposals that may wait; beyond it proposers do.</param>
    /// <param name="maxBytes">The same bound in bytes.</param>
    public ForwardStream(GrpcChannel channel, int maxProposals, long maxBytes)
    {
        _queue = new BatchQueue<Proposal>(maxProposals, maxBytes, _wake.Set);
        _running = RunAsync(channel);
    }

    /// <summary>Completes with the reason when what was handed over may not reach the leader.</summary>
    public Task<string> Broken => _broken.Task;

    /// <summary>Once broken: no answer ended it, but the loss of the connection, as when the leader's process ends.</summary>
    public bool IsConnectionLost { get; private set; }

    /// <summary>Completes synchronously while there is room.</summary>
    /// <exception cref="ProposalStreamBrokenException">The leader is lost.</exception>
    public ValueTask ProposeAsync(in Proposal proposal, CancellationToken cancellation) =>
        _queue.EnqueueAsync(proposal, proposal.Command.Length, cancellation);

    public async ValueTask DisposeAsync()
    {
        Break("the leader changed");
        await _running.ConfigureAwait(false);
        _ended.Dispose();
    }

    private async Task RunAsync(GrpcChannel channel)
    {
        // Not on the caller's thread, which is the log's.
        await Task.Yield();
        try
        {
            using var call = new ConsensusPeer.ConsensusPeerClient(channel).Forward(cancellationToken: _ended.Token);
            var answer = call.ResponseAsync;
            var sending = SendAsync(call.RequestStream);
            await Task.WhenAny(answer, sending).ConfigureAwait(false);
            IsConnectionLost = !answer.IsCompletedSuccessfully;
            Break(answer.IsCompletedSuccessfully ? (await answer.ConfigureAwait(false)).Reason : "the connection to the leader was lost");
            await sending.ConfigureAwait(false);
            await answer.ConfigureAwait(false);
        }
        catch (Exception exception) when (CallLoss.Is(exception))
        {
            IsConnectionLost = true;
            Break($"the connection to the leader was lost: {exception.Message}");
        }
    }

    private async Task SendAsync(IClientStreamWriter<ForwardBatch> stream)
    {
        var batch = new List<Proposal>();
        while (true)
        {
            await _wake.WaitAsync().ConfigureAwait(false);
            _queue.Drain(ref batch);
            if (batch.Count == 0)
                continue;
            var message = new ForwardBatch();
            message.Commands.Capacity = batch.Count;
            foreach (var proposal in batch)
                message.Commands.Add(PeerWire.ToWire(proposal));
            batch.Clear();
            await stream.WriteAsync(message, _ended.Token).ConfigureAwait(false);
        }
    }

    private void Break(string reason)
    {
        if (!_broken.TrySetResult(reason))
            return;
        _queue.Close(() => new ProposalStreamBrokenException(reason));
        _wake.Close();
        _ended.Cancel();
    }
}
