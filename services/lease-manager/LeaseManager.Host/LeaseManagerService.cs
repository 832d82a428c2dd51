using System.Buffers.Binary;
using System.Security.Cryptography;
using Consensus.Contracts;
using LeaseManager.Contracts;
using LeaseManager.Core;
using LeaseManager.Host.Claims;
using LeaseManager.Host.Compaction;
using LeaseManager.Host.Leadership;
using LeaseManager.Host.Leases;
using LeaseManager.Host.Proposing;
using Storage.Contracts;

namespace LeaseManager.Host;

/// <summary>
/// The lease manager in this process: follows the lease feed, claims the leases when it is its turn, answers keep-alives and proposes expiries and checkpoints.
/// Started and stopped as a hosted service.
/// </summary>
/// <remarks>
/// Whose turn it is says an election where there is one (<see cref="ILeadership"/>), otherwise the claim itself: one manager holds it and shows that it lives, the
/// others stand by. When another manager claims, this one stops expiring and answering as soon as it learns of it (<see cref="LeaseManagerNotActiveException"/>).
/// </remarks>
public sealed class LeaseManagerService : BackgroundService, ILeaseManager
{
    private readonly IStorage _storage;
    private readonly ILeadership? _leadership;
    private readonly LeaseManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseManagerService> _logger;
    private readonly Alarms _alarms;
    private readonly LeaseBook _book;
    private readonly ClaimProver _prover;
    private readonly LeaseProposer _proposer;
    private readonly ExpiryLoop _expiry;
    private readonly CheckpointLoop _checkpoints;
    private readonly IClaimLoop _claims;

    // Ends before the rest, so that the claim can be given up while proposals still go out.
    private readonly CancellationTokenSource _leaving = new();
    private Task _claiming = Task.CompletedTask;
    private readonly CompactionLoop? _compaction;

    /// <param name="storage">Its feed of leases is followed, its results of proposals awaited.</param>
    /// <param name="consensus">Takes the proposals.</param>
    /// <param name="leadership">Null: nobody elects.</param>
    /// <param name="options">Its configuration.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="logger">Its log.</param>
    public LeaseManagerService(
        IStorage storage, IConsensus consensus, ILeadership? leadership, LeaseManagerOptions options, TimeProvider time,
        ILogger<LeaseManagerService> logger)
    {
        (_storage, _leadership, _options, _time, _logger) = (storage, leadership, options, time, logger);
        _alarms = new Alarms(time);
        _book = new LeaseBook(time, options.CheckpointInterval, _alarms);
        _prover = new ClaimProver(consensus, _book, time);
        _proposer = new LeaseProposer(NewSession(), storage, consensus, options, time, logger);
        _expiry = new ExpiryLoop(_book, _proposer, _alarms.Expiry, Metrics, options, time, logger);
        _checkpoints = new CheckpointLoop(_book, _proposer, _alarms.Checkpoints, options, logger);
        _claims = leadership is null
            ? new StandbyClaim(_book, _proposer, _alarms.Claims, options, time, logger)
            : new ElectedClaim(leadership, _book, _proposer, options, time, logger);
        _compaction = options.Compaction is { } rule ? new CompactionLoop(rule, storage, _proposer, () => IsActive, options, time, logger) : null;
    }

    /// <summary>This manager holds the claim: it answers keep-alives and ends leases.</summary>
    public bool IsActive => MayHold && _book.HoldsClaim;

    /// <summary>Another manager holds the claim, and this one would notice if it did no more.</summary>
    public bool StandsBy => _book.StandsBy;

    internal LeaseMetrics Metrics { get; } = new();

    private bool MayHold => _leadership is null or { IsLeader: true };

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!MayHold || _book.TryKeepAlive(leaseId, minApplied, out var result, out var isProofAging, out _) != KeepAliveOutcome.Answered)
            return WaitAsync(leaseId, minApplied, cancellation);
        if (isProofAging)
            _prover.Refresh();
        Renewed(result);
        return new(result);
    }

    // The caller's index decides here, not a proof: it brings a read index, and the feed up to it shows every claim that matters.
    public async ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        ThrowUnlessLeader();
        TimeToLiveResult result;
        while (!_book.TryTimeToLive(leaseId, minApplied, out result))
            await _book.WaitReadyAsync(minApplied, cancellation);
        return result;
    }

    public async ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation)
    {
        ThrowUnlessLeader();
        LeaseListResult result;
        while (!_book.TryList(minApplied, out result))
            await _book.WaitReadyAsync(minApplied, cancellation);
        return result;
    }

    public override void Dispose()
    {
        base.Dispose();
        _prover.Dispose();
        _alarms.Dispose();
        _leaving.Dispose();
    }

    /// <summary>Gives the claim up, so that a manager that stands by takes over at once, then stops.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _leaving.CancelAsync();
        await _claiming;
        await _claims.GiveUpAsync(cancellationToken);
        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _claiming = _claims.RunAsync(_leaving.Token);
        return Task.WhenAll(
            FollowAsync(stoppingToken), _proposer.RunAsync(stoppingToken), _claiming, _expiry.RunAsync(stoppingToken), _checkpoints.RunAsync(stoppingToken),
            _compaction?.RunAsync(stoppingToken) ?? Task.CompletedTask);
    }

    private async ValueTask<KeepAliveResult> WaitAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        while (true)
        {
            ThrowUnlessLeader();
            await _book.WaitReadyAsync(minApplied, cancellation);
            switch (_book.TryKeepAlive(leaseId, minApplied, out var result, out _, out var settled))
            {
                case KeepAliveOutcome.Answered:
                    Renewed(result);
                    return result;
                case KeepAliveOutcome.Unproven:
                    await _prover.ProveAsync(cancellation);
                    break;
                case KeepAliveOutcome.Checkpointed:
                    await Task.WhenAny(settled, _book.Fenced).WaitAsync(cancellation);
                    break;
                default:
                    // Something has changed since it was ready.
                    break;
            }
        }
    }

    // A lease that is not there is answered with nothing left of it.
    private void Renewed(in KeepAliveResult result)
    {
        if (result.TtlSeconds > 0)
            Metrics.Renewed.Increment();
    }

    private void ThrowUnlessLeader()
    {
        if (!MayHold)
            throw new LeaseManagerNotActiveException("this lease manager's member is not the leader");
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        var retry = new Backoff(_options.RetryMin, _options.RetryMax, _time);
        while (!stopping.IsCancellationRequested)
        {
            Exception? reason = null;
            try
            {
                await foreach (var batch in _storage.LeasesAsync(stopping))
                {
                    _book.Apply(batch);
                    retry.Reset();
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Storage is away, whatever it threw: the feed is reopened until the service stops.
            catch (Exception broken)
#pragma warning restore CA1031
            {
                reason = broken;
            }
            Log.FeedBroken(_logger, retry.IsFirst ? LogLevel.Warning : LogLevel.Debug, reason);
            await retry.WaitAsync(stopping);
        }
    }

    // Random and not 0, as ids of proposers are.
    private static SessionId NewSession()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return new SessionId(BinaryPrimitives.ReadUInt64LittleEndian(bytes) | 1);
    }
}
