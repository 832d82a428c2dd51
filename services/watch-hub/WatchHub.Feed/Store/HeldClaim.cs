using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using LeaseManager.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Feed.Core.Keys;

namespace WatchHub.Feed.Store;

/// <summary>
/// The claim on a feed while this process holds it. The cursor is written only under it: in one transaction with the comparison that the claim's key is still the one that this process made.
/// </summary>
internal sealed class HeldClaim : IAsyncDisposable
{
    private const int KeepAlivesPerTtl = 4;

    private readonly string _feed;
    private readonly StoreCommands _commands;
    private readonly ILeaseManager _leases;
    private readonly CommandResult _claimed;
    private readonly long _lease;
    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _keepingAlive;
    private bool _isRefused;

    public HeldClaim(
        string feed, StoreCommands commands, ILeaseManager leases, in CommandResult claimed, byte[]? cursor, long lease, FeedOptions options, TimeProvider time, ILogger logger)
    {
        (_feed, _commands, _leases, _claimed, Cursor, _lease) = (feed, commands, leases, claimed, cursor, lease);
        (_options, _time, _logger) = (options, time, logger);
        _keepingAlive = KeepAliveAsync();
    }

    /// <summary>The cursor when the claim was made; null: there was none.</summary>
    public byte[]? Cursor { get; }

    /// <summary>Revision of the claim.</summary>
    public long Revision => _claimed.Revision;

    /// <summary>Cancelled when the lease is gone, and with it the claim.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Notes the cursor; false when the store takes no writes, because it has no space or is corrupt.</summary>
    /// <exception cref="ClaimLostException">The claim is another's: nothing was noted.</exception>
    public async Task<bool> SaveAsync(byte[] cursor, CancellationToken cancellation)
    {
        var txn = new TxnRequest
        {
            Compare = { FeedClaims.ClaimIs(_feed, _claimed.Revision) },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFrom(ReservedKeys.Cursor(_feed)), Value = ByteString.CopyFrom(cursor) } } },
        };
        var result = await _commands.ProposeAsync(CommandKind.Txn, txn, cancellation).ConfigureAwait(false);
        if (result.Error != StorageError.None)
        {
            if (!Interlocked.Exchange(ref _isRefused, true))
                Log.StoreRefused(_logger, _feed, result.Error);
            return false;
        }
        Interlocked.Exchange(ref _isRefused, false);
        return TxnResponse.Parser.ParseFrom(result.Body.Span).Succeeded ? true : throw new ClaimLostException();
    }

    /// <summary>Gives the claim up, so that whoever stands by goes on at once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _keepingAlive.ConfigureAwait(false);
        using var patience = new CancellationTokenSource(_options.ReleasePatience, _time);
        try
        {
            await _commands.ProposeAsync(CommandKind.LeaseRevoke, new LeaseRevokeRequest { ID = _lease }, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The log does not answer: the lease ends by itself.
        }
        _ending.Dispose();
        _lost.Dispose();
    }

    private async Task KeepAliveAsync()
    {
        var (period, retry) = (_options.ClaimTtl / KeepAlivesPerTtl, new Backoff(_options, _time));
        try
        {
            while (true)
            {
                try
                {
                    var answer = await _leases.KeepAliveAsync(_lease, _claimed.Index, _ending.Token).ConfigureAwait(false);
                    if (answer.TtlSeconds <= 0)
                    {
                        await _lost.CancelAsync().ConfigureAwait(false);
                        return;
                    }
                    retry.Reset();
                    await Task.Delay(period, _time, _ending.Token).ConfigureAwait(false);
                }
#pragma warning disable CA1031 // No lease manager, whatever it threw. Whether the claim still holds is the store's to say, at the next cursor.
                catch (Exception failed) when (!_ending.IsCancellationRequested)
#pragma warning restore CA1031
                {
                    Log.KeepAliveFailed(_logger, retry.IsFirst ? LogLevel.Warning : LogLevel.Debug, _feed, failed);
                    await retry.WaitAsync(_ending.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The feed is left.
        }
    }
}
