using System.Buffers.Binary;
using System.Security.Cryptography;
using Consensus.Contracts;
using Google.Protobuf;
using LeaseManager.Contracts;
using LeaseManager.Host.Compaction;
using LeaseManager.Host.Leadership;
using LeaseManager.Host.Leases;
using LeaseManager.Host.Proposing;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace LeaseManager.Host;

/// <summary>
/// The lease manager in this process: follows the lease feed, claims the leases while it leads, answers keep-alives and proposes expiries. Started and
/// stopped as a hosted service.
/// </summary>
/// <remarks>
/// Rule when another manager claims: this one stops expiring and answering as soon as it learns of it
/// (<see cref="LeaseManagerNotActiveException"/>). A primary then claims again, if it still leads, after a wait that doubles each time; any other stays
/// passive. When it leads no more it stops at once, claim or not.
/// </remarks>
public sealed class LeaseManagerService : BackgroundService, ILeaseManager
{
    private readonly IStorage _storage;
    private readonly ILeadership _leadership;
    private readonly LeaseManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseManagerService> _logger;
    private readonly Alarm _alarm;
    private readonly LeaseBook _book;
    private readonly ClaimProver _prover;
    private readonly LeaseProposer _proposer;
    private readonly ExpiryLoop _expiry;
    private readonly CompactionLoop? _compaction;

    public LeaseManagerService(
        IStorage storage, IConsensus consensus, ILeadership leadership, LeaseManagerOptions options, TimeProvider time,
        ILogger<LeaseManagerService> logger)
    {
        (_storage, _leadership, _options, _time, _logger) = (storage, leadership, options, time, logger);
        _alarm = new Alarm(time);
        _book = new LeaseBook(time, _alarm);
        _prover = new ClaimProver(consensus, _book, time);
        _proposer = new LeaseProposer(NewSession(), storage, consensus, options, time, logger);
        _expiry = new ExpiryLoop(_book, _proposer, _alarm, options, time, logger);
        _compaction = options.Compaction is { } rule ? new CompactionLoop(rule, storage, _proposer, () => IsActive, options, time, logger) : null;
    }

    /// <summary>This manager holds the claim: it answers keep-alives and ends leases.</summary>
    public bool IsActive => _leadership.IsLeader && _book.HoldsClaim;

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        if (!_leadership.IsLeader || !_book.TryKeepAlive(leaseId, minApplied, out var result, out var isProofAging))
            return WaitAsync(leaseId, minApplied, cancellation);
        if (isProofAging)
            _prover.Refresh();
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
        _alarm.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        FollowAsync(stoppingToken), _proposer.RunAsync(stoppingToken), LeadAsync(stoppingToken), _expiry.RunAsync(stoppingToken),
        _compaction?.RunAsync(stoppingToken) ?? Task.CompletedTask);

    private async ValueTask<KeepAliveResult> WaitAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        while (true)
        {
            ThrowUnlessLeader();
            await _book.WaitReadyAsync(minApplied, cancellation);
            if (_book.TryKeepAlive(leaseId, minApplied, out var result, out _))
                return result;
            await _prover.ProveAsync(cancellation);
        }
    }

    private void ThrowUnlessLeader()
    {
        if (!_leadership.IsLeader)
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

    /// <summary>Holds the claim while this manager leads.</summary>
    private async Task LeadAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
            {
                await UntilAsync(leads: true, stopping);
                using var leading = CancellationTokenSource.CreateLinkedTokenSource(stopping);
                var losing = CancelWhenLostAsync(leading);
                try
                {
                    if (!await ClaimAsync(leading.Token))
                        return;
                }
                catch (OperationCanceledException) when (leading.IsCancellationRequested && !stopping.IsCancellationRequested)
                {
                    _book.Release();
                    Log.Released(_logger);
                }
                finally
                {
                    await leading.CancelAsync();
                    await losing;
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The claim ends with the service; a successor's replaces it.
        }
    }

    /// <summary>Claims, and claims again when fenced. False: fenced for good.</summary>
    private async Task<bool> ClaimAsync(CancellationToken leading)
    {
        var payload = new LeaseClaim { Manager = _options.Name }.ToByteArray();
        var refused = new Backoff(_options.RetryMin, _options.RetryMax, _time);
        var (fencedMin, fencedMax) = _leadership.IsElected ? (_options.RetryMin, _options.RetryMax) : (_options.ReclaimMin, _options.ReclaimMax);
        var fenced = new Backoff(fencedMin, fencedMax, _time);
        while (true)
        {
            leading.ThrowIfCancellationRequested();
            _book.BeginClaim();
            var result = await _proposer.ProposeAsync(CommandKind.LeaseClaim, payload, leading);
            if (result.Error != StorageError.None || result.Body.Length != sizeof(ulong))
            {
                Log.ClaimRefused(_logger, result.Error);
                await refused.WaitAsync(leading);
                continue;
            }
            var epoch = BinaryPrimitives.ReadUInt64LittleEndian(result.Body.Span);
            var since = _time.Monotonic();
            Log.Claimed(_logger, epoch);
            _book.Claimed(epoch);
            await _book.Fenced.WaitAsync(leading);
            if (!_options.IsPrimary)
            {
                Log.FencedPassive(_logger, epoch);
                return false;
            }
            if (_time.Monotonic() - since > fencedMax)
                fenced.Reset();
            Log.FencedPrimary(_logger, epoch, fenced.Next);
            await fenced.WaitAsync(leading);
        }
    }

    private async Task UntilAsync(bool leads, CancellationToken cancellation)
    {
        while (_leadership.IsLeader != leads)
            await _leadership.WaitForChangeAsync(!leads, cancellation);
    }

    private async Task CancelWhenLostAsync(CancellationTokenSource leading)
    {
        try
        {
            await UntilAsync(leads: false, leading.Token);
            await leading.CancelAsync();
        }
        catch (OperationCanceledException) when (leading.IsCancellationRequested)
        {
            // The claim loop has ended first.
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
