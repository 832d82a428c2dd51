using System.Runtime.CompilerServices;
using ApiGateway.Core.Errors;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Watching;
using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using WatchHub.Contracts;

namespace ApiGateway.Host.Contending;

/// <summary>The changes of a key, or of a range of keys, for a caller within this process.</summary>
internal sealed class KeyEvents(IWatchHub hub, ClusterView cluster, TimeProvider time, ILogger<KeyEvents> logger)
{
    private const long WatchId = 1;
    // A session that ends again at once is not followed by the next at once.
    private static readonly TimeSpan s_backoff = TimeSpan.FromMilliseconds(50);

    /// <summary>Every change from a revision on, that revision included: one response at a time, whole revisions, its header filled in.</summary>
    /// <exception cref="Grpc.Core.RpcException">Compaction overtook it.</exception>
    public async IAsyncEnumerable<WatchResponse> FromAsync(
        ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd, long revision, [EnumeratorCancellation] CancellationToken ending)
    {
        var ids = (await cluster.GetAsync().ConfigureAwait(false)).Header;
        var next = new NextSession(hub, time, logger);
        var isResumed = false;
        try
        {
            while (true)
            {
                var opened = await next.TakeAsync(ending).ConfigureAwait(false);
                await using var session = opened.ConfigureAwait(false);
                var seen = cluster.Seen;
                opened.Create(new WatchSpec(
                    WatchId, KeySpace.V3, key, rangeEnd, revision, seen.Revision, PreviousValue: false, NoPut: false, NoDelete: false, ProgressNotify: false,
                    Fragment: false) { MinCompacted = seen.Compacted, IsResumed = isResumed });
                while (await next.WaitToReadAsync(opened, ending).ConfigureAwait(false))
                {
                    while (opened.TryRead(out var message))
                    {
                        switch (message.Kind)
                        {
                            case WatchMessageKind.Created:
                                isResumed |= revision <= message.Revision;
                                break;
                            case WatchMessageKind.Canceled:
                                throw InnerKv.Failed(EtcdErrors.CompactedText);
                            case WatchMessageKind.Leave:
                                next.Prepare(ending);
                                break;
                            case WatchMessageKind.Events:
                                (revision, isResumed) = (message.LastRevision + 1, true);
                                yield return Response(ids.ClusterId, ids.MemberId, message);
                                break;
                        }
                    }
                }
                if (!next.IsReady)
                    await Task.Delay(s_backoff, time, ending).ConfigureAwait(false);
            }
        }
        finally
        {
            await next.DropAsync().ConfigureAwait(false);
        }
    }

    private static WatchResponse Response(ulong cluster, ulong member, in WatchMessage message)
    {
        var response = WatchResponse.Parser.ParseFrom(message.Events.Span);
        response.Header = new ResponseHeader { ClusterId = cluster, MemberId = member, Revision = message.Revision, RaftTerm = message.Term.Value };
        return response;
    }
}
