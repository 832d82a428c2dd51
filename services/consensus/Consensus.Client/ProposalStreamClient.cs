using Consensus.Client.Batching;
using Consensus.Client.Beats;
using Consensus.Client.Wire;
using Consensus.Contracts;
using Grpc.Core;
using Liveness;

namespace Consensus.Client;

/// <summary>
/// A proposal stream over one duplex call: what is queued while one message is written is the next message, and the member's beats
/// tell that it is there.
/// </summary>
internal sealed class ProposalStreamClient : IProposalStream
{
    // Enough to fill several groups of the log; beyond it the proposers wait, which is the back pressure of the log.
    private const int MaxQueuedProposals = 8192;
    private const long MaxQueuedBytes = 4 * 1024 * 1024;

    private readonly AsyncDuplexStreamingCall<ProposeBatch, ProposeBeat> _call;
    private readonly BatchQueue<Proposal> _queue;
    private readonly SilenceWatch _silence;
    private readonly SemaphoreSlim _wake = new(0);
    private readonly TaskCompletionSource<ProposalStreamEnd> _broken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _sending;
    private readonly Task _listening;
    private volatile bool _isClosed;

    public ProposalStreamClient(ConsensusLog.ConsensusLogClient log, TimeProvider time)
    {
        var traffic = new CallTraffic();
        _call = traffic.Open(() => log.Propose());
        _queue = new BatchQueue<Proposal>(MaxQueuedProposals, MaxQueuedBytes, () => _wake.Release());
        _silence = new SilenceWatch(BeatTiming.Silence, traffic, time, () => Abort("the member has fallen silent"));
        _sending = SendAsync();
        _listening = ListenAsync();
    }

    public Task<ProposalStreamEnd> Broken => _broken.Task;

    public ValueTask ProposeAsync(Proposal proposal, CancellationToken cancellation)
    {
        if (proposal.Command.Length > ConsensusLimits.MaxCommandBytes)
            throw new ArgumentOutOfRangeException(nameof(proposal), $"a command has at most {ConsensusLimits.MaxCommandBytes} bytes");
        return _queue.EnqueueAsync(proposal, proposal.Command.Length, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        // No word against the member: whoever opens the next stream stays with it.
        Break("the stream was closed", ProposalStreamEnd.MemberServes);
        // Nor is it waited for. It may be holding back what it was sent, for as long as nobody leads; and what has no outcome goes again anyway.
        _call.Dispose();
        await _sending.ConfigureAwait(false);
        await _listening.ConfigureAwait(false);
        _silence.Dispose();
        _call.Dispose();
        _wake.Dispose();
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
        catch (Exception e) when (CallLoss.Is(e))
        {
            // The call has ended; that is how a stream breaks.
            Break($"the connection to consensus was lost: {e.Message}");
        }
    }

    private async Task ListenAsync()
    {
        var leaderless = 0;
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None).ConfigureAwait(false))
            {
                _silence.Heard();
                var beat = _call.ResponseStream.Current;
                leaderless = beat.LeaderId == 0 ? leaderless + 1 : 0;
                if (beat.Ended.Length > 0)
                    Break(beat.Ended, beat.Serves ? ProposalStreamEnd.MemberServes : ProposalStreamEnd.MemberLost);
                else if (leaderless >= BeatTiming.Leaderless)
                    Abort("the member has known no leader for a while");
            }
            Break("the member ended the stream");
        }
        catch (Exception e) when (CallLoss.Is(e))
        {
            Break($"the connection to consensus was lost: {e.Message}");
        }
    }

    /// <summary>Breaks, and does not wait for the member to see it: a write that is under way ends too.</summary>
    private void Abort(string reason)
    {
        Break(reason);
        _call.Dispose();
    }

    private void Break(string reason, ProposalStreamEnd end = ProposalStreamEnd.MemberLost)
    {
        _isClosed = true;
        // Wakes the sender too, which then ends.
        _queue.Close(() => new ProposalStreamBrokenException(reason));
        _broken.TrySetResult(end);
    }
}
