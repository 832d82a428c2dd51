using System.Diagnostics;
using System.Security.Cryptography;
using ApiGateway.Core.Errors;
using ApiGateway.Core.Proposing;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using Consensus.Contracts;
using Hosting.Metrics;
using Storage.Contracts;
using Storage.Contracts.Auth;

namespace ApiGateway.Host.Proposing;

/// <summary>
/// Brings commands into the log and waits for what the state machine made of them. One session for the life of the
/// process; a proposal whose outcome was not seen when a stream broke goes again under its sequence, and takes effect at
/// most once (I8). Thread-safe.
/// </summary>
public sealed partial class Proposer : IHostedService, IDisposable
{
    private static readonly TimeSpan s_sweepPeriod = TimeSpan.FromMilliseconds(250);

    // The log keeps commands for seconds, and forgets them in the order in which they came.
    [ThreadStatic]
    private static SlabArena? t_commands;

    private readonly IConsensus _consensus;
    private readonly IStorage _storage;
    private readonly ClusterView _cluster;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SessionId _session = new(NewSessionId());
    private readonly CancellationTokenSource _stopping = new();

    // Guards the ring alone; held for a few dozen nanoseconds per request, once per applied batch on the way back.
    private readonly Lock _gate = new();
    private readonly PendingRing<PendingProposal> _pending;

    // Null while no stream is open: what is proposed then waits in the ring for the next one.
    private volatile IProposalStream? _stream;
    private ITimer? _sweeper;
    private Task _running = Task.CompletedTask;

    public Proposer(
        IConsensus consensus, IStorage storage, ClusterView cluster, GatewayOptions options, TimeProvider time, ILogger<Proposer> logger)
    {
        (_consensus, _storage, _cluster, _options, _time, _logger) = (consensus, storage, cluster, options, time, logger);
        _pending = new PendingRing<PendingProposal>(options.MaxPendingProposals, options.MaxPendingBytes);
    }

    /// <summary>Who proposes.</summary>
    public SessionId Session => _session;

    /// <summary>Proposals without an outcome.</summary>
    internal int Pending
    {
        get
        {
            lock (_gate)
                return _pending.Count;
        }
    }

    /// <summary>Proposals that had no outcome in time.</summary>
    internal Counter Failed { get; } = new();

    /// <summary>Proposes a command and waits until it is applied. The result may carry an error of the state machine.</summary>
    /// <param name="kind">How the payload is read.</param>
    /// <param name="payload">Copied into the command.</param>
    /// <param name="caller">On whose behalf; the cluster's own if none is given.</param>
    /// <exception cref="RequestFailedException">Too large, too many pending, or no outcome in time.</exception>
    public ValueTask<CommandResult> ProposeAsync(CommandKind kind, ReadOnlySpan<byte> payload, in Caller caller = default)
    {
        // v2 forms have their own limit of 10 MB (v2-api: max-request-bytes is not applied to them).
        if (kind != CommandKind.V2Write && payload.Length > _options.MaxRequestBytes)
            throw new RequestFailedException(EtcdError.RequestTooLarge);
        var trace = Activity.Current is { Recorded: true } activity ? activity.Context : default;
        var now = _time.GetTimestamp();
        var deadline = now + (long)(_options.RequestTimeout.TotalSeconds * _time.TimestampFrequency);
        var proposal = new PendingProposal(kind, trace, now, deadline);
        ulong sequence, lowest;
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
                throw new RequestFailedException(EtcdError.ServerStopped);
            if (!_pending.TryAdd(proposal, payload.Length, out sequence))
                throw new RequestFailedException(EtcdError.TooManyRequests);
            proposal.Sequence = sequence;
            lowest = _pending.Lowest;
        }
        var outcome = proposal.Outcome;
        var envelope = new CommandEnvelope(kind, _session, sequence, lowest, UnixNanos(_time), trace) { Caller = caller };
        var command = (t_commands ??= new SlabArena()).Take(envelope.GetSize(payload.Length));
        envelope.EncodeTo(command.Span, payload);
        proposal.SetCommand(command);
        // Either the stream read here is the newest, or whoever opens the next one sees the command just stored: the barrier
        // orders the two on this side, and OpenStream has its twin.
        Interlocked.MemoryBarrier();
        if (_stream is { } stream)
            Send(stream, new Proposal(command, trace));
        return outcome;
    }

    /// <summary>Now, in nanoseconds since 1970.</summary>
    public static long UnixNanos(TimeProvider time) => (time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) * 100;

    private void Send(IProposalStream stream, Proposal proposal)
    {
        ValueTask handOver;
        try
        {
            handOver = stream.ProposeAsync(proposal, _stopping.Token);
        }
        catch (ProposalStreamBrokenException)
        {
            return; // It is in the ring: the next stream gets it.
        }
        if (!handOver.IsCompletedSuccessfully)
            _ = ObserveAsync(handOver);
    }

    /// <summary>The log is behind. Nobody needs to wait for the hand-over: the outcome, or the deadline, ends the request.</summary>
    private async Task ObserveAsync(ValueTask handOver)
    {
        try
        {
            await handOver.ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ProposalStreamBrokenException or OperationCanceledException)
        {
            // It is in the ring: the next stream gets it.
        }
        catch (Exception exception)
        {
            _logger.ProposalStreamFailed(LogLevel.Warning, exception);
        }
    }

    private void OnResults(ReadOnlySpan<CommandResult> results)
    {
        OutcomeBatch? batch = null;
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            foreach (ref readonly var result in results)
            {
                // Null: answered before (a retry was remembered), or given up at its deadline.
                if (result.Session != _session || _pending.Remove(result.Sequence) is not { } proposal)
                    continue;
                proposal.ArrivedAt = now;
                batch ??= new OutcomeBatch();
                batch.Add(proposal, result);
                if (!batch.IsFull)
                    continue;
                ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
                batch = null;
            }
        }
        if (batch is not null)
            ThreadPool.UnsafeQueueUserWorkItem(batch, preferLocal: false);
    }

    /// <summary>Gives up what waited too long. Deadlines grow with the sequences, so only the front is looked at.</summary>
    private void GiveUpOverdue()
    {
        var now = _time.GetTimestamp();
        List<PendingProposal>? overdue = null;
        lock (_gate)
        {
            while (_pending.PeekLowest() is { } proposal && proposal.Deadline <= now)
            {
                _pending.Remove(proposal.Sequence);
                (overdue ??= []).Add(proposal);
            }
        }
        Fail(overdue, EtcdError.WriteDeadline);
    }

    private void Fail(List<PendingProposal>? proposals, EtcdError error)
    {
        Failed.Add(proposals?.Count ?? 0);
        foreach (var proposal in proposals ?? [])
            proposal.Fail(new RequestFailedException(error));
    }

    private static ulong NewSessionId()
    {
        Span<byte> bytes = stackalloc byte[8];
        ulong id;
        do
        {
            RandomNumberGenerator.Fill(bytes);
            id = BitConverter.ToUInt64(bytes);
        }
        while (id == 0);
        return id;
    }
}
