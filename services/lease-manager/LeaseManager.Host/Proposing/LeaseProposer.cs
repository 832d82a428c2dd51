using System.Diagnostics;
using Consensus.Contracts;
using Storage.Contracts;

namespace LeaseManager.Host.Proposing;

/// <summary>
/// Proposes commands of one session and waits for their results. When the stream of proposals or of results breaks, whatever has no
/// result is proposed again under the same sequence; the state machine sees to it that it takes effect once (I8).
/// </summary>
internal sealed class LeaseProposer(
    SessionId session, IStorage storage, IConsensus consensus, LeaseManagerOptions options, TimeProvider time, ILogger logger)
{
    private readonly Lock _gate = new();

    // Without a result yet, by sequence. Bounded by the callers: one claim, a few expiry batches, one v2 expiry.
    private readonly SortedDictionary<ulong, Pending> _pending = [];
    private IProposalStream? _stream;
    private ulong _lastSequence;

    /// <summary>
    /// Proposes a command and waits for its result, across any number of broken streams. When it is given up it is not proposed again, but what is
    /// on its way may still take effect.
    /// </summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public async Task<CommandResult> ProposeAsync(CommandKind kind, byte[] payload, CancellationToken givenUp)
    {
        var pending = new Pending(kind, payload);
        IProposalStream? stream;
        Proposal proposal;
        lock (_gate)
        {
            pending.Sequence = ++_lastSequence;
            _pending.Add(pending.Sequence, pending);
            proposal = Encode(pending);
            stream = _stream;
        }
        // Without a stream, the next one that is opened starts with everything pending.
        try
        {
            if (stream is not null)
                await SendAsync(stream, proposal, givenUp);
            return await pending.Result.Task.WaitAsync(givenUp);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
                _pending.Remove(pending.Sequence);
            throw;
        }
    }

    /// <summary>Keeps the streams open until the service stops.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var retry = new Backoff(options.RetryMin, options.RetryMax, time);
        while (!stopping.IsCancellationRequested)
        {
            string reason;
            try
            {
                reason = await ConnectAsync(retry, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Storage or consensus is away, whatever it threw: opened again until the service stops.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                reason = broken.Message;
            }
            int pending;
            lock (_gate)
                pending = _pending.Count;
            Log.ProposalsBroken(logger, retry.IsFirst ? LogLevel.Warning : LogLevel.Debug, reason, pending);
            await retry.WaitAsync(stopping);
        }
    }

    private async Task<string> ConnectAsync(Backoff retry, CancellationToken stopping)
    {
        var sink = new Sink(this, retry);
        // Results first: none may pass unseen once something is proposed.
        using var subscription = await storage.SubscribeResultsAsync(session, sink, stopping);
        await using var stream = consensus.OpenProposals();
        try
        {
            List<Proposal> again;
            lock (_gate)
            {
                again = [.. _pending.Values.Select(Encode)];
                _stream = stream;
            }
            foreach (var proposal in again)
                await SendAsync(stream, proposal, stopping);
            var ended = await Task.WhenAny(stream.Broken, sink.Broken.Task).WaitAsync(stopping);
            return ended == sink.Broken.Task ? await sink.Broken.Task : "the proposal stream ended";
        }
        finally
        {
            lock (_gate)
                _stream = null;
        }
    }

    private static async Task SendAsync(IProposalStream stream, Proposal proposal, CancellationToken stopping)
    {
        try
        {
            await stream.ProposeAsync(proposal, stopping);
        }
        catch (ProposalStreamBrokenException)
        {
            // The stream's Broken says so too, and whoever waits there proposes again.
        }
    }

    // Under the gate.
    private Proposal Encode(Pending pending)
    {
        var envelope = new CommandEnvelope(
            pending.Kind, session, pending.Sequence, LowestPending: _pending.First().Key, time.UnixNanos(), Trace: default);
        return new Proposal(envelope.Encode(pending.Payload), default);
    }

    private void Complete(in CommandResult result)
    {
        Pending? pending;
        lock (_gate)
            // Unknown: the answer to a proposal that was made twice.
            if (!_pending.Remove(result.Sequence, out pending))
                return;
        pending.Result.TrySetResult(result);
    }

    private sealed class Pending(CommandKind kind, byte[] payload)
    {
        public CommandKind Kind { get; } = kind;
        public byte[] Payload { get; } = payload;
        public ulong Sequence { get; set; }
        public TaskCompletionSource<CommandResult> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Sink(LeaseProposer proposer, Backoff retry) : IResultSink
    {
        public TaskCompletionSource<string> Broken { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnResults(ReadOnlySpan<CommandResult> results)
        {
            retry.Reset();
            foreach (ref readonly var result in results)
                proposer.Complete(result);
        }

        public void OnBroken(string reason) => Broken.TrySetResult(reason);
    }
}
