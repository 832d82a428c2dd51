using System.Security.Cryptography;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using LeaseManager.Contracts;
using Microsoft.Extensions.Logging;
using Storage.Contracts;
using WatchHub.Contracts;
using WatchHub.Feed.Core.Keys;

namespace WatchHub.Feed.Store;

/// <summary>
/// Which process runs a feed: the one whose lease the claim's key is attached to. The others wait for the key to go.
/// </summary>
internal sealed class FeedClaims(string feed, StoreCommands commands, IWatchHub hub, ILeaseManager leases, FeedOptions options, TimeProvider time, ILogger logger)
{
    private readonly byte[] _key = ReservedKeys.Claim(feed);

    /// <summary>Waits until the feed is this process's.</summary>
    /// <exception cref="OperationCanceledException">Given up.</exception>
    public async Task<HeldClaim> TakeAsync(CancellationToken cancellation)
    {
        var isWaiting = false;
        while (true)
        {
            var lease = NewLeaseId();
            await ProposeAsync(CommandKind.LeaseGrant, new LeaseGrantRequest { ID = lease, TTL = (long)options.ClaimTtl.TotalSeconds }, cancellation).ConfigureAwait(false);
            var claimed = await ProposeAsync(CommandKind.Txn, ClaimOf(lease), cancellation).ConfigureAwait(false);
            var response = TxnResponse.Parser.ParseFrom(claimed.Body.Span);
            if (response.Succeeded)
            {
                var cursor = response.Responses[1].ResponseRange.Kvs;
                return new HeldClaim(feed, commands, leases, claimed, cursor.Count > 0 ? cursor[0].Value.ToByteArray() : null, lease, options, time, logger);
            }
            await commands.ProposeAsync(CommandKind.LeaseRevoke, new LeaseRevokeRequest { ID = lease }, cancellation).ConfigureAwait(false);
            if (!isWaiting)
                Log.StandsBy(logger, feed);
            isWaiting = true;
            await UntilFreeAsync(claimed.Revision + 1, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The claim's key is the one made at this revision.</summary>
    public static Compare ClaimIs(string feed, long createRevision) => new()
    {
        Key = ByteString.CopyFrom(ReservedKeys.Claim(feed)),
        Target = Compare.Types.CompareTarget.Create,
        Result = Compare.Types.CompareResult.Equal,
        CreateRevision = createRevision,
    };

    private TxnRequest ClaimOf(long lease) => new()
    {
        Compare = { ClaimIs(feed, 0) },
        Success =
        {
            new RequestOp
            {
                RequestPut = new PutRequest
                {
                    Key = ByteString.CopyFrom(_key),
                    Value = ByteString.CopyFromUtf8($"{Environment.MachineName} {Environment.ProcessId}"),
                    Lease = lease,
                },
            },
            new RequestOp { RequestRange = new RangeRequest { Key = ByteString.CopyFrom(ReservedKeys.Cursor(feed)) } },
        },
    };

    private async Task<CommandResult> ProposeAsync(CommandKind kind, IMessage payload, CancellationToken cancellation)
    {
        var retry = new Backoff(options, time);
        while (true)
        {
            var result = await commands.ProposeAsync(kind, payload, cancellation).ConfigureAwait(false);
            if (result.Error == StorageError.None)
                return result;
            if (retry.IsFirst)
                Log.StoreRefused(logger, feed, result.Error);
            await retry.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    // Until it is deleted, or anything else makes another look worth while: a session that ended, a compaction.
    private async Task UntilFreeAsync(long fromRevision, CancellationToken cancellation)
    {
        var session = await hub.OpenSessionAsync(cancellation).ConfigureAwait(false);
        await using var _ = session.ConfigureAwait(false);
        session.Create(new WatchSpec(
            1, KeySpace.V3, _key, default, fromRevision, fromRevision - 1, PreviousValue: false, NoPut: true, NoDelete: false, ProgressNotify: false, Fragment: false));
        while (await session.WaitToReadAsync(cancellation).ConfigureAwait(false))
        {
            while (session.TryRead(out var message))
            {
                if (message.Kind is WatchMessageKind.Events or WatchMessageKind.Canceled or WatchMessageKind.Leave)
                    return;
            }
        }
        await Task.Delay(options.RetryMin, time, cancellation).ConfigureAwait(false);
    }

    private static long NewLeaseId() => (BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long))) & long.MaxValue) | 1;
}
