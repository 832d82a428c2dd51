using System.Buffers.Binary;
using System.Security.Cryptography;
using Consensus.Contracts;
using Google.Protobuf;
using LeaseManager.Contracts;
using LeaseManager.Host.Leases;
using LeaseManager.Host.Proposing;
using Storage.Contracts;
using Storage.Contracts.Commands;

namespace LeaseManager.Host;

/// <summary>
/// The lease manager in this process: follows the lease feed, claims the leases, answers keep-alives and proposes expiries. Started and
/// stopped as a hosted service.
/// </summary>
/// <remarks>
/// Rule when another manager claims: this one stops expiring and answering as soon as it learns of it
/// (<see cref="LeaseManagerNotActiveException"/>). A primary then claims again after a wait that doubles each time; any other stays passive.
/// </remarks>
public sealed class LeaseManagerService : BackgroundService, ILeaseManager
{
    private readonly IStorage _storage;
    private readonly LeaseManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LeaseManagerService> _logger;
    private readonly Alarm _alarm;
    private readonly LeaseBook _book;
    private readonly LeaseProposer _proposer;
    private readonly ExpiryLoop _expiry;

    public LeaseManagerService(
        IStorage storage, IConsensus consensus, LeaseManagerOptions options, TimeProvider time, ILogger<LeaseManagerService> logger)
    {
        (_storage, _options, _time, _logger) = (storage, options, time, logger);
        _alarm = new Alarm(time);
        _book = new LeaseBook(time, _alarm);
        _proposer = new LeaseProposer(NewSession(), storage, consensus, options, time, logger);
        _expiry = new ExpiryLoop(_book, _proposer, _alarm, options, time, logger);
    }

    /// <summary>This manager holds the claim: it answers keep-alives and ends leases.</summary>
    public bool IsActive => _book.HoldsClaim;

    public ValueTask<KeepAliveResult> KeepAliveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation) =>
        _book.TryKeepAlive(leaseId, minApplied, out var result) ? new(result) : WaitAsync(leaseId, minApplied, cancellation);

    public async ValueTask<TimeToLiveResult> TimeToLiveAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        TimeToLiveResult result;
        while (!_book.TryTimeToLive(leaseId, minApplied, out result))
            await _book.WaitReadyAsync(minApplied, cancellation);
        return result;
    }

    public async ValueTask<LeaseListResult> ListAsync(LogIndex minApplied, CancellationToken cancellation)
    {
        LeaseListResult result;
        while (!_book.TryList(minApplied, out result))
            await _book.WaitReadyAsync(minApplied, cancellation);
        return result;
    }

    public override void Dispose()
    {
        base.Dispose();
        _alarm.Dispose();
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        FollowAsync(stoppingToken), _proposer.RunAsync(stoppingToken), ClaimAsync(stoppingToken), _expiry.RunAsync(stoppingToken));

    private async ValueTask<KeepAliveResult> WaitAsync(long leaseId, LogIndex minApplied, CancellationToken cancellation)
    {
        KeepAliveResult result;
        do
            await _book.WaitReadyAsync(minApplied, cancellation);
        while (!_book.TryKeepAlive(leaseId, minApplied, out result));
        return result;
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
            Log.FeedBroken(_logger, reason);
            await retry.WaitAsync(stopping);
        }
    }

    private async Task ClaimAsync(CancellationToken stopping)
    {
        var payload = new LeaseClaim { Manager = _options.Name }.ToByteArray();
        var refused = new Backoff(_options.RetryMin, _options.RetryMax, _time);
        var fenced = new Backoff(_options.ReclaimMin, _options.ReclaimMax, _time);
        try
        {
            while (true)
            {
                _book.BeginClaim();
                var result = await _proposer.ProposeAsync(CommandKind.LeaseClaim, payload, stopping);
                if (result.Error != StorageError.None || result.Body.Length != sizeof(ulong))
                {
                    Log.ClaimRefused(_logger, result.Error);
                    await refused.WaitAsync(stopping);
                    continue;
                }
                var epoch = BinaryPrimitives.ReadUInt64LittleEndian(result.Body.Span);
                var since = _time.Monotonic();
                Log.Claimed(_logger, epoch);
                _book.Claimed(epoch);
                await _book.Fenced.WaitAsync(stopping);
                if (!_options.IsPrimary)
                {
                    Log.FencedPassive(_logger, epoch);
                    return;
                }
                if (_time.Monotonic() - since > _options.ReclaimMax)
                    fenced.Reset();
                Log.FencedPrimary(_logger, epoch, fenced.Next);
                await fenced.WaitAsync(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The claim ends with the service; a successor's replaces it.
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
