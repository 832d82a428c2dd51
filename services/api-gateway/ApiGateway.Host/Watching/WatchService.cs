using ApiGateway.Core.Errors;
using ApiGateway.Host.Auth;
using ApiGateway.Host.Calls;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Limits;
using ApiGateway.Host.Metrics;
using ApiGateway.Host.Tracing;
using Grpc.Core;
using WatchHub.Contracts;

namespace ApiGateway.Host.Watching;

/// <summary>etcdserverpb.Watch.</summary>
internal sealed class WatchService(
    IWatchHub hub, Callers callers, ClusterView cluster, CallGate gate, StreamGuards guards, WatchBookmarks bookmarks, WatchRooms rooms, GrpcMetrics metrics, TimeProvider time,
    ILogger<WatchService> logger)
{
    private readonly MethodMetrics _counts = metrics.Of(WatchMethods.ServiceName, "Watch", MethodType.DuplexStreaming);

    /// <summary>Runs one stream. Its responses do not go through gRPC's writer, see <see cref="WatchOutput"/>.</summary>
    public async Task WatchAsync(IAsyncStreamReader<byte[]> requests, ServerCallContext context)
    {
        var http = context.GetHttpContext();
        using var span = GatewayTracing.StartRequest(http, "etcdserverpb.Watch/Watch");
        gate.Check(http);
        var view = await cluster.GetAsync().ConfigureAwait(false);
        using var guard = guards.Open(http, context.CancellationToken);
        using var call = new WatchCall(
            hub, new WatchAccess(callers, http), rooms.OfStream(http), cluster, view, time, logger, requests, http.Response.BodyWriter, _counts, guard.Token);
        metrics.WatchStreams.Add(1);
        bookmarks.Add(call);
        try
        {
            await call.RunAsync().ConfigureAwait(false);
        }
        catch (Exception) when (guard.IsEnded)
        {
            throw new RequestFailedException(guard.Error);
        }
        catch (Exception exception) when (context.CancellationToken.IsCancellationRequested && exception is not RpcException)
        {
            // The client has left, and nobody reads how the stream ended.
        }
        finally
        {
            bookmarks.Remove(call);
            metrics.WatchStreams.Add(-1);
        }
    }
}
